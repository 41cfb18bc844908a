"""The parameters of a request, however they were sent: JSON, a query, a form with PHP's brackets, multipart."""

from __future__ import annotations

import json
import re
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from mailflow.office.bitrix24.refusal import Refusal

_FIRST = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_KEY = re.compile(r"\[([^\[\]]*)\]")


def read_parameters(query: str, content_type: str, body: bytes) -> dict[str, Any]:
    """The query and the body, merged, in the order in which they came. Raises Refusal for a body that is none."""
    params = from_query(query)
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" and body.strip():
        try:
            sent = json.loads(body)
        except ValueError:
            raise Refusal("100", "The request body is no JSON") from None
        if not isinstance(sent, dict):
            raise Refusal("100", "The request body is no JSON object")
        params |= sent
    elif kind == "application/x-www-form-urlencoded":
        params |= from_query(body.decode())
    elif kind == "multipart/form-data":
        params |= _from_multipart(content_type, body)
    return params


def from_query(text: str) -> dict[str, Any]:
    """A query string with PHP's brackets: a[b][]=1&a[b][]=2 is {"a": {"b": ["1", "2"]}}."""
    pairs = parse_qsl(text, keep_blank_values=True)
    return {name: _lists(value) for name, value in _nested(pairs).items()}


def _from_multipart(content_type: str, body: bytes) -> dict[str, Any]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + body)
    pairs = []
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        pairs.append((str(name), str(part.get_content())))
    return {name: _lists(value) for name, value in _nested(pairs).items()}


def _nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in pairs:
        found = _FIRST.fullmatch(name)
        if not found:
            continue
        keys = [found[1], *_KEY.findall(found[2])]
        place = tree
        for key in keys[:-1]:
            place = place.setdefault(key or str(len(place)), {})
        place[keys[-1] or str(len(place))] = value
    return tree


def _lists(value: Any) -> Any:
    """Maps whose keys count from 0 are lists, as PHP has them."""
    if not isinstance(value, dict):
        return value
    made = {key: _lists(item) for key, item in value.items()}
    if made and list(made) == [str(n) for n in range(len(made))]:
        return list(made.values())
    return made
