"""What was typed, as the settings would take it; or the sentence that says why they would not."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import TypeAdapter, ValidationError

from mailflow.settings import Address, Host, Submitter
from mailflow.terminal import one_line
from mailflow.wizard.dialog import Unfit

_VARIABLE = "${"
"""Begins what the settings take from elsewhere."""

Text = Callable[..., str]
Read = Callable[[str], str]


class Reading:
    """The readers of answers; `text` says a sentence in the language that was chosen."""

    def __init__(self, text: Text) -> None:
        self._text = text

    def something(self, typed: str) -> str:
        """Anything but nothing."""
        if typed:
            return typed
        raise Unfit(self._text("empty"))

    def line(self, typed: str) -> str:
        """What the settings would take as it stands, or nothing; the terminal's control characters are none of it."""
        line = one_line(typed)
        if _VARIABLE in line:
            raise Unfit(self._text("variable", typed=line))
        return line

    def word(self, typed: str) -> str:
        """The same, but not nothing."""
        return self.something(self.line(typed))

    def address(self, typed: str) -> str:
        """An e-mail address."""
        return self._as(Address, "bad_address", self.something(typed))

    def host(self, typed: str) -> str:
        """A server's name."""
        return self._as(Host, "bad_host", self.something(typed))

    def submitter(self, typed: str) -> str:
        """An address or a whole @domain."""
        return self._as(Submitter, "bad_submitter", typed)

    def person_beside(self, mailbox: str) -> Read:
        """A person's address, which is not the shared mailbox's."""

        def read(typed: str) -> str:
            address = self.address(typed)
            if address == mailbox:
                raise Unfit(self._text("mailbox_itself", typed=address))
            return address

        return read

    def list_of(self, read: Read) -> Callable[[str], tuple[str, ...]]:
        """Several, with commas between them, each once."""

        def read_all(typed: str) -> tuple[str, ...]:
            values = [read(part) for part in typed.replace(",", " ").replace(";", " ").split()]
            if twice := next((value for value in values if values.count(value) > 1), None):
                raise Unfit(self._text("twice", typed=twice))
            if not values:
                raise Unfit(self._text("empty"))
            return tuple(values)

        return read_all

    def port(self, default: str) -> Callable[[str], int]:
        """A port's number."""

        def read(typed: str) -> int:
            if typed.isdecimal() and 1 <= int(typed) <= 65535:
                return int(typed)
            raise Unfit(self._text("bad_port", typed=typed, default=default))

        return read

    def certificates(self, typed: str) -> str:
        """The whole path of a PEM file, or nothing."""
        if not typed:
            return ""
        path = Path(typed).expanduser().resolve()
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except (OSError, ValueError):
            raise Unfit(self._text("bad_ca", typed=typed)) from None
        return str(path)

    def secret(self, needed: bool) -> Read:
        """A client secret, which some ways of signing in do without."""

        def read(typed: str) -> str:
            if needed and not typed:
                raise Unfit(self._text("secret_needed"))
            return typed

        return read

    def time_zone(self, typed: str) -> str:
        """The IANA name of a time zone."""
        known = {name.lower(): name for name in available_timezones()}
        if typed.lower() in known:
            return known[typed.lower()]
        raise Unfit(self._text("bad_time_zone", typed=typed))

    def authserv(self, typed: str) -> str:
        """An authserv-id (RFC 8601)."""
        if self.line(typed) and not set(typed) & set(" ;,\t\"'"):
            return self.line(typed)
        raise Unfit(self._text("bad_authserv", typed=typed))

    def _as(self, kind: Any, unfit: str, typed: str) -> str:
        try:
            return str(TypeAdapter(kind).validate_python(self.line(typed)))
        except ValidationError:
            raise Unfit(self._text(unfit, typed=typed)) from None
