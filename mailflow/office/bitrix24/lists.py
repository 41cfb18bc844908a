"""Universal lists: an element's code is unique, an update overwrites the whole element (Bitrix24 REST: lists)."""

from __future__ import annotations

from typing import Any

from mailflow.office.bitrix24.desk import Desk, Method, whole
from mailflow.office.bitrix24.envelope import Listed
from mailflow.office.bitrix24.refusal import Refusal

_TYPES = ("S", "N", "S:Date", "S:DateTime", "S:Money", "S:employee", "F", "S:DiskFile", "L", "E")
_MISSING = "ERROR_REQUIRED_PARAMETERS_MISSING"


class Lists:
    """Lists of the type `lists`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.elements: list[dict[str, Any]] = []
        self._lists: list[dict[str, Any]] = []
        self._fields: list[dict[str, Any]] = []

    def methods(self) -> dict[str, tuple[str, Method]]:
        """By name, with the scope that each needs."""
        return {
            "lists.get": ("lists", self._get),
            "lists.add": ("lists", self._add),
            "lists.update": ("lists", self._update),
            "lists.delete": ("lists", self._delete),
            "lists.field.get": ("lists", self._field_get),
            "lists.field.add": ("lists", self._field_add),
            "lists.field.delete": ("lists", self._field_delete),
            "lists.element.add": ("lists", self._element_add),
            "lists.element.get": ("lists", self._element_get),
            "lists.element.update": ("lists", self._element_update),
        }

    def _get(self, params: dict[str, Any], owner: int) -> Listed:
        _needs(params, "IBLOCK_TYPE_ID")
        return Listed([row for row in self._lists if _names(row, params)], params.get("start"))

    def _add(self, params: dict[str, Any], owner: int) -> int:
        _needs(params, "IBLOCK_TYPE_ID", "IBLOCK_CODE", "FIELDS")
        if any(row["CODE"] == params["IBLOCK_CODE"] for row in self._lists):
            raise Refusal("ERROR_IBLOCK_ALREADY_EXISTS", "Iblock already exists")
        self._lists.append(
            {
                "ID": str(self._desk.new_id()),
                "CODE": params["IBLOCK_CODE"],
                "NAME": params["FIELDS"].get("NAME", ""),
                "IBLOCK_TYPE_ID": params["IBLOCK_TYPE_ID"],
            }
        )
        return int(self._lists[-1]["ID"])

    def _update(self, params: dict[str, Any], owner: int) -> bool:
        the_list = self._found(params)
        _needs(params, "FIELDS")
        the_list["NAME"] = params["FIELDS"].get("NAME", the_list["NAME"])
        return True

    def _delete(self, params: dict[str, Any], owner: int) -> bool:
        self._lists.remove(self._found(params))
        return True

    def _field_get(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        the_list = self._found(params)
        name = {"NAME": {"FIELD_ID": "NAME", "NAME": "Name", "TYPE": "NAME", "CODE": ""}}
        return name | {f["FIELD_ID"]: f for f in self._fields if f["LIST"] == the_list["ID"]}

    def _field_add(self, params: dict[str, Any], owner: int) -> str:
        the_list = self._found(params)
        fields = params.get("FIELDS") or {}
        if not fields.get("NAME") or fields.get("TYPE") not in _TYPES:
            raise Refusal("ERROR_REQUIRED_PARAMETERS_MISSING", "NAME or TYPE is wrong")
        field_id = f"PROPERTY_{self._desk.new_id()}"
        self._fields.append({**fields, "FIELD_ID": field_id, "LIST": the_list["ID"]})
        return field_id

    def _field_delete(self, params: dict[str, Any], owner: int) -> bool:
        the_list = self._found(params)
        _needs(params, "FIELD_ID")
        gone = (the_list["ID"], params["FIELD_ID"])
        self._fields = [f for f in self._fields if (f["LIST"], f["FIELD_ID"]) != gone]
        return True

    def _element_add(self, params: dict[str, Any], owner: int) -> int:
        the_list = self._found(params)
        _needs(params, "ELEMENT_CODE", "FIELDS")
        if any((e["LIST"], e["ELEMENT_CODE"]) == (the_list["ID"], params["ELEMENT_CODE"]) for e in self.elements):
            raise Refusal("ERROR_ELEMENT_ALREADY_EXISTS", "Element already exists")
        element = {
            "ID": str(self._desk.new_id()),
            "LIST": the_list["ID"],
            "ELEMENT_CODE": params["ELEMENT_CODE"],
            **self._values(the_list, params["FIELDS"]),
        }
        self.elements.append(element)
        self._desk.note("element", element["ELEMENT_CODE"], element["NAME"])
        return int(element["ID"])

    def _element_get(self, params: dict[str, Any], owner: int) -> Listed:
        the_list = self._found(params)
        found = [e for e in self.elements if e["LIST"] == the_list["ID"] and _is_asked(e, params)]
        return Listed([self._row(element) for element in found], params.get("start"))

    def _element_update(self, params: dict[str, Any], owner: int) -> bool:
        the_list = self._found(params)
        _needs(params, "FIELDS")
        element = next((e for e in self.elements if e["LIST"] == the_list["ID"] and _is_asked(e, params)), None)
        if element is None:
            raise Refusal("ERROR_ELEMENT_NOT_FOUND", "Element not found")
        kept = {name: element[name] for name in ("ID", "LIST", "ELEMENT_CODE")}
        values = self._values(the_list, params["FIELDS"])
        element.clear()
        element |= kept | values
        return True

    def _values(self, the_list: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
        if not fields.get("NAME"):
            raise Refusal("ERROR_ADD_ELEMENT", "NAME is required")
        known = {f["FIELD_ID"] for f in self._fields if f["LIST"] == the_list["ID"]}
        if strange := [name for name in fields if name != "NAME" and name not in known]:
            raise Refusal("ERROR_ELEMENT_FIELD_VALUE", f"{strange[0]} is no field of the list")
        return dict(fields)

    def _row(self, element: dict[str, Any]) -> dict[str, Any]:
        properties = {n: {str(self._desk.new_id()): v} for n, v in element.items() if n.startswith("PROPERTY_")}
        return {"ID": element["ID"], "CODE": element["ELEMENT_CODE"], "NAME": element["NAME"], **properties}

    def _found(self, params: dict[str, Any]) -> dict[str, Any]:
        found = next((row for row in self._lists if _names(row, params)), None)
        if found is None:
            raise Refusal("ERROR_IBLOCK_NOT_FOUND", "Iblock not found")
        return found


def _needs(params: dict[str, Any], *names: str) -> None:
    for name in names:
        if not params.get(name):
            raise Refusal(_MISSING, f"Required parameter {name} is missing")


def _names(row: dict[str, Any], params: dict[str, Any]) -> bool:
    if params.get("IBLOCK_ID"):
        return bool(row["ID"] == str(params["IBLOCK_ID"]))
    return not params.get("IBLOCK_CODE") or row["CODE"] == params["IBLOCK_CODE"]


def _is_asked(element: dict[str, Any], params: dict[str, Any]) -> bool:
    if params.get("ELEMENT_ID"):
        return bool(whole(element["ID"]) == whole(params["ELEMENT_ID"]))
    return not params.get("ELEMENT_CODE") or element["ELEMENT_CODE"] == params["ELEMENT_CODE"]
