"""What `check` tries in the portal: whose webhook it is, what it may do, whether everything mailflow needs is there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailflow.approval.effects import PortalKind, RecordPlace
from mailflow.approval.lifecycle import Status
from mailflow.errors import Parked, PortalClosed, PortalRefused, TransientFailure
from mailflow.jobs.portal.people import People
from mailflow.jobs.portal.setup import LIST_TYPE, Setup, is_in_the_bin, list_field_rows, list_fields, process_fields
from mailflow.outbound.portal_names import PortalNames
from mailflow.ports import Portal

_MOST_SKEW = timedelta(minutes=5)
_SCOPES = {
    PortalKind.FILES: ("disk",),
    PortalKind.RECORD: ("crm",),
    PortalKind.FEED: ("log",),
    PortalKind.TASKS: ("task",),
    PortalKind.CALENDAR: ("calendar",),
    PortalKind.NOTIFICATIONS: ("im",),
    PortalKind.TIMELINE: ("crm",),
}
_METHODS = {
    PortalKind.FILES: ("disk.folder.uploadfile", "disk.folder.getchildren"),
    PortalKind.RECORD: ("crm.item.add", "crm.item.update", "crm.item.list"),
    PortalKind.FEED: ("log.blogpost.add", "log.blogpost.share", "log.blogcomment.add"),
    PortalKind.TASKS: ("tasks.task.add", "tasks.task.update", "tasks.task.complete", "task.checklistitem.add"),
    PortalKind.CALENDAR: ("calendar.event.add", "calendar.event.update", "calendar.event.delete"),
    PortalKind.NOTIFICATIONS: ("im.notify.system.add",),
    PortalKind.TIMELINE: ("crm.timeline.comment.add",),
}
_LIST_METHODS = ("lists.element.add", "lists.element.update", "lists.element.get")
_PEOPLE = ("user", "user_basic")
_AGAIN = "Run `bitrix24 setup`: it makes what is missing."


@dataclass(frozen=True)
class Finding:
    """One thing that was tried: whether it is well, what it is, what to do where it is not."""

    ok: bool
    what: str
    mend: str = ""


_Question = Callable[[], Iterator[Finding]]


@dataclass(frozen=True)
class Doctor:
    """Looks only, and makes nothing. `setup` is how the portal was set up, None where it was not yet."""

    portal: Portal
    names: PortalNames
    kinds: Collection[PortalKind]
    place: RecordPlace
    setup: Setup | None
    people: Collection[str]
    with_departments: bool
    now: datetime

    def examine(self) -> Iterator[Finding]:
        """Every finding, in the order of asking; where the portal cannot be spoken to at all, that is the last."""
        for question in (*self._of_the_webhook, *self._of_the_setup):
            try:
                yield from question()
            except PortalClosed as closed:
                yield Finding(False, str(closed), closed.mend)
                if question == self._owner:  # it needs no right: the portal is closed to every other as well
                    return
            except PortalRefused as refusal:
                yield Finding(False, str(refusal), _AGAIN if question in self._of_the_setup else "")
            except Parked as rests:
                yield Finding(False, str(rests))
            except TransientFailure as away:
                yield Finding(False, str(away))
                return

    @property
    def _of_the_webhook(self) -> tuple[_Question, ...]:
        return self._owner, self._scopes, self._clock, self._methods, self._persons

    @property
    def _of_the_setup(self) -> tuple[_Question, ...]:
        return self._set_up, self._smart_process, self._list, self._calendar, self._drive

    def _owner(self) -> Iterator[Finding]:
        profile = self.portal.call("profile").result
        is_admin = profile.get("ADMIN") in (True, "Y", "true")
        rights = (
            "an administrator" if is_admin else "no administrator: `bitrix24 setup` needs one to make a smart process"
        )
        name = f"{profile.get('NAME', '')} {profile.get('LAST_NAME', '')}".strip()
        yield Finding(True, f"the webhook acts as user {profile['ID']}{f' ({name})' if name else ''}, {rights}")
        if self.setup and self.setup.owner != int(profile["ID"]):
            yield Finding(False, f"it was set up by another webhook, of user {self.setup.owner}", _AGAIN)

    def _scopes(self) -> Iterator[Finding]:
        has = set(self.portal.call("scope").result)
        needed = dict.fromkeys(scope for kind in self._shown for scope in self._scopes_of(kind))
        if self.setup and self.setup.rest3:
            needed["tasks"] = None
        if self.with_departments:
            needed["department"] = None
        missing = [scope for scope in needed if scope not in has]
        if not has.intersection(_PEOPLE):
            missing.append("user_basic")
        if self.setup is None and PortalKind.RECORD in self.kinds and self.place is RecordPlace.SMART_PROCESS:
            missing += [scope for scope in ("userfieldconfig",) if scope not in has]
        for scope in missing:
            mend = f"Open the incoming webhook in Bitrix24 and tick “{scope}” among its rights."
            yield Finding(False, f"the webhook lacks the right “{scope}”", mend)
        if not missing:
            yield Finding(True, f"the webhook has every right that is needed: {', '.join(sorted(needed))}, user_basic")
        if PortalKind.TASKS in self.kinds and not {"tasks"}.intersection(has, needed):
            hint = "without the right “tasks” tasks are made by the older interface, without an Idempotency-Key"
            yield Finding(True, hint)

    def _scopes_of(self, kind: PortalKind) -> Iterable[str]:
        return ("lists",) if kind is PortalKind.RECORD and self.place is RecordPlace.LIST else _SCOPES[kind]

    def _clock(self) -> Iterator[Finding]:
        there = datetime.fromisoformat(str(self.portal.call("server.time").result))
        skew = abs(there - self.now)
        if skew > _MOST_SKEW:
            yield Finding(False, f"the clocks differ by {skew}", "Set this machine's clock, best by NTP.")

    def _methods(self) -> Iterator[Finding]:
        used = dict.fromkeys(method for kind in self._shown for method in self._methods_of(kind))
        answers = self.portal.batch({name: ("method.get", {"name": name}) for name in used})
        lacking = [name for name in used if not _is_available(answers.get(name))]
        for name in lacking:
            mend = "Tick the right it needs in the webhook, or switch its kind off under bitrix24.shows."
            yield Finding(False, f"the method {name} is not available", mend)
        if used and not lacking:
            yield Finding(True, f"all {len(used)} methods that are used are available")

    def _methods_of(self, kind: PortalKind) -> Iterable[str]:
        return _LIST_METHODS if kind is PortalKind.RECORD and self.place is RecordPlace.LIST else _METHODS[kind]

    @property
    def _shown(self) -> list[PortalKind]:
        """The kinds in use: a record in a list has no timeline."""
        has_timeline = self.place is RecordPlace.SMART_PROCESS
        return [kind for kind in self.kinds if kind is not PortalKind.TIMELINE or has_timeline]

    def _set_up(self) -> Iterator[Finding]:
        setup = self.setup
        if setup is None:
            yield Finding(True, "not set up yet: `bitrix24 setup` does it, or the first invoice")
            return
        if setup.place is not self.place:
            yield Finding(False, f"it was set up for record_as: {setup.place.value}", _AGAIN)
        made = {
            PortalKind.RECORD: setup.entity_type_id or setup.list_id,
            PortalKind.FILES: setup.folder,
            PortalKind.CALENDAR: setup.section,
        }
        for kind, there in made.items():
            if kind in self.kinds and not there:
                yield Finding(False, f"it was set up without {kind.value}, which the settings want to be shown", _AGAIN)

    def _smart_process(self) -> Iterator[Finding]:
        setup = self.setup
        if setup is None or not setup.entity_type_id:
            return
        asked = {"entityTypeId": setup.entity_type_id, "useOriginalUfNames": "Y"}
        there = self.portal.call("crm.item.fields", asked).result["fields"]
        for name, (_, label, _) in process_fields(self.names).items():
            if setup.fields.get(name) not in there:
                yield Finding(False, f"the field “{label}” of the smart process is gone", _AGAIN)
        entity = f"DYNAMIC_{setup.entity_type_id}_STAGE_{setup.category_id}"
        rows = self.portal.call("crm.status.list", {"filter": {"ENTITY_ID": entity}}).result
        names = {str(row["STATUS_ID"]): str(row["NAME"]) for row in rows}
        for status in Status:
            if setup.stages.get(status.value) not in names:
                yield Finding(False, f"the stage “{self.names.stages[status]}” is gone", _AGAIN)
        stages = ", ".join(names[stage] for stage in setup.stages.values() if stage in names)
        yield Finding(True, f"smart process {setup.entity_type_id} with the stages {stages}")

    def _list(self) -> Iterator[Finding]:
        setup = self.setup
        if setup is None or not setup.list_id:
            return
        where = {"IBLOCK_TYPE_ID": LIST_TYPE, "IBLOCK_ID": setup.list_id}
        if not self.portal.call("lists.get", where).result:
            yield Finding(False, "the universal list is gone", _AGAIN)
            return
        there = {str(row["FIELD_ID"]) for row in list_field_rows(self.portal, where)}
        for name, (_, label, _) in list_fields(self.names).items():
            if setup.fields.get(name) not in there:
                yield Finding(False, f"the field “{label}” of the universal list is gone", _AGAIN)
        yield Finding(True, "the universal list is there")

    def _calendar(self) -> Iterator[Finding]:
        setup = self.setup
        if setup is None or not setup.section:
            return
        sections = self.portal.call("calendar.section.get", {"type": "user", "ownerId": setup.owner}).result
        there = any(int(section["ID"]) == setup.section for section in sections)
        yield Finding(there, f"the payment calendar is {'there' if there else 'gone'}", _AGAIN)

    def _drive(self) -> Iterator[Finding]:
        if self.setup and self.setup.folder:
            in_the_bin = is_in_the_bin(self.portal, self.setup.folder)
            yield Finding(not in_the_bin, f"the Drive folder is {'in the bin' if in_the_bin else 'there'}", _AGAIN)

    def _persons(self) -> Iterator[Finding]:
        known = People(self.portal)
        unknown = [person for person in self.people if known.id_of(person, self.now) is None]
        found = len(self.people) - len(unknown)
        yield Finding(True, f"{found} of {len(self.people)} people of the settings have an account")
        for person in unknown:
            yield Finding(True, f"{person} has no account: served by mail alone")
        if self.with_departments:
            departments = self.portal.call("department.get", {"sort": "ID", "order": "ASC"})
            count = departments.total or len(departments.result)
            yield Finding(bool(count), f"{count} departments can be read", "Tick “department” in the webhook.")


def _is_available(answer: object) -> bool:
    result = getattr(answer, "result", None)
    return bool(result and result.get("isExisting") and result.get("isAvailable"))
