"""How invoices must fare: the process written down a second time, by itself, and compared after every commit.

It knows what people meant by their mails and looks at the rows of the database; of mailflow's code it knows nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from tests.simulation.database import connection
from tests.simulation.people import ADMIN, BUH, COMPANY, DEPUTIES, STRANGER, Said

FINAL = ("paid", "withdrawn")
REMIND_AFTER = timedelta(hours=24)
MOSCOW = timedelta(hours=3)

Mails = list[tuple[str, str]]

_ASKS = {
    "approval_request": "approval",
    "approval_reminder": "approval",
    "pay_request": "payment",
    "pay_reminder": "payment",
    "question": "answer",
    "incomplete": "completion",
    "repeated": "completion",
    "no_approver": "completion",
    "work_on_errors": "correction",
}


@dataclass(frozen=True)
class Ask:
    """What a mail of ours asks of whom: approval, payment, answer, completion, correction or nothing."""

    number: str
    person: str
    what: str
    revision: int
    step: int | None
    shown: tuple[int | None, date | None]


@dataclass
class Paper:
    """An invoice as the model has it. `steps` are pairs of a person and how the step stands."""

    number: str
    submitter: str
    amount: int | None
    pay_day: date | None
    file: str
    held: bool = False
    explained: bool = False
    status: str = "incomplete"
    revision: int = 1
    steps: list[list[str]] = field(default_factory=list)
    due: date | None = None
    told: datetime | None = None
    asked_back: set[int] = field(default_factory=set)
    unreached: set[tuple[str, str]] = field(default_factory=set)
    doubted: set[Ask] = field(default_factory=set)

    @property
    def open_step(self) -> int | None:
        return next((i for i, step in enumerate(self.steps) if step[1] == "asked"), None)

    @property
    def shown(self) -> tuple[int | None, date | None]:
        return self.amount, self.pay_day

    @property
    def lacks(self) -> bool:
        return self.amount is None or self.pay_day is None

    @property
    def waits_for(self) -> str | None:
        if self.status == "in_approval":
            return self.steps[self.open_step or 0][0] if self.open_step is not None else None
        return BUH if self.status == "to_pay" else None

    def stand(self, *states: str) -> list[str]:
        return [person for person, state in self.steps if state in states]

    @property
    def engaged(self) -> list[str]:
        return _once([*self.stand("approved", "asked"), *([BUH] if self.status == "to_pay" else [])])

    @property
    def attendees(self) -> Mails:
        return [("invite", person) for person in _once([BUH, self.submitter])] if self.status == "to_pay" else []


@dataclass
class Fate:
    """What must follow: the lines of the history, the mails, the end of the mail; `unclear` is what is asked again."""

    events: list[str]
    mails: Mails = field(default_factory=list)
    state: str = "processed"
    unclear: Ask | None = None


class Model:
    """Follows the database by its new rows. `problems` are sentences; `said` are the mails of people by SHA-256."""

    def __init__(self, chain: tuple[str, ...], log: list[str]) -> None:
        self.chain = chain
        self.papers: dict[str, Paper] = {}
        self.asks: dict[str, Ask] = {}
        self.said: dict[str, Said] = {}
        self.fates: dict[str, str] = {}
        self.problems: list[str] = []
        self.log = log
        self._lines = self._rows = 0

    def hears(self, raw: bytes, said: Said) -> None:
        """Somebody sends this mail."""
        self.said[hashlib.sha256(raw).hexdigest()] = said

    def look(self) -> None:
        """Compares what a commit has just added with what had to follow."""
        lines = (
            connection()
            .execute(
                "SELECT rowid, number, event, actor, details, evidence, at FROM history WHERE rowid > ? ORDER BY rowid",
                (self._lines,),
            )
            .fetchall()
        )
        rows = (
            connection()
            .execute(
                "SELECT id, number, recipient, kind, message_id FROM outbox WHERE id > ? ORDER BY id", (self._rows,)
            )
            .fetchall()
        )
        if not lines and not rows:
            return
        self._lines, self._rows = (lines[-1][0] if lines else self._lines), (rows[-1][0] if rows else self._rows)
        self.log += [f"{number} {event} {actor}" for _, number, event, actor, *_ in lines]
        self.log += [f"to {recipient}: {kind} {number or ''}" for _, number, recipient, kind, _ in rows]
        lines = [line for line in lines if line[2] != "mail_sent"]
        if not lines and not rows:
            return
        if not lines:
            self._expect(f"rows {rows}", [], [("to " + ADMIN) for _ in rows], [], [f"to {row[2]}" for row in rows])
            return
        if len({line[1] for line in lines}) > 1 or len({line[5] for line in lines}) > 1:
            self.problems.append(f"one commit is about several things: {lines}")
            return
        now = datetime.fromisoformat(lines[0][6]).replace(tzinfo=UTC)
        fate = self._heard(lines, now) if lines[0][5] else self._noticed(lines, now)
        if fate is None:
            return
        number = lines[0][1]
        mails = [(kind, recipient) for _, _, recipient, kind, _ in rows]
        if fate.state == "quarantined" and ("quarantined", ADMIN) in mails:
            mails.remove(("quarantined", ADMIN))  # told of at most once an hour
        self._expect(f"{number} {lines[0][3]}", fate.events, fate.mails, [line[2] for line in lines], mails)
        for _, of, recipient, kind, message_id in rows:
            if of == number:
                self.asks[message_id] = self._ask(self.papers[number], recipient, kind, fate)

    def _expect(
        self, where: str, events: list[str], mails: Iterable[object], had: list[str], wrote: list[object]
    ) -> None:
        if events != had:
            self.problems.append(f"{where}: {had} happened, where it had to be {events}")
        if sorted(map(str, mails)) != sorted(map(str, wrote)):
            self.problems.append(f"{where}: {had} wrote {wrote}, where it had to be {list(mails)}")

    def _ask(self, paper: Paper, person: str, kind: str, fate: Fate) -> Ask:
        if kind in ("unclear", "was_it_you") and fate.unclear:
            return fate.unclear
        what, step = _ASKS.get(kind, "nothing"), paper.open_step
        if kind == "no_approver" and person == ADMIN:
            what = "nothing"
        if kind == "answer":
            what = "payment" if person == BUH else "approval"
        if kind == "invite" and person == BUH:
            what = "payment"
        step = step if what in ("approval", "answer") else None
        return Ask(paper.number, person, what, paper.revision, step, paper.shown)

    # ---- what people say ----

    def _heard(self, lines: list[tuple], now: datetime) -> Fate | None:
        number, evidence = lines[0][1], lines[0][5]
        said = self.said.get(evidence)
        if said is None:
            self.problems.append(f"{number}: {lines[0][2]} by a mail that nobody sent")
            return None
        if self.fates.get(said.key, "quarantined") != "quarantined":
            self.problems.append(f"{number}: {lines[0][2]}, but {said} was heard before")
            return None
        if said.word == "submit":
            fate = self._submitted(number, said, now)
        else:
            ask = self.asks.get(said.answers or "")
            if ask is None or ask.number != number:
                self.problems.append(f"{number}: {lines[0][2]}, but {said} answers {ask}")
                return None
            fate = self._answered(self.papers[number], ask, said, now)
        self.fates[said.key] = fate.state
        return fate

    def _submitted(self, number: str, said: Said, now: datetime) -> Fate:
        if number in self.papers:
            self.problems.append(f"{number} was given twice")
        day = date.fromisoformat(said.value)
        self.papers[number] = paper = Paper(number, said.person, said.amount, day, said.file)
        return self._started(paper, ["submitted"], [], now)

    def _held(self, paper: Paper, ask: Ask, said: Said) -> Fate:
        """Somebody answers in another's place: whoever was asked is asked whether that was meant, once."""
        decides = paper.status == "in_approval" and paper.open_step == ask.step
        is_open = (ask.revision == paper.revision or ask.what == "nothing") and {
            "approval": decides,
            "answer": decides if ask.step is not None else paper.status == "to_pay",
            "payment": paper.status == "to_pay",
            "completion": paper.status == "incomplete",
            "correction": paper.status == "rejected",
            "nothing": ask.person == paper.submitter and paper.status not in FINAL,
        }[ask.what]
        asked: Mails = [("was_it_you", ask.person)] if is_open and ask not in paper.doubted else []
        if asked:
            paper.doubted.add(ask)
        if said.person == STRANGER:
            return Fate(["held"], asked, "quarantined", ask)
        return Fate(["refused", "held"], [("refused", said.person), *asked], "refused", ask)

    def _answered(self, paper: Paper, ask: Ask, said: Said, now: datetime) -> Fate:
        refused = Fate(["refused"], [("refused", said.person)], "refused")
        if said.word == "away":
            return self._absent(paper, ask, said, now)
        if said.word == "status" and said.person in {paper.submitter, BUH, ADMIN, *(p for p, _ in paper.steps)}:
            return Fate(["status_asked"], [("status", said.person)])
        if said.person != ask.person:
            return self._held(paper, ask, said)
        if said.person == paper.submitter and (ask.what not in ("approval", "payment") or said.word == "withdraw"):
            return self._of_submitter(paper, ask, said, now) or refused
        if ask.what == "payment":
            return self._of_accountant(paper, ask, said, now) or refused
        if ask.what == "approval":
            return self._of_approver(paper, ask, said, now) or refused
        if paper.waits_for == said.person:
            what = "payment" if paper.status == "to_pay" else "approval"
            return _unclear(Ask(paper.number, said.person, what, paper.revision, paper.open_step, paper.shown))
        return refused

    def _of_submitter(self, paper: Paper, ask: Ask, said: Said, now: datetime) -> Fate | None:
        if paper.status in FINAL:
            return None
        if said.word == "withdraw":
            told: Mails = [("withdrawn", person) for person in paper.engaged]
            cancelled, paper.status = paper.attendees, "withdrawn"
            return Fate(["withdrawn"], [("decision_taken", said.person), *told, *cancelled])
        if said.word == "duplicate_ok":
            if paper.status != "incomplete" or not paper.held:
                return None
            paper.explained = True
            return self._started(paper, ["repeat_accepted"], [], now)
        if ask.what == "answer" and ask.revision == paper.revision and self._still_waits(paper, ask):
            asker = paper.steps[ask.step][0] if ask.step is not None else BUH
            if ask.step in paper.asked_back:
                paper.asked_back.discard(ask.step)
                paper.told = now
            return Fate(["answer"], [("decision_taken", said.person), ("answer", asker)])
        if said.word != "lines" and paper.status == "incomplete" and not paper.lacks and not paper.held:
            return self._started(paper, ["completed"], [], now)
        if said.word != "lines":
            what = {"incomplete": "completion", "rejected": "correction"}.get(paper.status, "nothing")
            return _unclear(Ask(paper.number, said.person, what, paper.revision, None, paper.shown))
        return self._corrected(paper, said, now)

    def _corrected(self, paper: Paper, said: Said, now: datetime) -> Fate:
        paper.amount, paper.pay_day = said.amount, date.fromisoformat(said.value)
        if paper.status == "incomplete":
            return self._started(paper, ["completed"], [], now)
        engaged, cancelled = paper.engaged, paper.attendees
        paper.status, paper.steps, paper.due, paper.asked_back = "incomplete", [], None, set()
        paper.revision += 1
        fate = self._started(paper, ["corrected"], cancelled, now)
        asked = {person for kind, person in fate.mails if kind != "invite"}
        fate.mails += [("replaced", person) for person in engaged if person not in asked]
        return fate

    def _of_approver(self, paper: Paper, ask: Ask, said: Said, now: datetime) -> Fate | None:
        index = ask.step
        if paper.status != "in_approval" or ask.revision != paper.revision or index is None:
            return None
        step = paper.steps[index]
        if step[1] != "asked":
            return None
        confirmed = ("decision_taken", said.person)
        if said.word == "approve":
            step[1] = "approved"
            following = next((i for i, (_, state) in enumerate(paper.steps) if state == "waiting"), None)
            if following is None:
                return self._to_pay(paper, confirmed, now)
            return Fate(["approved", "asked"], [confirmed, self._asked(paper, following, now)])
        if said.word == "reject":
            step[1] = "rejected"
            return self._rejected(paper, said)
        if said.word == "question":
            paper.asked_back.add(index)
            paper.told = now
            return Fate(["question"], [confirmed, ("question", paper.submitter)])
        if said.word == "delegate" and self._may_follow(paper, said.value):
            return Fate(["delegated"], [confirmed, self._handed_on(paper, index, said.value, now)])
        return _unclear(ask)

    def _of_accountant(self, paper: Paper, ask: Ask, said: Said, now: datetime) -> Fate | None:
        if paper.status != "to_pay" or ask.revision != paper.revision:
            return None
        confirmed = ("decision_taken", said.person)
        if said.word == "paid":
            told: Mails = [("paid", p) for p in _once([paper.submitter, *paper.stand("approved")]) if p != BUH]
            invites, paper.status = paper.attendees, "paid"
            return Fate(["paid"], [confirmed, *told, *invites])
        if said.word == "reject":
            return self._rejected(paper, said)
        if said.word == "question":
            return Fate(["question"], [confirmed, ("question", paper.submitter)])
        if said.word == "postpone" and date.fromisoformat(said.value) >= _today(now):
            paper.due = date.fromisoformat(said.value)
            return Fate(["postponed"], [confirmed, *paper.attendees])
        return _unclear(ask)

    def _absent(self, paper: Paper, ask: Ask, said: Said, now: datetime) -> Fate:
        deputy, index = DEPUTIES.get(said.person), paper.open_step
        asked = paper.status == "in_approval" and index is not None and paper.steps[index][0] == said.person
        if asked and ask.what == "approval" and deputy and self._may_follow(paper, deputy):
            request = self._handed_on(paper, index or 0, deputy, now)
            return Fate(["automatic_answer", "substituted"], [("replaced", said.person), request], "ignored")
        return Fate(["automatic_answer"], [], "ignored")

    def _repeats(self, paper: Paper) -> bool:
        """Whether an earlier invoice has the same file, and was more than begun and taken back."""
        earlier = (other for other in self.papers.values() if other.number < paper.number and other.file == paper.file)
        return any(other.status != "withdrawn" or other.steps for other in earlier)

    def _started(self, paper: Paper, events: list[str], first: Mails, now: datetime) -> Fate:
        paper.held = not paper.explained and self._repeats(paper)
        if paper.pay_day and paper.pay_day < _today(now):
            paper.pay_day = None
        if paper.lacks:
            return Fate([*events, "found_incomplete"], [*first, ("incomplete", paper.submitter)])
        if paper.held:
            return Fate([*events, "found_repeated"], [*first, ("repeated", paper.submitter)])
        paper.steps = [[person, "skipped" if person == paper.submitter else "waiting"] for person in self.chain]
        index = next((i for i, (_, state) in enumerate(paper.steps) if state == "waiting"), None)
        if index is None:
            paper.steps = []
            return Fate([*events, "no_approver"], [*first, ("no_approver", paper.submitter), ("no_approver", ADMIN)])
        paper.status = "in_approval"
        mails = [*first, ("acknowledgement", paper.submitter), self._asked(paper, index, now)]
        return Fate([*events, "approval_started", "asked"], mails)

    def _to_pay(self, paper: Paper, confirmed: tuple[str, str], now: datetime) -> Fate:
        paper.status, paper.told = "to_pay", now
        paper.due = max(paper.pay_day or _today(now), _today(now))
        mails = [confirmed, ("approved", paper.submitter), ("pay_request", BUH), *paper.attendees]
        return Fate(["approved", "payment_asked"], mails)

    def _rejected(self, paper: Paper, said: Said) -> Fate:
        told = [p for p in _once(paper.stand("approved")) if p != said.person]
        cancelled, paper.status = paper.attendees, "rejected"
        mails = [("decision_taken", said.person), ("work_on_errors", paper.submitter)]
        return Fate(["rejected"], [*mails, *(("rejected", p) for p in told), *cancelled])

    def _asked(self, paper: Paper, index: int, now: datetime) -> tuple[str, str]:
        paper.steps[index][1], paper.told = "asked", now
        return "approval_request", paper.steps[index][0]

    def _handed_on(self, paper: Paper, index: int, person: str, now: datetime) -> tuple[str, str]:
        paper.steps[index][1] = "delegated"
        paper.steps.insert(index + 1, [person, "waiting"])
        return self._asked(paper, index + 1, now)

    def _still_waits(self, paper: Paper, ask: Ask) -> bool:
        if ask.step is None:
            return paper.status == "to_pay"
        return paper.status == "in_approval" and paper.steps[ask.step][1] == "asked"

    def _may_follow(self, paper: Paper, person: str) -> bool:
        return person in COMPANY and person != paper.submitter and all(person != p for p, _ in paper.steps)

    # ---- what the clock and the servers say ----

    def _noticed(self, lines: list[tuple], now: datetime) -> Fate | None:
        _, number, event, actor, details, *_ = lines[0]
        paper, facts = self.papers[number], json.loads(details)
        if event == "reminded" and paper.told and paper.waits_for:
            late = now - paper.told >= REMIND_AFTER and (paper.status == "in_approval" or paper.due <= _today(now))
            paper.told = now
            if paper.status == "in_approval" and paper.open_step in paper.asked_back:
                mails = [("approval_reminder", paper.waits_for), ("question", paper.submitter)]
                return Fate(["reminded"] * 2 if late else [], mails)
            kind = "approval_reminder" if paper.status == "in_approval" else "pay_reminder"
            return Fate(["reminded"] if late else [], [(kind, paper.waits_for)])
        if event == "payment_moved" and paper.status == "to_pay" and paper.due and paper.due < _today(now):
            paper.due, paper.told = _today(now), now
            return Fate(["payment_moved"], paper.attendees)
        if event in ("not_delivered", "delivery_problem"):
            return self._unreached(paper, actor, facts)
        self.problems.append(f"{number}: {event} at {now}, where nothing was to happen")
        return None

    def _unreached(self, paper: Paper, recipient: str, facts: Mapping[str, str]) -> Fate:
        unreached = recipient, facts["reason"]
        if unreached in paper.unreached:
            return Fate(["delivery_problem"])
        paper.unreached.add(unreached)
        return Fate(
            ["not_delivered"], [("not_delivered", p) for p in _once([paper.submitter, ADMIN]) if p != recipient]
        )


def _unclear(ask: Ask) -> Fate:
    return Fate(["unclear"], [("unclear", ask.person)], unclear=ask)


def _today(now: datetime) -> date:
    return (now + MOSCOW).date()


def _once(people: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(people))
