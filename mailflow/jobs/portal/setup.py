"""How the portal is set up for mailflow: found or made once, repeatable, and remembered (`bitrix24 setup`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mailflow.approval.effects import PortalKind, RecordPlace
from mailflow.approval.lifecycle import Status
from mailflow.errors import PermanentFailure, PortalClosed, PortalRefused
from mailflow.outbound.portal_names import FOLDER, NAMES, PortalNames, names_in
from mailflow.ports import Portal
from mailflow.store.engine import Store


@dataclass(frozen=True)
class Setup:
    """The ids of everything in the portal that mailflow works with; 0 or empty where the settings switch it off.

    `stages` are by status, `fields` the portal's names of our fields; `xml_id_filters`: items can be looked up by
    xmlId; `rest3`: tasks can be made by REST 3.0.
    """

    owner: int
    place: RecordPlace
    entity_type_id: int = 0
    category_id: int = 0
    stages: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    xml_id_filters: bool = True
    list_id: int = 0
    folder: int = 0
    section: int = 0
    rest3: bool = False

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Setup:
        """From JSON values."""
        return cls(**{**document, "place": RecordPlace(document["place"])})

    @property
    def crm_binding(self) -> str:
        """What binds a task to an item of the smart process, such as T40c (Bitrix24 REST: CRM data types)."""
        return f"T{self.entity_type_id:x}"


NOT_SET_UP = Setup(0, RecordPlace.SMART_PROCESS)


def kept_setup(store: Store) -> Setup | None:
    """How the portal was set up last; None where it never was."""
    with store.begin() as uow:
        kept = uow.portal.setup()
    return Setup.read(kept) if kept else None


LIST_TYPE = "lists"
_LIST_CODE = "mailflow_invoices"
_STAGES = {
    Status.INCOMPLETE: "NEW",
    Status.IN_APPROVAL: "PREPARATION",
    Status.TO_PAY: "CLIENT",
    Status.PAID: "SUCCESS",
    Status.REJECTED: "FAIL",
    Status.WITHDRAWN: "WITHDRAWN",
}
"""In the portal's order: under way, success, failure. All but the last are there in a new smart process."""

_SEMANTICS = {Status.PAID: "S", Status.REJECTED: "F", Status.WITHDRAWN: "F"}
_PROCESS_SWITCHES = {
    "isStagesEnabled": "Y",
    "isBeginCloseDatesEnabled": "Y",
    "isLinkWithProductsEnabled": "Y",
    "isObserversEnabled": "Y",
    "isUseInUserfieldEnabled": "Y",
    "linkedUserFields": {"TASKS_TASK|UF_CRM_TASK": "true", "CALENDAR_EVENT|UF_CRM_CAL_EVENT": "true"},
}
_CALENDAR_COLOUR = "#9DCF00"
_ALREADY_THERE = "DISK_OBJ_22000"


@dataclass(frozen=True)
class SettingUp:
    """One run of the set-up. `said` hears a line for people about each thing that was found or made.

    `known` is the set-up before: its things are found again whatever they are called now.
    """

    portal: Portal
    language: str
    kinds: Collection[PortalKind]
    place: RecordPlace
    known: Setup = NOT_SET_UP
    said: Callable[[str], None] = lambda line: None

    @property
    def names(self) -> PortalNames:
        """What our things are called."""
        return names_in(self.language)

    def run(self) -> Setup:
        """Finds or makes everything. Raises what the portal raises; to run it again makes nothing twice."""
        owner = int(self.portal.call("profile").result["ID"])
        self.said(f"the webhook acts as user {owner}")
        setup: dict[str, Any] = {"owner": owner, "place": self.place}
        if PortalKind.RECORD in self.kinds:
            setup |= self._process() if self.place is RecordPlace.SMART_PROCESS else self._list()
        if PortalKind.FILES in self.kinds:
            setup["folder"] = self._folder()
        if PortalKind.CALENDAR in self.kinds:
            setup["section"] = self._section(owner)
        if PortalKind.TASKS in self.kinds:
            setup["rest3"] = self._has_rest3()
        return Setup(**setup)

    def _process(self) -> dict[str, Any]:
        found = self._smart_process()
        entity_type_id, type_id = int(found["entityTypeId"]), int(found["id"])
        categories = self.portal.call("crm.category.list", {"entityTypeId": entity_type_id}).result["categories"]
        category = next((c for c in categories if c.get("isDefault") == "Y"), categories[0])
        category_id = int(category["id"])
        asked = {"entityTypeId": entity_type_id, "useOriginalUfNames": "Y"}
        there = self.portal.call("crm.item.fields", asked).result["fields"]
        codes = {name: f"UF_CRM_{type_id}_{name.upper()}" for name in process_fields(self.names)}
        is_new = entity_type_id != self.known.entity_type_id and not any(code in there for code in codes.values())
        return {
            "entity_type_id": entity_type_id,
            "category_id": category_id,
            "stages": self._stages(f"DYNAMIC_{entity_type_id}_STAGE_{category_id}", is_new),
            "fields": self._process_fields(type_id, codes, there),
            "xml_id_filters": self._xml_id_filters(entity_type_id),
        }

    def _smart_process(self) -> Mapping[str, Any]:
        titles = dict.fromkeys(names.process for names in (self.names, *NAMES.values()))
        known = [("entityTypeId", self.known.entity_type_id)] if self.known.entity_type_id else []
        for name, wanted in (*known, *(("title", title) for title in titles)):
            types = self.portal.call("crm.type.list", {"filter": {name: wanted}}).result["types"]
            if found := sorted((t for t in types if str(t[name]) == str(wanted)), key=lambda t: int(t["id"])):
                self.said(f"smart process “{found[0]['title']}”: there, entityTypeId {found[0]['entityTypeId']}")
                return dict(found[0])
        made = self.portal.call("crm.type.add", {"fields": {"title": self.names.process, **_PROCESS_SWITCHES}})
        made_type: Mapping[str, Any] = made.result["type"]
        self.said(f"smart process “{self.names.process}”: made, entityTypeId {made_type['entityTypeId']}")
        return made_type

    def _stages(self, entity: str, is_new: bool) -> dict[str, str]:
        """The stage of each status; one that is missing is made, right after the one before it.

        Our names are given to a new process only: later ones are the people's own.
        """
        rows, sort = self._statuses(entity), 0
        for status in _STAGES:
            if there := self._stage_of(status, rows):
                sort = int(there["SORT"])
                if is_new:
                    change = {"id": int(there["ID"]), "fields": {"NAME": self.names.stages[status]}}
                    self.portal.call("crm.status.update", change)
            else:
                sort += 1
                self._add_stage(entity, status, sort)
        rows = self._statuses(entity)
        stages = {status: str(row["STATUS_ID"]) for status in _STAGES if (row := self._stage_of(status, rows))}
        stages.setdefault(Status.WITHDRAWN, stages[Status.REJECTED])
        self.said(f"stages: {', '.join(str(row['NAME']) for row in rows)}")
        return {status.value: stage for status, stage in stages.items()}

    def _statuses(self, entity: str) -> list[Mapping[str, Any]]:
        found = self.portal.call("crm.status.list", {"order": {"SORT": "ASC"}, "filter": {"ENTITY_ID": entity}})
        return list(found.result)

    def _stage_of(self, status: Status, rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """By our code, else the one that people have made by hand under our name."""
        by_code = {str(row["STATUS_ID"]).rpartition(":")[2]: row for row in rows}
        by_hand = {row["NAME"]: row for code, row in by_code.items() if code not in _STAGES.values()}
        return by_code.get(_STAGES[status]) or by_hand.get(self.names.stages[status])

    def _add_stage(self, entity: str, status: Status, sort: int) -> None:
        name = self.names.stages[status]
        stage = {"ENTITY_ID": entity, "STATUS_ID": _STAGES[status], "NAME": name, "SORT": sort}
        if semantics := _SEMANTICS.get(status):
            stage["SEMANTICS"] = semantics
        try:
            self.portal.call("crm.status.add", {"fields": stage})
        except PortalRefused as refusal:
            if status is not Status.WITHDRAWN:
                mend = f"Make the stage “{name}” in the smart process by hand, then run `bitrix24 setup`."
                raise PermanentFailure(f"{refusal}. {mend}") from None
            self.said(f"stage “{name}” could not be made: {refusal.said or refusal.code}")

    def _process_fields(self, type_id: int, codes: Mapping[str, str], there: Collection[str]) -> dict[str, str]:
        return {
            name: codes[name]
            for name, (kind, label, several) in process_fields(self.names).items()
            if codes[name] in there or self._add_field(type_id, codes[name], kind, label, several)
        }

    def _add_field(self, type_id: int, code: str, kind: str, label: str, several: str) -> bool:
        wanted = {
            "entityId": f"CRM_{type_id}",
            "fieldName": code,
            "userTypeId": kind,
            "multiple": several,
            "editFormLabel": {"ru": label, "en": label},
        }
        try:
            self.portal.call("userfieldconfig.add", {"moduleId": "crm", "field": wanted})
        except PortalRefused as refusal:
            self.said(f"field “{label}” could not be made: {refusal.said or refusal.code}")
            return False
        self.said(f"field “{label}”: made")
        return True

    def _xml_id_filters(self, entity_type_id: int) -> bool:
        """Whether items can be found by xmlId: no documentation promises it, so it is tried."""
        try:
            asked = {"entityTypeId": entity_type_id, "filter": {"=xmlId": "mailflow:probe"}}
            return not self.portal.call("crm.item.list", asked).result["items"]
        except PortalRefused:
            return False

    def _list(self) -> dict[str, Any]:
        where = {"IBLOCK_TYPE_ID": LIST_TYPE, "IBLOCK_CODE": _LIST_CODE}
        found = self.portal.call("lists.get", where).result
        if found:
            list_id = int(found[0]["ID"])
            self.said(f"universal list “{found[0].get('NAME', _LIST_CODE)}”: there")
        else:
            list_id = int(self.portal.call("lists.add", {**where, "FIELDS": {"NAME": self.names.process}}).result)
            self.said(f"universal list “{self.names.process}”: made")
        return {"list_id": list_id, "fields": self._list_fields({"IBLOCK_TYPE_ID": LIST_TYPE, "IBLOCK_ID": list_id})}

    def _list_fields(self, where: Mapping[str, Any]) -> dict[str, str]:
        by_code = {str(row.get("CODE") or ""): str(row["FIELD_ID"]) for row in list_field_rows(self.portal, where)}
        fields = {}
        for name, (kind, label, several) in list_fields(self.names).items():
            code = f"MAILFLOW_{name.upper()}"
            if code in by_code:
                fields[name] = by_code[code]
            else:
                new = {"NAME": label, "TYPE": kind, "CODE": code, "MULTIPLE": several, "IS_REQUIRED": "N"}
                fields[name] = str(self.portal.call("lists.field.add", {**where, "FIELDS": new}).result)
                self.said(f"field “{label}”: made")
        return fields

    def _folder(self) -> int:
        storages = self.portal.call("disk.storage.getlist", {"filter": {"ENTITY_TYPE": "common"}}).result
        root = int(storages[0]["ROOT_OBJECT_ID"])
        if folder := self._known_folder() or self._child(root):
            self.said(f"Drive folder “{FOLDER}”: there")
            return folder
        try:
            made = self.portal.call("disk.folder.addsubfolder", {"id": root, "data": {"NAME": FOLDER}})
        except PortalRefused as refusal:
            folder = self._child(root) if refusal.code == _ALREADY_THERE else None
            if folder is None:
                raise
            return folder
        self.said(f"Drive folder “{FOLDER}”: made")
        return int(made.result["ID"])

    def _known_folder(self) -> int | None:
        try:
            is_there = bool(self.known.folder) and not is_in_the_bin(self.portal, self.known.folder)
        except PortalRefused:
            return None
        return self.known.folder if is_there else None

    def _child(self, root: int) -> int | None:
        children = self.portal.call("disk.folder.getchildren", {"id": root, "filter": {"NAME": FOLDER}}).result
        return _lowest(child["ID"] for child in children if child["NAME"] == FOLDER)

    def _section(self, owner: int) -> int:
        of_owner = {"type": "user", "ownerId": owner}
        ours = {names.calendar for names in NAMES.values()}
        sections = self.portal.call("calendar.section.get", of_owner).result
        known = [s["ID"] for s in sections if int(s["ID"]) == self.known.section]
        if found := _lowest(known or (s["ID"] for s in sections if s["NAME"] in ours)):
            self.said(f"calendar “{self.names.calendar}”: there")
            return found
        made = self.portal.call(
            "calendar.section.add", {**of_owner, "name": self.names.calendar, "color": _CALENDAR_COLOUR}
        )
        self.said(f"calendar “{self.names.calendar}”: made")
        return int(made.result)

    def _has_rest3(self) -> bool:
        """Whether tasks can be made with an Idempotency-Key; older portals have no REST 3.0, and do without."""
        if "tasks" not in self.portal.call("scope").result:
            return False
        try:
            self.portal.call_v3("tasks.task.list", {"select": ["id"], "pagination": {"page": 1, "limit": 1}})
        except (PortalRefused, PortalClosed):
            return False
        return True


def process_fields(names: PortalNames) -> dict[str, tuple[str, str, str]]:
    """The fields of our own that a record in the smart process has: type, label, whether it holds several values."""
    return {
        "contragent": ("string", names.counterparty, "N"),
        "reason": ("string", names.comment, "N"),
        "number": ("string", names.number, "N"),
        "file": ("file", names.files, "Y"),
    }


def list_fields(names: PortalNames) -> dict[str, tuple[str, str, str]]:
    """The same of the universal list."""
    return {
        "contragent": ("S", names.counterparty, "N"),
        "reason": ("S", names.comment, "N"),
        "status": ("S", names.status, "N"),
        "amount": ("S:Money", names.amount, "N"),
        "pay_date": ("S:Date", names.pay_date, "N"),
        "submitter": ("S:employee", names.submitter, "N"),
        "file": ("F", names.files, "Y"),
    }


def list_field_rows(portal: Portal, where: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The fields of a universal list as the portal has them."""
    there = portal.call("lists.field.get", where).result
    return list(there.values() if isinstance(there, Mapping) else there)


def is_in_the_bin(portal: Portal, folder: int) -> bool:
    """Whether somebody has thrown a folder of the Drive away (`DELETED_TYPE`: 0 there, 3 and 4 not)."""
    found = portal.call("disk.folder.get", {"id": folder}).result
    return str(found.get("DELETED_TYPE") or 0) != "0"


def _lowest(ids: Iterable[Any]) -> int | None:
    return min((int(i) for i in ids), default=None)
