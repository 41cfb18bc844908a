"""What reading a file of an invoice costs, beside its libraries alone: text, the pictures of pages, the codes in them.

Each in a process that does nothing else.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from multiprocessing.connection import Connection
from statistics import median

from benchmarks.bench import Bench
from benchmarks.table import Line


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


def measure(bench: Bench) -> Iterator[Line]:
    """A line for each kind."""
    bench.say("documents")
    times = 1 if bench.quick else 15
    for name, content in samples():
        ours, beside = (_in_a_process(work, content, times) for work in (_read, _opened))
        yield Line(f"{name}, read: CPU", "ms", ours, beside, "the bare libraries")


def _read(content: bytes) -> object:
    from mailflow.documents.reading import read_file

    return read_file(content)


def _opened(content: bytes) -> object:
    import zxingcpp
    from lxml import etree
    from PIL import Image
    from pypdfium2 import PdfDocument

    codes = zxingcpp.barcode_formats_from_str("QRCode|DataMatrix|Aztec")
    if content.startswith(b"%PDF"):
        pages = list(PdfDocument(content))
        text = [page.get_textpage().get_text_bounded() for page in pages]
        pictures = [pages[index].render(scale=2, grayscale=True).to_pil() for index in {0, len(pages) - 1}]
        return text, [zxingcpp.read_barcodes(picture, formats=codes) for picture in pictures]
    if content.startswith(b"\xff\xd8"):
        return zxingcpp.read_barcodes(Image.open(BytesIO(content)), formats=codes)
    return etree.fromstring(content)


def _in_a_process(work: Callable[[bytes], object], content: bytes, times: int) -> float:
    """Milliseconds of CPU, the median after a first time."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_measure, args=(work, content, times, theirs))
    process.start()
    milliseconds: float = ours.recv()
    process.join()
    return milliseconds


def _measure(work: Callable[[bytes], object], content: bytes, times: int, channel: Connection) -> None:
    took = []
    for _ in range(times + 1):
        began = time.process_time()
        work(content)
        took.append((time.process_time() - began) * 1000)
    channel.send(median(took[1:]))
