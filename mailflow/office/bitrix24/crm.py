"""Smart processes with their stages, fields, items and timelines (Bitrix24 REST: crm)."""

from __future__ import annotations

import re
from typing import Any

from mailflow.office.bitrix24.desk import Desk, Method, matches, whole
from mailflow.office.bitrix24.envelope import Listed
from mailflow.office.bitrix24.refusal import Refusal, required

_STAGES = (
    ("NEW", "Начало", "New", "", "process"),
    ("PREPARATION", "Подготовка", "Preparation", "", "process"),
    ("CLIENT", "Согласование", "Client", "", "process"),
    ("SUCCESS", "Успех", "Success", "S", "success"),
    ("FAIL", "Провал", "Fail", "F", "failure"),
)
_PLAIN = ("title", "xmlId", "opened", "sourceId", "sourceDescription", "companyId", "mycompanyId", "webformId")
_BY_SWITCH = {
    "begindate": "isBeginCloseDatesEnabled",
    "closedate": "isBeginCloseDatesEnabled",
    "opportunity": "isLinkWithProductsEnabled",
    "currencyId": "isLinkWithProductsEnabled",
    "isManualOpportunity": "isLinkWithProductsEnabled",
    "observers": "isObserversEnabled",
}
_FIRST_TYPE = 1036
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T.*)?")
_STAGE_LENGTH = 50


class Crm:
    """`xml_id_filters`: whether items can be looked up by xmlId, which no documentation promises."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.xml_id_filters = True
        self.types: list[dict[str, Any]] = []
        self.categories: list[dict[str, Any]] = []
        self.statuses: list[dict[str, Any]] = []
        self.fields: list[dict[str, Any]] = []
        self.items: list[dict[str, Any]] = []
        self.timeline: list[dict[str, Any]] = []

    def methods(self) -> dict[str, tuple[str, Method]]:
        """By name, with the scope that each needs."""
        return {
            "crm.type.list": ("crm", self._type_list),
            "crm.type.add": ("crm", self._type_add),
            "crm.category.list": ("crm", self._category_list),
            "crm.status.list": ("crm", self._status_list),
            "crm.status.add": ("crm", self._status_add),
            "crm.status.update": ("crm", self._status_update),
            "userfieldconfig.add": ("userfieldconfig", self._field_add),
            "crm.item.fields": ("crm", self._item_fields),
            "crm.item.add": ("crm", self._item_add),
            "crm.item.update": ("crm", self._item_update),
            "crm.item.get": ("crm", lambda params, owner: {"item": self._found(params)}),
            "crm.item.list": ("crm", self._item_list),
            "crm.item.delete": ("crm", self._item_delete),
            "crm.timeline.comment.add": ("crm", self._comment_add),
            "crm.timeline.comment.list": ("crm", self._comment_list),
        }

    def takes_tasks(self, binding: str) -> bool:
        """Whether a task may be bound to this object: the type must link UF_CRM_TASK, else the binding is dropped."""
        found = re.fullmatch(r"T([0-9a-f]+)_(\d+)", binding)
        if not found:
            return binding.startswith(("SI_", "D_", "L_", "C_", "CO_"))
        kind = next((t for t in self.types if t["entityTypeId"] == int(found[1], 16)), None)
        linked = (kind or {}).get("linkedUserFields") or {}
        return str(linked.get("TASKS_TASK|UF_CRM_TASK")) == "true"

    def _type_list(self, params: dict[str, Any], owner: int) -> Listed:
        wanted = params.get("filter") or {}
        found = [t for t in self.types if matches(t, wanted, ("id", "title", "entityTypeId"))]
        return Listed(found, params.get("start"), lambda rows: {"types": rows})

    def _type_add(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        required(params, "fields")
        given = params["fields"]
        required(given, "title")
        number = len(self.types) + 1
        kind = {**given, "id": number, "entityTypeId": _FIRST_TYPE + 2 * len(self.types), "createdBy": owner}
        category = {"id": number * 5, "name": "Общая", "sort": 300, "entityTypeId": kind["entityTypeId"]}
        self.types.append(kind)
        self.categories.append({**category, "isDefault": "Y"})
        for place, stage in enumerate(_STAGES, start=1):
            self._add_status(kind["entityTypeId"], int(number * 5), place, *stage)
        return {"type": kind}

    def _add_status(
        self, entity: int, category: int, place: int, code: str, ru: str, en: str, semantics: str, word: str
    ) -> None:
        name = ru if self._desk.language == "ru" else en
        self.statuses.append(
            {
                "ID": str(self._desk.new_id()),
                "ENTITY_ID": f"DYNAMIC_{entity}_STAGE_{category}",
                "STATUS_ID": f"DT{entity}_{category}:{code}",
                "NAME": name,
                "NAME_INIT": name,
                "SORT": str(10 * place),
                "SYSTEM": "Y",
                "CATEGORY_ID": str(category),
                "COLOR": "",
                "SEMANTICS": semantics or None,
                "EXTRA": {"SEMANTICS": word, "COLOR": ""},
            }
        )

    def _category_list(self, params: dict[str, Any], owner: int) -> Listed:
        required(params, "entityTypeId")
        self._type(params)
        found = [c for c in self.categories if c["entityTypeId"] == whole(params["entityTypeId"])]
        return Listed(found, params.get("start"), lambda rows: {"categories": rows})

    def _status_list(self, params: dict[str, Any], owner: int) -> Listed:
        wanted = params.get("filter") or {}
        found = [s for s in self.statuses if matches(s, wanted, ("ENTITY_ID", "STATUS_ID", "ID"))]
        return Listed(sorted(found, key=lambda s: whole(s["SORT"])), params.get("start"))

    def _status_add(self, params: dict[str, Any], owner: int) -> int:
        required(params, "fields")
        fields = params["fields"]
        required(fields, "ENTITY_ID", "STATUS_ID", "NAME")
        entity = re.fullmatch(r"DYNAMIC_(\d+)_STAGE_(\d+)", str(fields["ENTITY_ID"]))
        if not entity or len(str(fields["STATUS_ID"])) > _STAGE_LENGTH:
            raise Refusal("", "ENTITY_ID or STATUS_ID is wrong")
        status_id = f"DT{entity[1]}_{entity[2]}:{fields['STATUS_ID']}"
        if any(s["STATUS_ID"] == status_id for s in self.statuses):
            raise Refusal("", "STATUS_ID is not unique")
        semantics, sort = str(fields.get("SEMANTICS") or ""), whole(fields.get("SORT"), 10)
        if not semantics and sort >= self._first_final(str(fields["ENTITY_ID"])):
            raise Refusal("", "An intermediate stage cannot be created after the successful one")
        new_id = self._desk.new_id()
        words = {"S": "success", "F": "failure"}
        self.statuses.append(
            {
                "ID": str(new_id),
                "ENTITY_ID": fields["ENTITY_ID"],
                "STATUS_ID": status_id,
                "NAME": fields["NAME"],
                "NAME_INIT": "",
                "SORT": str(sort),
                "SYSTEM": "N",
                "CATEGORY_ID": entity[2],
                "COLOR": str(fields.get("COLOR", "")),
                "SEMANTICS": semantics or None,
                "EXTRA": {"SEMANTICS": words.get(semantics, "process"), "COLOR": str(fields.get("COLOR", ""))},
            }
        )
        return new_id

    def _first_final(self, entity: str) -> float:
        """Where the stages end that are under way; those of success and failure come after them."""
        final = [whole(s["SORT"]) for s in self.statuses if s["ENTITY_ID"] == entity and s["SEMANTICS"]]
        return min(final, default=float("inf"))

    def _status_update(self, params: dict[str, Any], owner: int) -> bool:
        required(params, "id", "fields")
        found = next((s for s in self.statuses if s["ID"] == str(params["id"])), None)
        if found is None:
            raise Refusal("", "The status is not found")
        found |= {name: value for name, value in params["fields"].items() if name in ("NAME", "SORT", "COLOR")}
        return True

    def _field_add(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        required(params, "moduleId", "field", error="")
        field = params["field"]
        required(field, "entityId", "fieldName", "userTypeId", error="")
        if not str(field["fieldName"]).startswith(f"UF_{field['entityId']}_"):
            raise Refusal("", f"The field's name must begin with UF_{field['entityId']}_")
        if any(f["fieldName"] == field["fieldName"] for f in self.fields):
            raise Refusal("", f"Field {field['fieldName']} for object {field['entityId']} already exists")
        made = {**field, "id": self._desk.new_id(), "multiple": field.get("multiple", "N")}
        self.fields.append(made)
        return {"field": made}

    def _item_fields(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        kind = self._type(params)
        names = ["id", "stageId", "categoryId", "assignedById", "createdBy", *_PLAIN, *self._switched_on(kind)]
        fields = {name: {"type": "string", "title": name} for name in names}
        fields |= {f["fieldName"]: {"type": f["userTypeId"], "isMultiple": f["multiple"]} for f in self._own(kind)}
        return {"fields": fields}

    def _item_add(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        kind = self._type(params)
        required(params, "fields")
        category = next(c for c in self.categories if c["entityTypeId"] == kind["entityTypeId"])
        stages = self._stages(kind)
        now = self._desk.now()
        item: dict[str, Any] = {
            "id": self._desk.new_id(),
            "entityTypeId": kind["entityTypeId"],
            "categoryId": category["id"],
            "stageId": stages[0],
            "previousStageId": "",
            "assignedById": owner,
            "createdBy": owner,
            "updatedBy": owner,
            "createdTime": now,
            "updatedTime": now,
            "opened": "Y",
            **dict.fromkeys(_BY_SWITCH),
        }
        item |= self._values(kind, params["fields"])
        item["title"] = item.get("title") or f"#{item['id']}"
        self.items.append(item)
        self._desk.note("item", item["title"], item.get("xmlId", ""))
        return {"item": item}

    def _item_update(self, params: dict[str, Any], owner: int) -> dict[str, Any]:
        item = self._found(params)
        required(params, "fields")
        changed = self._values(self._type(params), params["fields"])
        if any(item.get(name) != value for name, value in changed.items()):
            if changed.get("stageId", item["stageId"]) != item["stageId"]:
                item["previousStageId"] = item["stageId"]
            item |= changed | {"updatedTime": self._desk.now(), "updatedBy": owner}
        return {"item": item}

    def _item_list(self, params: dict[str, Any], owner: int) -> Listed:
        kind = self._type(params)
        wanted = params.get("filter") or {}
        own = tuple(f["fieldName"] for f in self._own(kind))
        known = ("id", "title", "stageId", "assignedById", "categoryId", "xmlId", *own)
        for key in wanted:
            name = key.lstrip("!<>=@%")
            if name not in known or (name == "xmlId" and not self.xml_id_filters):
                raise Refusal("INVALID_ARG_VALUE", f"Invalid filter: field '{name}' is not allowed in filter")
        found = [i for i in self.items if i["entityTypeId"] == kind["entityTypeId"] and matches(i, wanted, known)]
        return Listed(sorted(found, key=lambda i: i["id"]), params.get("start"), lambda rows: {"items": rows})

    def _item_delete(self, params: dict[str, Any], owner: int) -> list[Any]:
        self.items.remove(self._found(params))
        return []

    def _comment_add(self, params: dict[str, Any], owner: int) -> int:
        required(params, "fields")
        fields = params["fields"]
        required(fields, "ENTITY_ID", "ENTITY_TYPE")
        if not str(fields.get("COMMENT") or "").strip():
            raise Refusal("INVALID_ARG_VALUE", "COMMENT is empty")
        self._owner_of(fields)
        comment: dict[str, Any] = {
            "ID": str(self._desk.new_id()),
            "ENTITY_ID": str(fields["ENTITY_ID"]),
            "ENTITY_TYPE": str(fields["ENTITY_TYPE"]),
            "CREATED": self._desk.now(),
            "COMMENT": str(fields["COMMENT"]),
            "AUTHOR_ID": str(owner),
            "FILES": {},
        }
        self.timeline.append(comment)
        self._desk.note("timeline", comment["COMMENT"])
        return int(comment["ID"])

    def _comment_list(self, params: dict[str, Any], owner: int) -> Listed:
        wanted = params.get("filter") or {}
        required(wanted, "ENTITY_ID", "ENTITY_TYPE")
        found = [c for c in self.timeline if matches(c, wanted, ("ENTITY_ID", "ENTITY_TYPE", "ID"))]
        descending = str((params.get("order") or {}).get("ID", "ASC")).upper() == "DESC"
        return Listed(sorted(found, key=lambda c: int(c["ID"]), reverse=descending), params.get("start"))

    def _owner_of(self, fields: dict[str, Any]) -> None:
        kind = re.fullmatch(r"dynamic_(\d+)", str(fields["ENTITY_TYPE"]))
        there = kind and any(
            i["id"] == whole(fields["ENTITY_ID"]) and i["entityTypeId"] == int(kind[1]) for i in self.items
        )
        if not there:
            raise Refusal("OWNER_NOT_FOUND", "The owner of the comment is not found")

    def _type(self, params: dict[str, Any]) -> dict[str, Any]:
        wanted = whole(params.get("entityTypeId"))
        found = next((t for t in self.types if t["entityTypeId"] == wanted), None)
        if found is None:
            raise Refusal("NOT_FOUND", "The smart process is not found")
        return found

    def _found(self, params: dict[str, Any]) -> dict[str, Any]:
        kind = self._type(params)
        wanted = whole(params.get("id"))
        found = next((i for i in self.items if (i["id"], i["entityTypeId"]) == (wanted, kind["entityTypeId"])), None)
        if found is None:
            raise Refusal("NOT_FOUND", "The item is not found")
        return found

    def _own(self, kind: dict[str, Any]) -> list[dict[str, Any]]:
        return [f for f in self.fields if f["entityId"] == f"CRM_{kind['id']}"]

    def _stages(self, kind: dict[str, Any]) -> list[str]:
        ours = [s for s in self.statuses if s["ENTITY_ID"].startswith(f"DYNAMIC_{kind['entityTypeId']}_STAGE_")]
        return [str(s["STATUS_ID"]) for s in sorted(ours, key=lambda s: whole(s["SORT"]))]

    def _switched_on(self, kind: dict[str, Any]) -> list[str]:
        return [name for name, switch in _BY_SWITCH.items() if kind.get(switch) == "Y"]

    def _values(self, kind: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        """What of the given fields counts; unknown ones are passed over, wrong values are refused."""
        own = {f["fieldName"]: f for f in self._own(kind)}
        names = (*_PLAIN, "stageId", "categoryId", "assignedById", *self._switched_on(kind), *own)
        values = {name: value for name, value in given.items() if name in names}
        if "stageId" in values and values["stageId"] not in self._stages(kind):
            raise Refusal("CRM_FIELD_ERROR_VALUE_NOT_VALID", "stageId is no stage of this smart process")
        for name in ("begindate", "closedate"):
            if values.get(name) and not _DATE.fullmatch(str(values[name])):
                raise Refusal("CRM_FIELD_ERROR_VALUE_NOT_VALID", f"{name} is no date")
        if "observers" in values and not isinstance(values["observers"], list):
            raise Refusal("100", "observers must be a list")
        for name, field in own.items():
            if name in values and field["multiple"] == "Y" and not isinstance(values[name], list):
                raise Refusal("100", f"{name} must be a list")
            if name in values and field["userTypeId"] == "file":
                values[name] = self._files(name, values[name])
        return values

    def _files(self, name: str, given: list[Any]) -> list[dict[str, Any]]:
        files = []
        for pair in given:
            if not (isinstance(pair, list) and len(pair) == 2):
                raise Refusal("CRM_FIELD_ERROR_VALUE_NOT_VALID", f'{name}: a file is ["name", "base64"]')
            files.append({"name": pair[0], "size": len(pair[1]) * 3 // 4})
        return files
