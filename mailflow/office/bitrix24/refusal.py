"""How the portal says no (Bitrix24 REST: errors)."""

from __future__ import annotations


class Refusal(Exception):
    """An error answer: its HTTP status, `error` (may be empty, as the whole calendar has it) and description."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status


def required(params: dict[str, object], *names: str, error: str = "100") -> None:
    """Raises Refusal where a parameter is missing."""
    for name in names:
        if params.get(name) in (None, "", []):
            raise Refusal(error, f"Could not find value for parameter {{{name}}}")
