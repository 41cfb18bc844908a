"""The four ways in which something can go wrong, by whose move is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


class MailflowError(Exception):
    """Anything that mailflow itself raises."""


class Refusal(MailflowError):
    """The sender's move: what was asked cannot be done, and one mail explains why.

    `code` names the explanation (see templates/*/refused), `facts` are what it tells: JSON values only.
    """

    def __init__(self, code: str, facts: Mapping[str, object] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.facts = dict(facts or {})


class TransientFailure(MailflowError):
    """Nobody's move: the same thing is tried again later."""


class ServerAway(TransientFailure):
    """The server itself cannot be reached or signed in to: whatever else waits for it need not be tried now."""


class DatabaseAway(TransientFailure):
    """The database itself cannot be used (gone, full, locked): nothing that was to be done with it is at fault."""


class SignInRefused(ServerAway):
    """The server is there and does not let this user in: name, password, or what the service asks for besides."""


class BrokenOff(TransientFailure):
    """The connection ended over this one thing, which was not handed over: it waits, and nothing else is tried now."""


class InDoubt(TransientFailure):
    """Handed over, but the answer was lost: repeated with the same Message-ID and bytes."""


class PermanentFailure(MailflowError):
    """The administrator's move: trying again would fail again."""


class PortalClosed(ServerAway):
    """The portal answers, but lets mailflow do nothing until the administrator mends it (no scope, no such webhook).

    `code` is the portal's own word for it, `mend` a sentence that says what to do.
    """

    def __init__(self, what: str, code: str, mend: str) -> None:
        super().__init__(f"{what} {mend}".strip())
        self.code = code
        self.mend = mend


class Parked(TransientFailure):
    """The portal has not done it, and asks to be left alone with this method until a moment (aware)."""

    def __init__(self, what: str, until: datetime) -> None:
        super().__init__(what)
        self.until = until


class PortalRefused(PermanentFailure):
    """The portal has understood and says no to this one call; `code` is its `error`, which may be empty."""

    def __init__(self, method: str, code: str, said: str, status: int) -> None:
        super().__init__(
            f"Bitrix24 refuses {method}: {said or code or 'without a reason'} ({code or 'no code'}, HTTP {status})"
        )
        self.method = method
        self.code = code
        self.said = said
        self.status = status


@dataclass(frozen=True)
class SettingsProblem:
    """One mistake in settings.yaml: the key, the line (1-based, None where it has none), what is wrong, the mend."""

    key: str
    what: str
    mend: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}, " if self.line else ""
        return f"{place}{self.key}: {self.what} {self.mend}".strip()


@dataclass
class ConfigurationError(MailflowError):
    """The settings are wrong; nothing starts (exit code 78)."""

    file: str
    problems: list[SettingsProblem] = field(default_factory=list)

    def __str__(self) -> str:
        head = f"{self.file}: the settings are wrong, nothing was started."
        return "\n".join([head, *(f"  {problem}" for problem in self.problems)])
