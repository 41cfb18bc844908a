"""A process for reading mail that some subjects break; a module of its own, for that process imports it each time."""

from __future__ import annotations

import os
import signal
import time
from datetime import date

from mailflow.adapters import reading_process
from mailflow.approval.wording import KEYWORDS
from mailflow.inbound import reading
from mailflow.inbound.read_mail import ReadMail
from mailflow.inbound.reading import read_mail

FOUR_GB = 4 << 30


def reads_badly(raw: bytes, keywords: object, today: date) -> ReadMail:
    """Instead of read_mail: does what the subject says."""
    if b"Subject: dies" in raw:
        os.kill(os.getpid(), signal.SIGKILL)
    if b"Subject: hangs" in raw:
        time.sleep(60)
    if b"Subject: swells" in raw:
        bytearray(FOUR_GB)
    return read_mail(raw, KEYWORDS, today)


def serve_badly(*arguments: object) -> None:
    """Instead of what the process does."""
    reading.read_mail = reads_badly  # type: ignore[assignment]
    reading_process._serve(*arguments)  # type: ignore[arg-type]
