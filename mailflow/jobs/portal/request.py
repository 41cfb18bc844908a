"""A request that makes something, as it is kept before it is sent and repeated byte for byte."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mailflow.ports import Portal, PortalAnswer

_FILE = "$file"


@dataclass(frozen=True)
class Request:
    """One call. With an idempotency key it goes to REST 3.0, which carries it out once within 24 hours."""

    method: str
    params: Mapping[str, Any]
    idempotency_key: str | None = None

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def send(self, portal: Portal, read_file: Callable[[str], bytes]) -> PortalAnswer:
        """Sends it, with the bytes of its files; raises what the portal raises."""
        params = with_contents(self.params, read_file)
        if self.idempotency_key:
            return portal.call_v3(self.method, params, self.idempotency_key)
        return portal.call(self.method, params)


def file_content(name: str, sha256: str) -> dict[str, str]:
    """A file in a request that is kept: its bytes are filled in when it is sent (Bitrix24 REST: ["name", "base64"])."""
    return {_FILE: sha256, "name": name}


def with_contents(params: Mapping[str, Any], read_file: Callable[[str], bytes]) -> dict[str, Any]:
    """The parameters with the bytes of their files."""
    return {name: _filled(value, read_file) for name, value in params.items()}


def _filled(value: Any, read_file: Callable[[str], bytes]) -> Any:
    if isinstance(value, Mapping):
        if _FILE in value:
            return [value["name"], base64.b64encode(read_file(value[_FILE])).decode()]
        return with_contents(value, read_file)
    if isinstance(value, list | tuple):
        return [_filled(item, read_file) for item in value]
    return value
