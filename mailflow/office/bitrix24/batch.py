"""Several calls in one request (Bitrix24 REST: batch)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from mailflow.office.bitrix24.envelope import Listed, php
from mailflow.office.bitrix24.parameters import from_query
from mailflow.office.bitrix24.refusal import Refusal

MOST = 50
_REFERENCE = re.compile(r"\$result((?:\[[^\]]*\])+)")
_NO_BATCH = ("batch", "disk.folder.uploadfile", "disk.storage.uploadfile")


def run_batch(params: dict[str, Any], call: Callable[[str, dict[str, Any]], Any]) -> dict[str, Any]:
    """Runs the commands in their order; each has its own result or error, and no transaction holds them together."""
    commands = params.get("cmd") or {}
    numbered = isinstance(commands, list)
    named = {str(n): command for n, command in enumerate(commands)} if numbered else commands
    if len(named) > MOST:
        raise Refusal("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
    results: dict[str, Any] = {}
    maps: dict[str, dict[str, Any]] = {"result_error": {}, "result_total": {}, "result_next": {}, "result_time": {}}
    for name, command in named.items():
        method, _, query = str(command).partition("?")
        method = method.strip().lower().removesuffix(".json")
        try:
            if method in _NO_BATCH:
                raise Refusal("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed in a batch", 405)
            result = call(method, from_query(_filled(query, results)))
        except Refusal as refusal:
            maps["result_error"][name] = {"error": refusal.error, "error_description": refusal.description}
            if str(params.get("halt")) in ("1", "True", "true"):
                break
            continue
        maps["result_time"][name] = {"operating": 0.05, "duration": 0.01}
        if isinstance(result, Listed):
            maps["result_total"][name] = result.total
            if result.next is not None:
                maps["result_next"][name] = result.next
        results[name] = php(result.rows if isinstance(result, Listed) else result)
    everything = {"result": results, **maps}
    return {name: list(value.values()) if numbered else value for name, value in everything.items()}


def _filled(query: str, results: dict[str, Any]) -> str:
    def look_up(found: re.Match[str]) -> str:
        value: Any = results
        for key in re.findall(r"\[([^\]]*)\]", found[1]):
            try:
                value = value[int(key)] if isinstance(value, list) else value[key]
            except (KeyError, IndexError, ValueError, TypeError):
                return ""
        return quote(str(value))

    return _REFERENCE.sub(look_up, query)
