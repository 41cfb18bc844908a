"""Files that cannot be read as what they are."""

from __future__ import annotations


class Unreadable(Exception):
    """`code` says why: damaged, password, too_large."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
