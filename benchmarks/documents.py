"""What reading a file of an invoice costs: seconds and peak memory of a process that does nothing else."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))


def samples() -> Iterator[tuple[str, bytes]]:
    """One file of each kind, as suppliers send them, and two that are unusually large."""
    from PIL import Image

    from tests.documents.papers import papers
    from tests.documents.papers.pdf import Page, write_pdf
    from tests.documents.samples import ubl
    from tests.documents.test_payment_qr import picture, russian
    from tests.documents.test_reading import hybrid

    yield "e-invoice, XML", ubl()
    yield "e-invoice within a PDF", hybrid(("factur-x.xml", ubl()))
    yield "PDF of one page", next(paper.content for paper in papers() if not paper.truth.code)
    yield "PDF of one page with a payment code", next(paper.content for paper in papers() if paper.truth.code)
    photo, saved = Image.new("L", (4000, 3000), 200), BytesIO()
    photo.paste(Image.open(BytesIO(picture(russian(), scale=10))), (1500, 1200))
    photo.save(saved, "JPEG")
    yield "photograph of 12 megapixels with a code", saved.getvalue()
    pages = [Page() for _ in range(200)]
    for number, page in enumerate(pages):
        for line in range(50):
            page.text(40, 40 + 15 * line, f"Строка {line}, страница {number}: бумага А4, 10 пачек по 350,00 руб.")
    yield "PDF of 200 pages", write_pdf(pages)


def main() -> None:
    """Prints a row for each kind."""
    for name, content in samples():
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=_measure, args=(content, theirs))
        process.start()
        seconds, megabytes = ours.recv()
        process.join()
        sys.stdout.write(f"{name:<48} {seconds * 1000:9.1f} ms {megabytes:12.0f} MB\n")


def _measure(content: bytes, channel: Connection) -> None:
    from mailflow.documents.reading import read_file

    started = time.perf_counter()
    read_file(content)
    took = time.perf_counter() - started
    peak = next(line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith("VmHWM"))
    channel.send((took, int(peak.split()[1]) / 1000))


if __name__ == "__main__":
    main()
