"""A small form that a browser has sent (application/x-www-form-urlencoded)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

MOST_BYTES = 4096


async def form_of(request: Request) -> dict[str, str]:
    """Its fields; raises HTTPException 413 for one that is larger than any of ours."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413)
    return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=10))
