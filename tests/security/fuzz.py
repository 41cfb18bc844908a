"""Feeds one reader mutants for a while: `python -m tests.security.fuzz TARGET --seconds N [--seed S]`.

No mutant may raise, take longer than a second of CPU, or more memory than MAX_MB. What does is kept as a file.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mailflow.approval.wording import KEYWORDS
from mailflow.documents.reading import read_file
from mailflow.errors import ConfigurationError
from mailflow.inbound.answer import read_answer
from mailflow.inbound.authenticity import sender_is_authentic
from mailflow.inbound.calendar_reply import read_reply
from mailflow.inbound.delivery_report import read_report
from mailflow.inbound.message import parse
from mailflow.inbound.reading import read_mail
from mailflow.settings import load_settings
from tests.documents.papers import papers
from tests.documents.samples import cii, ubl
from tests.inbound.mail_set import MAILS
from tests.security.mutation import mutated

TODAY = date(2026, 12, 1)
LONGEST_SECONDS = 1.0
MAX_MB = 300
_SAMPLE = Path(__file__).parents[2] / "settings.yaml"
_PASS = (
    b"Authentication-Results: mx.firm.example; dmarc=pass (p=none) header.from=firm.example; dkim=pass header.d=a.b\r\n"
)


class Failure(Exception):
    """A reader did what it never may; `content` is what it was given."""

    def __init__(self, what: str, content: bytes) -> None:
        super().__init__(what)
        self.content = content


@dataclass(frozen=True)
class Target:
    """A reader, and what its mutants are made of."""

    read: Callable[[bytes], object]
    samples: Callable[[], tuple[bytes, ...]]


def _mails(prefix: str = "") -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(MAILS.glob(f"{prefix}*.eml")))


def _with_results() -> tuple[bytes, ...]:
    return tuple(_PASS + raw for raw in _mails("from-"))


def _read_settings(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "settings.yaml"
        file.write_bytes(content)
        try:
            load_settings(file, {"IMAP_PASSWORD": "x", "SMTP_PASSWORD": "x"})
        except ConfigurationError as wrong:
            str(wrong)


TARGETS = {
    "message": Target(lambda raw: read_mail(raw, KEYWORDS, TODAY), _mails),
    "answer": Target(lambda raw: read_answer(parse(raw), KEYWORDS, TODAY), lambda: _mails("answer")),
    "rsvp": Target(lambda raw: read_reply(parse(raw)), lambda: _mails("rsvp")),
    "bounce": Target(lambda raw: read_report(parse(raw)), lambda: _mails("bounce")),
    "authentication_results": Target(
        lambda raw: sender_is_authentic(parse(raw), "dmarc", ("mx.firm.example", "outlook.com")), _with_results
    ),
    "document": Target(read_file, lambda: (*(paper.content for paper in papers()[:12]), ubl(), cii())),
    "settings": Target(_read_settings, lambda: (_SAMPLE.read_bytes(),)),
}


def fuzz(name: str, seconds: float, seed: int) -> int:
    """Reads mutants for so long; returns how many. Raises Failure for the first that is not read as it must be."""
    target, chance = TARGETS[name], random.Random(seed)
    samples, read = target.samples(), 0
    _forget_peak()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        content = mutated(chance.choice(samples), chance, samples)
        _try(target.read, content)
        read += 1
    return read


def _try(read: Callable[[bytes], object], content: bytes) -> None:
    before, started = _peak_mb(), time.process_time()
    try:
        read(content)
    except Exception as error:
        raise Failure(f"raised {type(error).__name__}: {error}", content) from error
    took = time.process_time() - started
    if took > LONGEST_SECONDS:
        raise Failure(f"took {took:.1f} s", content)
    if (more := _peak_mb() - before) > MAX_MB:
        raise Failure(f"took {more:.0f} MB", content)


def _forget_peak() -> None:
    """What this process took before is nobody's fault here (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def kept(failure: Failure, folder: Path) -> Path:
    """The file with the content that failed."""
    file = folder / "failing-input"
    file.write_bytes(failure.content)
    return file


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    wanted = parser.parse_args()
    try:
        read = fuzz(wanted.target, wanted.seconds, wanted.seed)
    except Failure as failure:
        file = kept(failure, Path(tempfile.mkdtemp(prefix="mailflow-fuzz-")))
        print(f"{wanted.target}, seed {wanted.seed}: {failure}; the input is in {file}")
        return 1
    print(f"{wanted.target}, seed {wanted.seed}: {read} mutants read in {wanted.seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
