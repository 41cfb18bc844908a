"""An auditor who knows nothing of mailflow's code: what must hold of mailbox, database and mails sent, in plain SQL.

    problems = audit(url, delivered, folders, sent)

The rules are those of the process: every mail that came lies in exactly one folder and has one record; every history
is a way that an invoice may go; every decision has a mail behind it; nobody is asked twice; what was written down was
sent, and what was sent was written down, a repetition byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

LEADS_TO = {
    "submitted": None,
    "incomplete": "incomplete",
    "found_repeated": "incomplete",
    "no_approver": "incomplete",
    "approval_started": "in_approval",
    "approved": None,
    "payment_asked": "to_pay",
    "rejected": "rejected",
    "corrected": "incomplete",
    "paid": "paid",
    "withdrawn": "withdrawn",
}
"""Which status an event of the history leads to; None: to none by itself. Other events change no status."""

MAY_FOLLOW = {
    "": {"submitted"},
    "incomplete": {"incomplete", "found_repeated", "no_approver", "approval_started", "withdrawn", "corrected"},
    "in_approval": {"approved", "payment_asked", "rejected", "corrected", "withdrawn"},
    "to_pay": {"paid", "rejected", "corrected", "withdrawn"},
    "rejected": {"corrected", "withdrawn"},
    "paid": set(),
    "withdrawn": set(),
}
"""Which events of `LEADS_TO` may come in which status; "" is an invoice that is not there yet."""

DECISIONS = {"approved", "rejected", "paid", "postponed", "withdrawn", "delegated"}
SETTLED = {"processed", "ignored", "refused", "quarantined", "dropped"}


@dataclass(frozen=True)
class Sent:
    """A mail as the SMTP server took it: for whom, and its bytes."""

    recipient: str
    raw: bytes

    @property
    def message_id(self) -> str:
        return str(message_from_bytes(self.raw, policy=default)["Message-ID"])


def audit(
    url: str,
    delivered: Collection[bytes],
    folders: Mapping[str, Collection[bytes]],
    sent: Iterable[Sent],
    may_repeat: Collection[str] = (),
    in_motion: Mapping[int, int] | None = None,
    *,
    finished: bool = True,
) -> list[str]:
    """What does not hold, as sentences. `may_repeat`: the Message-IDs that were being sent when something broke.

    `in_motion`: how often each mail, by its id, was to be moved when something broke. A server goes on with the MOVE of
    a client that is dead while the next one asks for it again, and then the mail lies in the folder once more.
    `finished`: everything has come to rest, so nothing may still wait.
    """
    tables = _read(url)
    return [
        *_mailbox(tables, delivered, folders, in_motion or {}, finished),
        *_histories(tables),
        *_decisions(tables),
        *_asked_once(tables),
        *_outbox(tables, list(sent), set(may_repeat), finished),
    ]


def _read(url: str) -> dict[str, list[dict[str, Any]]]:
    engine = create_engine(url, poolclass=NullPool)
    names = ("inbox", "raw_mail", "inbox_location", "invoice", "history", "outbox", "reference")
    with engine.connect() as connection:
        return {name: [dict(r._mapping) for r in connection.execute(text(f"SELECT * FROM {name}"))] for name in names}


def _mailbox(
    tables: dict[str, list[dict[str, Any]]],
    delivered: Collection[bytes],
    folders: Mapping[str, Collection[bytes]],
    in_motion: Mapping[int, int],
    finished: bool,
) -> list[str]:
    problems = []
    lies = Counter(_key(raw) for raws in folders.values() for raw in raws)
    again = {_key(bytes(row["raw"])): in_motion.get(row["inbox_id"], 0) for row in tables["raw_mail"]}
    for key, times in Counter(_key(raw) for raw in delivered).items():
        if not times <= lies[key] <= times + again.get(key, 0):
            problems.append(f"mail {key} was delivered {times} times and lies in the mailbox {lies[key]} times")
    if finished and folders.get("INBOX"):
        problems.append(f"{len(folders['INBOX'])} mails still lie in INBOX")
    recorded = Counter(_key(bytes(row["raw"])) for row in tables["raw_mail"])
    for key in {_key(raw) for raw in delivered}:
        if recorded[key] > 1 or (finished and not recorded[key]):
            problems.append(f"mail {key} is recorded {recorded[key]} times")
    if finished:
        problems += [f"mail {r['id']} is still {r['state']}" for r in tables["inbox"] if r["state"] not in SETTLED]
        problems += [f"place {r['uid']} is not cleared" for r in tables["inbox_location"] if not r["filed"]]
    return problems


def _histories(tables: dict[str, list[dict[str, Any]]]) -> list[str]:
    problems = []
    lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(tables["history"], key=lambda row: (row["number"], row["position"])):
        lines[row["number"]].append(row)
    for invoice in tables["invoice"]:
        number, status = invoice["number"], ""
        for position, line in enumerate(lines[number]):
            event = line["event"]
            if line["position"] != position:
                problems.append(f"{number}: line {position} of the history is missing")
            if event not in LEADS_TO:
                continue
            if event not in MAY_FOLLOW[status]:
                problems.append(f"{number}: {event} cannot come in status {status!r}")
            status = LEADS_TO[event] or status or "incomplete"
        if status != invoice["status"]:
            problems.append(f"{number} is {invoice['status']}, its history says {status}")
    problems += [f"{number} has a history and is not there" for number in lines.keys() - _numbers(tables)]
    return problems


def _decisions(tables: dict[str, list[dict[str, Any]]]) -> list[str]:
    problems = []
    senders = {row["id"]: row["sender"] for row in tables["inbox"]}
    witnesses = {hashlib.sha256(bytes(row["raw"])).hexdigest(): senders[row["inbox_id"]] for row in tables["raw_mail"]}
    spent: Counter[tuple[str, str]] = Counter()
    for line in tables["history"]:
        if line["event"] in DECISIONS:
            spent[line["evidence"], line["number"]] += 1
            if witnesses.get(line["evidence"]) != line["actor"]:
                problems.append(f"{line['number']}: no mail of {line['actor']} says {line['event']}")
    problems += [f"{number}: one mail decided {n} times" for (_, number), n in spent.items() if n > 1]
    return problems


def _asked_once(tables: dict[str, list[dict[str, Any]]]) -> list[str]:
    asked: Counter[tuple[object, ...]] = Counter()
    kinds = {row["message_id"]: row["kind"] for row in tables["outbox"]}
    for row in tables["reference"]:
        kind = kinds.get(row["message_id"])
        if kind in ("approval_request", "pay_request", "acknowledgement"):
            asked[kind, row["number"], row["revision"], row["digest"], row["step"], row["person"]] += 1
    return [f"{what} was written {times} times" for what, times in asked.items() if times > 1]


def _outbox(
    tables: dict[str, list[dict[str, Any]]], sent: list[Sent], may_repeat: set[str], finished: bool
) -> list[str]:
    problems = []
    rows = {row["message_id"]: row for row in tables["outbox"] if row["world"] == "mail"}
    copies: dict[str, list[Sent]] = defaultdict(list)
    for mail in sent:
        copies[mail.message_id].append(mail)
    for message_id, row in rows.items():
        if row["state"] == "delivered" and not copies[message_id]:
            problems.append(f"{row['kind']} to {row['recipient']} is said to be delivered and was not")
        if finished and row["state"] not in ("delivered", "dead"):
            problems.append(f"{row['kind']} to {row['recipient']} is still {row['state']}: {row['last_error']}")
    for message_id, mails in copies.items():
        if not mails:
            continue
        if message_id not in rows:
            problems.append(f"a mail to {mails[0].recipient} was sent that nobody wrote: {message_id}")
            continue
        kind = rows[message_id]["kind"]
        if len({(mail.recipient, mail.raw) for mail in mails}) > 1:
            problems.append(f"{kind} to {mails[0].recipient} was repeated with other bytes")
        if len(mails) > 1 and message_id not in may_repeat:
            problems.append(f"{kind} to {mails[0].recipient} was sent {len(mails)} times")
    return problems


def _numbers(tables: dict[str, list[dict[str, Any]]]) -> set[str]:
    return {row["number"] for row in tables["invoice"]}


def _key(raw: bytes) -> str:
    """The mail's name for people, and what tells it from any other."""
    message = message_from_bytes(raw, policy=default)
    return json.dumps([str(message["Message-ID"]), hashlib.sha256(raw).hexdigest()[:8]])
