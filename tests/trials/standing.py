"""How things stand in a database: all of it, or what happened without when it happened."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from tests.trials.databases import rows

TABLES = ("inbox", "inbox_location", "raw_mail", "invoice", "history", "outbox", "reference", "invite_uid")
TABLES += ("invoice_file", "file")

Standing = dict[str, list[str]]

_OF_THE_TRYING = {
    "inbox": {"next_attempt_at", "leased_until", "leased_by", "received_at"},
    "inbox_location": {"id", "uid", "uidvalidity"},
    "outbox": {"next_attempt_at", "leased_until", "leased_by", "last_error", "answer"},
}
"""Who tried something and when, and the mailbox's own numbers: the rest must be equal to the byte."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)")


def standing(url: str) -> Standing:
    """Everything that is remembered, a line a row.

    For an id stands which one of its table it is: PostgreSQL leaves out the number of a row that was taken back.
    """
    found = rows(url, *TABLES)
    found["history"] = _told(found["history"])
    ranks = {table: {row["id"]: rank for rank, row in enumerate(_by_id(found[table]))} for table in ("inbox", "outbox")}
    return {
        table: sorted(repr(_ranked(table, _without(table, row), ranks)) for row in of_it)
        for table, of_it in found.items()
    }


def _told(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The histories, where it is all one which of several mails was delivered first.

    So the places in the chain, and the chain itself, are left out; that it holds is looked at elsewhere.
    """
    told, decided = [], Counter[str]()
    for line in sorted(lines, key=lambda line: (line["number"], line["position"])):
        rest = {name: value for name, value in line.items() if name not in ("position", "hash")}
        if line["event"] != "mail_sent":
            rest["rank"] = decided[line["number"]]
            decided[line["number"]] += 1
        told.append(rest)
    return told


def outline(url: str) -> Standing:
    """What happened and what came of it, without times, and without what is made from times."""
    found = rows(url, *TABLES)
    return {
        "inbox": _lines(found["inbox"], "sender", "state", "kind", "number", "reason"),
        "places": _lines(found["inbox_location"], "folder", "filed"),
        "invoice": _lines(found["invoice"], "number", "status", "waits_for", "due", "version", "document"),
        "history": _lines(found["history"], "number", "event", "actor", "message_id", "evidence", "details"),
        "outbox": _lines(found["outbox"], "number", "kind", "recipient", "state"),
        "reference": _lines(found["reference"], "number", "revision", "asks", "person", "digest", "step"),
    }


def _without(table: str, row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _OF_THE_TRYING.get(table, set())}


def _by_id(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda row: int(row["id"]))


def _ranked(table: str, row: dict[str, Any], ranks: dict[str, dict[int, int]]) -> dict[str, Any]:
    if "inbox_id" in row:
        return {**row, "inbox_id": ranks["inbox"][row["inbox_id"]]}
    return {**row, "id": ranks[table][row["id"]]} if table in ranks else row


def _lines(found: list[dict[str, Any]], *columns: str) -> list[str]:
    return sorted(_MOMENT.sub("then", repr([row[column] for column in columns])) for row in found)
