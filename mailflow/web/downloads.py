"""What is taken away from the board: lists as tables, the files of invoices."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from mailflow.approval.invoice import Invoice
from mailflow.approval.submission import Attachment
from mailflow.outbound.cleaning import one_line
from mailflow.spreadsheet import Headings, to_csv, to_xlsx
from mailflow.store.register import Wanted
from mailflow.web.board import Board
from mailflow.web.look import Look
from mailflow.web.wanted import Filters

MOST_IN_A_WORKBOOK = 50_000
"""Larger lists come as CSV, which is sent as it is read."""

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_SANDBOX = "default-src 'none'; sandbox"


def as_csv(look: Look) -> Response:
    """The list that is wanted, however long it is."""
    wanted = _wanted(look)
    content = to_csv(_every(look.board, wanted), look.company.timezone, _headings(look))
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=_saved_as(f"{_name(look)}.csv"))


def as_xlsx(look: Look) -> Response:
    """The list that is wanted as a workbook; 422 where it is too long for one."""
    found = list(islice(look.uow.register.every(_wanted(look)), MOST_IN_A_WORKBOOK + 1))
    if len(found) > MOST_IN_A_WORKBOOK:
        return look.page("too_long", status=422, most=MOST_IN_A_WORKBOOK)
    with tempfile.TemporaryFile() as file:
        to_xlsx(found, look.company.timezone, file, _headings(look))
        file.seek(0)
        return Response(file.read(), media_type=_XLSX, headers=_saved_as(f"{_name(look)}.xlsx"))


def file(look: Look) -> Response:
    """A file of an invoice, to be saved; a picture may be looked at (`?view=1`), as a picture and nothing else."""
    invoice = look.uow.register.one(look.request.path_params["number"].upper())
    if invoice is None or not look.viewer.may_see(invoice):
        raise HTTPException(404)
    attachment = _attachment(invoice, look.request.path_params["sha256"])
    content = look.uow.files.read(attachment.sha256)
    headers = {"Content-Security-Policy": _SANDBOX}
    picture = next((kind for start, kind in _PICTURES.items() if content.startswith(start)), "")
    if picture and look.request.query_params.get("view"):
        return Response(content, media_type=picture, headers={**headers, "Content-Disposition": "inline"})
    headers |= _saved_as(one_line(attachment.filename) or "file")
    return Response(content, media_type="application/octet-stream", headers=headers)


def _attachment(invoice: Invoice, sha256: str) -> Attachment:
    for attachment in invoice.attachments:
        if attachment.sha256 == sha256:
            return attachment
    raise HTTPException(404)


def _wanted(look: Look) -> Wanted:
    return Filters.of(look.request.query_params).wanted(look.viewer.only, look.company.timezone)


def _every(board: Board, wanted: Wanted) -> Iterator[Invoice]:
    with board.store.look() as uow:
        yield from uow.register.every(wanted)


def _headings(look: Look) -> Headings:
    words = look.board.pages.words(look.language)
    return Headings(words["columns"], words["stage"])


def _name(look: Look) -> str:
    return f"invoices-{look.today.isoformat()}"


def _saved_as(name: str) -> dict[str, str]:
    """Content-Disposition (RFC 6266), with the name in UTF-8 (RFC 8187)."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
