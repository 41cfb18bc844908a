"""Notifications, and comments in the record's timeline (Bitrix24 REST: im, crm.timeline)."""

from __future__ import annotations

from typing import Any

from mailflow.approval.effects import PortalChange, RecordPlace
from mailflow.jobs.portal.bench import Bench, NotShown
from mailflow.jobs.portal.creation import Creation
from mailflow.jobs.portal.request import Request
from mailflow.store.portal import PortalObject

_CLIENT = "mailflow"
"""With a webhook a TAG works only together with a CLIENT_ID, a constant of ours."""


def notify(bench: Bench, change: PortalChange) -> None:
    """im.notify.system.add: a notification takes the place of an earlier one with its TAG, so it may be repeated.

    Raises NotShown where the person has no account.
    """
    user = bench.user(str(change.facts["to"]))
    if user is None:
        raise NotShown(f"{change.facts['to']} has no account in the portal")
    number = change.invoice.number
    params = {
        "USER_ID": user,
        "MESSAGE": bench.texts.text("notice", change),
        "TAG": f"MAILFLOW:{number}:{change.facts['tag']}",
        "SUB_TAG": f"MAILFLOW:{number}",
        "CLIENT_ID": _CLIENT,
    }
    bench.portal.call("im.notify.system.add", params)


class TimelineComment(Creation):
    """A comment in the timeline of the item; its mark is the invoice's number and version at its end."""

    def request(self, bench: Bench, change: PortalChange) -> Request:
        """crm.timeline.comment.add. Raises NotShown where the record is no item of a smart process."""
        if bench.setup.place is not RecordPlace.SMART_PROCESS:
            raise NotShown("an element of a universal list has no timeline")
        owner = self._owner(bench, bench.parent(change))
        fields = {**owner, "COMMENT": bench.texts.text("comment", change)}
        return Request("crm.timeline.comment.add", {"fields": fields})

    def look(self, bench: Bench, change: PortalChange, sent: PortalObject) -> list[int]:
        """By the mark."""
        fields = sent.request["params"]["fields"]
        asked = {
            "filter": self._owner(bench, fields["ENTITY_ID"]),
            "select": ["ID", "COMMENT"],
            "order": {"ID": "DESC"},
        }
        comments = bench.portal.call("crm.timeline.comment.list", asked).result
        mark = f"({change.facts['mark']})"
        return [int(comment["ID"]) for comment in comments if mark in str(comment["COMMENT"])]

    def _owner(self, bench: Bench, item: int) -> dict[str, Any]:
        return {"ENTITY_ID": item, "ENTITY_TYPE": f"dynamic_{bench.setup.entity_type_id}"}
