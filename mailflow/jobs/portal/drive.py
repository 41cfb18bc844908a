"""The invoice's files on the portal's Drive (Bitrix24 REST: disk)."""

from __future__ import annotations

import re
from typing import Any

from mailflow.approval.effects import PortalChange
from mailflow.errors import PortalRefused
from mailflow.jobs.portal.bench import Bench
from mailflow.jobs.portal.creation import Creation
from mailflow.jobs.portal.request import Request, file_content
from mailflow.outbound.cleaning import one_line, shortened
from mailflow.store.portal import PortalObject

_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')
_NAME_LENGTH = 120
_ALREADY_THERE = "DISK_OBJ_22000"


class DriveFile(Creation):
    """A file, by a name that no other file of any invoice has."""

    def request(self, bench: Bench, change: PortalChange) -> Request:
        """disk.folder.uploadFile."""
        name = drive_name(change)
        params = {
            "id": bench.setup.folder,
            "data": {"NAME": name},
            "fileContent": file_content(name, str(change.facts["sha256"])),
            "generateUniqueName": False,
        }
        return Request("disk.folder.uploadfile", params)

    def look(self, bench: Bench, change: PortalChange, sent: PortalObject) -> list[int]:
        """By name."""
        name = sent.request["params"]["data"]["NAME"]
        asked = {"id": bench.setup.folder, "filter": {"NAME": name}}
        children = bench.portal.call("disk.folder.getchildren", asked).result
        return [int(child["ID"]) for child in children if child["NAME"] == name]

    def identity(self, result: Any) -> int:
        """ID, not FILE_ID."""
        return int(result["ID"])

    def is_there_already(self, refusal: PortalRefused) -> bool:
        """A name clash."""
        return refusal.code == _ALREADY_THERE


def drive_name(change: PortalChange) -> str:
    """The invoice's number, the beginning of the content's SHA-256, and the name that the file came under."""
    return safe_name(f"{change.invoice.number} {str(change.facts['sha256'])[:8]} {change.facts['filename']}")


def safe_name(name: str) -> str:
    """A file's name without what a path or a file system could take amiss; the extension stays."""
    stem, dot, extension = _FORBIDDEN.sub("_", one_line(name)).rpartition(".")
    if not dot or len(extension) > 10:
        return shortened(f"{stem}{dot}{extension}", _NAME_LENGTH)
    return f"{shortened(stem, _NAME_LENGTH)}.{extension}"
