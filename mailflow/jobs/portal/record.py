"""The invoice's own record: an item of the smart process, or an element of the universal list."""

from __future__ import annotations

from typing import Any

from mailflow.approval.effects import PortalChange, RecordPlace
from mailflow.approval.invoice import Invoice
from mailflow.errors import PermanentFailure, PortalRefused
from mailflow.jobs.portal.bench import Bench
from mailflow.jobs.portal.creation import Creation, Maker
from mailflow.jobs.portal.drive import safe_name
from mailflow.jobs.portal.request import Request, file_content, with_contents
from mailflow.jobs.portal.setup import LIST_TYPE
from mailflow.outbound.cleaning import one_line, paragraph
from mailflow.outbound.portal_names import names_in
from mailflow.store.portal import PortalObject

_NOT_FOUND = ("NOT_FOUND", "ERROR_ELEMENT_NOT_FOUND")
_THERE = "ERROR_ELEMENT_ALREADY_EXISTS"


def show_record(bench: Bench, change: PortalChange, maker: Maker) -> int:
    """Makes the record, or brings it to how the invoice stands."""
    record = ListElement() if bench.setup.place is RecordPlace.LIST else Item()
    with bench.store.begin() as uow:
        known = uow.portal.get(change.about)
    if known is None:
        return maker.make(bench, change, record)
    if known.remote_id is None:  # an earlier change was asked for, and how it ended was not known
        made = maker.make(bench, change, record)
        record.update(bench, change, made)
        return made
    if known.gone:
        raise bench.vanished(change.about)
    try:
        record.update(bench, change, known.remote_id)
    except PortalRefused as refusal:
        if refusal.code in _NOT_FOUND:
            raise bench.vanished(change.about) from None
        raise
    return known.remote_id


class Item(Creation):
    """An item of the smart process (Bitrix24 REST: crm.item)."""

    def key(self, change: PortalChange) -> str:
        """One record for all changes."""
        return change.about

    def request(self, bench: Bench, change: PortalChange) -> Request:
        """crm.item.add."""
        own = {"xmlId": xml_id(change.invoice.number), "categoryId": bench.setup.category_id}
        fields = {**own, **self._fields(bench, change, with_files=True)}
        return Request("crm.item.add", {**self._where(bench), "fields": fields})

    def update(self, bench: Bench, change: PortalChange, remote_id: int) -> None:
        """crm.item.update: nothing is saved where nothing differs."""
        fields = self._fields(bench, change, with_files=bool(change.facts.get("files")))
        params = {**self._where(bench), "id": remote_id, "fields": fields}
        bench.portal.call("crm.item.update", with_contents(params, bench.read_file))

    def look(self, bench: Bench, change: PortalChange, sent: PortalObject) -> list[int]:
        """By xmlId, or by the field with the number where xmlId cannot be asked for."""
        by_number = bench.setup.fields.get("number")
        name, value = "xmlId", xml_id(change.invoice.number)
        if not bench.setup.xml_id_filters and by_number:
            name, value = by_number, change.invoice.number
        asked = {**self._where(bench), "select": ["id", name], "filter": {f"={name}": value}}
        items = bench.portal.call("crm.item.list", asked).result["items"]
        return [int(item["id"]) for item in items if str(item.get(name)) == value]  # a filter may be ignored

    def identity(self, result: Any) -> int:
        """The id within `item`."""
        return int(result["item"]["id"])

    def _where(self, bench: Bench) -> dict[str, Any]:
        return {"entityTypeId": bench.setup.entity_type_id, "useOriginalUfNames": "Y"}

    def _fields(self, bench: Bench, change: PortalChange, with_files: bool) -> dict[str, Any]:
        invoice, setup = change.invoice, bench.setup
        assignee = bench.user(str(change.facts["assignee"]))
        stage = setup.stages.get(invoice.status.value)
        if stage is None:
            raise PermanentFailure(f"Bitrix24 has no stage for invoices {invoice.status}. Run `bitrix24 setup`.")
        fields: dict[str, Any] = {
            "title": bench.texts.title("record_title", change),
            "stageId": stage,
            "assignedById": assignee or setup.owner,
            "observers": bench.users([invoice.submitter, invoice.accountant]),
            "begindate": bench.company.today(invoice.created_at).isoformat(),
        }
        if invoice.amount:
            fields |= {"isManualOpportunity": "Y", "currencyId": invoice.amount.currency}
            fields["opportunity"] = float(invoice.amount.amount)
        if invoice.pay_date:
            fields["closedate"] = (invoice.payment.due if invoice.payment else invoice.pay_date).isoformat()
        own = {
            "contragent": one_line(invoice.counterparty),
            "reason": paragraph(invoice.comment),
            "number": invoice.number,
        }
        fields |= {setup.fields[name]: value for name, value in own.items() if name in setup.fields}
        if with_files and "file" in setup.fields and invoice.attachments:
            fields[setup.fields["file"]] = _contents(invoice)
        return fields


class ListElement(Creation):
    """An element of the universal list (Bitrix24 REST: lists). Its ELEMENT_CODE is unique in the portal itself."""

    def key(self, change: PortalChange) -> str:
        """One record for all changes."""
        return change.about

    def request(self, bench: Bench, change: PortalChange) -> Request:
        """lists.element.add."""
        return Request("lists.element.add", {**self._where(bench, change), "FIELDS": self._fields(bench, change)})

    def update(self, bench: Bench, change: PortalChange, remote_id: int) -> None:
        """lists.element.update: it overwrites the whole element, so everything is given."""
        params = {**self._where(bench, change), "ELEMENT_ID": remote_id, "FIELDS": self._fields(bench, change)}
        bench.portal.call("lists.element.update", with_contents(params, bench.read_file))

    def look(self, bench: Bench, change: PortalChange, sent: PortalObject) -> list[int]:
        """By ELEMENT_CODE."""
        found = bench.portal.call("lists.element.get", self._where(bench, change)).result
        return [int(e["ID"]) for e in found if e.get("CODE", change.invoice.number) == change.invoice.number]

    def is_there_already(self, refusal: PortalRefused) -> bool:
        """The portal keeps the code unique."""
        return refusal.code == _THERE

    def _where(self, bench: Bench, change: PortalChange) -> dict[str, Any]:
        return {
            "IBLOCK_TYPE_ID": LIST_TYPE,
            "IBLOCK_ID": bench.setup.list_id,
            "ELEMENT_CODE": change.invoice.number,
        }

    def _fields(self, bench: Bench, change: PortalChange) -> dict[str, Any]:
        invoice, setup = change.invoice, bench.setup
        submitter = bench.user(invoice.submitter)
        due = invoice.payment.due if invoice.payment else invoice.pay_date
        values: dict[str, Any] = {
            "contragent": one_line(invoice.counterparty),
            "reason": paragraph(invoice.comment),
            "status": names_in(bench.company.language).stages[invoice.status],
            "amount": f"{invoice.amount.amount}|{invoice.amount.currency}" if invoice.amount else "",
            "pay_date": due.isoformat() if due else "",
            "submitter": submitter or "",
            "file": _contents(invoice),
        }
        own = {setup.fields[name]: value for name, value in values.items() if name in setup.fields}
        return {"NAME": bench.texts.title("record_title", change), **own}


def xml_id(number: str) -> str:
    """The machine's mark on a record."""
    return f"mailflow:{number}"


def _contents(invoice: Invoice) -> list[dict[str, str]]:
    return [file_content(safe_name(a.filename), a.sha256) for a in invoice.attachments]
