"""Folders and files (Bitrix24 REST: disk)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from mailflow.office.bitrix24.desk import Desk, Method, matches, whole
from mailflow.office.bitrix24.envelope import Listed
from mailflow.office.bitrix24.refusal import Refusal, required

_ROOT = 5
_THERE, _IN_THE_BIN = 0, 3
_CLASH = "DISK_OBJ_22000"


class Drive:
    """The company's Drive."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.files: list[dict[str, Any]] = []
        self._folders: list[dict[str, Any]] = [{"id": _ROOT, "name": "", "parent": 0, "deleted": _THERE}]

    def has(self, file_id: int) -> bool:
        """Whether there is such a file."""
        return any(file["id"] == file_id for file in self.files)

    def methods(self) -> dict[str, tuple[str, Method]]:
        """By name, with the scope that each needs."""
        return {
            "disk.storage.getlist": ("disk", self._storages),
            "disk.folder.get": ("disk", lambda params, owner: _folder(self._found(params))),
            "disk.folder.getchildren": ("disk", self._children),
            "disk.folder.addsubfolder": ("disk", self._add_folder),
            "disk.folder.rename": ("disk", self._rename_folder),
            "disk.folder.markdeleted": ("disk", self._bin_folder),
            "disk.folder.uploadfile": ("disk", self._upload),
            "disk.file.get": ("disk", self._file),
        }

    def _storages(self, params: dict[str, Any], owner: int) -> Listed:
        common = {"ID": "1357", "NAME": "Общий диск", "ENTITY_TYPE": "common", "ROOT_OBJECT_ID": str(_ROOT)}
        found = [row for row in [common] if matches(row, params.get("filter") or {}, ("ENTITY_TYPE", "ID"))]
        return Listed(found, params.get("start"))

    def _children(self, params: dict[str, Any], owner: int) -> Listed:
        folder = self._found(params)
        rows = [_folder(f) for f in self._folders if f["parent"] == folder["id"] and f["deleted"] == _THERE]
        rows += [_file(f) for f in self.files if f["folder"] == folder["id"]]
        return Listed([r for r in rows if matches(r, params.get("filter") or {}, ("NAME", "ID"))], params.get("start"))

    def _add_folder(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        parent = self._found(params)
        name = (params.get("data") or {}).get("NAME")
        if not name:
            raise Refusal("DISK_BASE_SERVICE_22001", "NAME is required")
        self._refuse_clash(name, parent["id"])
        self._folders.append({"id": self._desk.new_id(), "name": name, "parent": parent["id"], "deleted": _THERE})
        return _folder(self._folders[-1])

    def _rename_folder(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        folder = self._found(params)
        required(params, "newName", error="ERROR_ARGUMENT")
        self._refuse_clash(params["newName"], folder["parent"])
        folder["name"] = params["newName"]
        return _folder(folder)

    def _bin_folder(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        folder = self._found(params)
        folder["deleted"] = _IN_THE_BIN
        return _folder(folder)

    def _refuse_clash(self, name: str, parent: int) -> None:
        if any((f["name"], f["parent"], f["deleted"]) == (name, parent, _THERE) for f in self._folders):
            raise Refusal(_CLASH, "A folder with this name is there already")

    def _upload(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        folder = self._found(params)
        name = (params.get("data") or {}).get("NAME")
        if not name:
            raise Refusal("DISK_BASE_SERVICE_22001", "NAME is required")
        required(params, "fileContent", error="ERROR_ARGUMENT")
        content = params["fileContent"]
        if not (isinstance(content, list) and len(content) == 2):
            raise Refusal("ERROR_ARGUMENT", 'fileContent is ["name", "base64"]')
        try:
            size = len(base64.b64decode(content[1], validate=True))
        except (binascii.Error, ValueError, TypeError):
            raise Refusal("ERROR_COULD_NOT_SAVE_FILE", "The content is no base64") from None
        if any(f["name"] == name and f["folder"] == folder["id"] for f in self.files):
            if params.get("generateUniqueName") not in (True, "Y", "true", "1"):
                raise Refusal(_CLASH, "A file with this name is there already")
            name = f"{name} ({len(self.files)})"
        file = {"id": self._desk.new_id(), "name": name, "folder": folder["id"], "size": size}
        self.files.append(file)
        self._desk.note("file", name)
        return _file(file)

    def _file(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        found = next((f for f in self.files if f["id"] == whole(params.get("id"))), None)
        if found is None:
            raise Refusal("ERROR_NOT_FOUND", "The file is not found")
        return _file(found)

    def _found(self, params: dict[str, Any]) -> dict[str, Any]:
        found = next((f for f in self._folders if f["id"] == whole(params.get("id"))), None)
        if found is None:
            raise Refusal("ERROR_NOT_FOUND", "The folder is not found")
        return found


def _folder(folder: dict[str, Any]) -> dict[str, Any]:
    return {
        "ID": str(folder["id"]),
        "NAME": folder["name"],
        "TYPE": "folder",
        "PARENT_ID": str(folder["parent"]),
        "DELETED_TYPE": str(folder["deleted"]),
    }


def _file(file: dict[str, Any]) -> dict[str, Any]:
    return {
        "ID": file["id"],
        "NAME": file["name"],
        "TYPE": "file",
        "STORAGE_ID": "1357",
        "PARENT_ID": str(file["folder"]),
        "FILE_ID": file["id"] + 20_000,
        "SIZE": str(file["size"]),
    }
