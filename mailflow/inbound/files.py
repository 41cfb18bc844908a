"""Files in a mail, and which of them may be an invoice: not the decoration, not what programs tell each other."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailflow.approval.document import NOT_READ, ReadFile
from mailflow.branding import is_logo
from mailflow.inbound.picture import pixels

LOGO_BYTES = 20_000  # a smaller picture within the text belongs to a signature or a letterhead
LOGO_PIXELS = 300  # so does one that is less high or less wide

_MACHINE_TYPES = {
    "application/applefile",
    "application/ics",
    "application/pgp-encrypted",
    "application/pgp-keys",
    "application/pgp-signature",
    "application/pkcs7-mime",
    "application/pkcs7-signature",
    "application/x-pkcs7-mime",
    "application/x-pkcs7-signature",
    "message/delivery-status",
    "message/disposition-notification",
    "message/feedback-report",
    "text/calendar",
    "text/directory",
    "text/rfc822-headers",
    "text/vcard",
    "text/x-vcard",
}
_MACHINE_ENDINGS = (".ics", ".p7m", ".p7s", ".vcf")
_MACHINE_NAME = re.compile(r"att\d{3,8}\.(?:txt|htm|html|c|dat)|signature\.asc|pgpkey.{0,40}\.asc", re.IGNORECASE)
_CLIENTS_PICTURE = re.compile(r"(?:image|outlook-|~wrd)[\w-]{0,40}\.(?:png|jpe?g|gif|bmp)", re.IGNORECASE)
_EXTENSIONS = {
    "application/pdf": ".pdf",
    "application/xml": ".xml",
    "application/zip": ".zip",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "message/rfc822": ".eml",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/xml": ".xml",
}
_LONGEST_NAME = 150


@dataclass(frozen=True)
class File:
    """A file in a mail. `inline`: shown within the text (Content-Disposition inline or referred to by cid:).

    `said` is what the file says as an invoice, once it was read.
    """

    filename: str
    media_type: str
    content: bytes
    inline: bool = False
    content_id: str | None = None
    forwarded: bool = False  # came inside an attached mail (message/rfc822)
    said: ReadFile = NOT_READ


def may_be_invoice(file: File) -> bool:
    """Whether a person may have meant this file: an empty one too, for its sender must hear of that."""
    name = file.filename.lower()
    if file.media_type in _MACHINE_TYPES or name.endswith(_MACHINE_ENDINGS) or _MACHINE_NAME.fullmatch(name):
        return False
    if is_logo(file.filename, file.content):
        return False
    return not (file.media_type.startswith("image/") and file.content and _is_decoration(file))


def safe_filename(name: str, media_type: str, otherwise: str) -> str:
    """The last part of a file's name, fit to be shown and kept; `otherwise` and an ending where none is left."""
    plain = name.replace("\\", "/").rpartition("/")[2].strip(". ") or otherwise + _EXTENSIONS.get(media_type, "")
    stem, dot, ending = plain.rpartition(".")
    if len(plain) <= _LONGEST_NAME or not dot or len(ending) > 10:
        return plain[:_LONGEST_NAME]
    return stem[: _LONGEST_NAME - len(ending) - 1] + dot + ending


def _is_decoration(file: File) -> bool:
    if not file.inline and not _CLIENTS_PICTURE.fullmatch(file.filename):
        return False
    size = pixels(file.content)
    return len(file.content) < LOGO_BYTES or (size is not None and min(size) < LOGO_PIXELS)
