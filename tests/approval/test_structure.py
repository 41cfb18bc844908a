"""The departments of the portal lead from the submitter's head upwards, whatever shape they are in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailflow.approval.effects import Message
from mailflow.approval.lifecycle import Status
from mailflow.approval.opening import complete, start_waiting
from mailflow.approval.structure import Chain, Department, HierarchySource, Member, Structure, WhenAway, chain_above
from mailflow.approval.submission import Field, Form, Problem, RouteKind
from tests.approval.company import ANNA, DMITRY, IVAN, NOON, OLGA, PETR, company, mail, messages, opened

DIRECTOR, HEAD, LEAD, WORKER, OTHER = 2, 14, 13, 12, 15
ADDRESSES = {DIRECTOR: DMITRY, HEAD: OLGA, LEAD: PETR, WORKER: IVAN, OTHER: ANNA}


def structure(
    departments: dict[int, tuple[int | None, int | None]] | None = None,
    of_worker: tuple[int, ...] = (5,),
    inactive: tuple[int, ...] = (),
    **addresses: str,
) -> Structure:
    """Three departments below each other: 1 under the director, 3 under Olga, 5 under Petr; Ivan works in 5."""
    shape = {1: (None, DIRECTOR), 3: (1, HEAD), 5: (3, LEAD), **(departments or {})}
    return Structure(
        NOON,
        {number: Department(number, f"D{number}", parent, head) for number, (parent, head) in shape.items()},
        {
            number: Member(
                number,
                addresses.get(f"m{number}", address),
                f"M{number}",
                number not in inactive,
                of_worker if number == WORKER else (),
            )
            for number, address in ADDRESSES.items()
        },
    )


def above(found: Structure, who: str = IVAN, primary: int | None = None) -> tuple[str, ...]:
    return chain_above(who, found, primary).approvers


def test_the_chain_goes_from_the_head_of_the_group_to_the_director() -> None:
    assert above(structure()) == (PETR, OLGA, DMITRY)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (structure({5: (3, WORKER)}), (OLGA, DMITRY)),
        (structure({3: (1, None)}), (PETR, DMITRY)),
        (structure(inactive=(HEAD,)), (PETR, DMITRY)),
        (structure({3: (1, 99)}), (PETR, DMITRY)),
        (structure({3: (1, LEAD)}), (PETR, DMITRY)),
        (structure({1: (5, DIRECTOR)}), (PETR, OLGA, DMITRY)),
        (structure({5: (5, LEAD)}), (PETR,)),
        (structure({5: (77, LEAD)}), (PETR,)),
        (structure(of_worker=(1,)), (DMITRY,)),
        (structure(of_worker=()), ()),
    ],
    ids=[
        "the submitter leads the group",
        "a department without a head",
        "a head who has left",
        "a head who is nobody",
        "one head of two departments",
        "a cycle",
        "a department above itself",
        "a parent that is nowhere",
        "a submitter at the top",
        "a submitter in no department",
    ],
)
def test_whatever_the_departments_look_like_the_chain_is_who_can_approve(
    found: Structure, wanted: tuple[str, ...]
) -> None:
    assert above(found) == wanted


def test_of_two_departments_the_deepest_counts_and_that_is_noted() -> None:
    found = chain_above(IVAN, structure(of_worker=(1, 5)), None)
    assert found == Chain((PETR, OLGA, DMITRY), ("deepest of 2 departments: D5",))


def test_of_two_departments_the_one_in_the_settings_counts() -> None:
    found = chain_above(IVAN, structure(of_worker=(3, 5)), 3)
    assert found == Chain((OLGA, DMITRY), ("department: D3",))


@pytest.mark.parametrize(
    ("found", "problem", "who"),
    [
        (structure(m12="somebody@example.com"), "no_account", IVAN),
        (structure(m15=IVAN), "two_accounts", IVAN),
        (structure(m14=""), "no_address", "M14"),
    ],
)
def test_what_only_an_administrator_can_mend_is_no_silent_skip(found: Structure, problem: str, who: str) -> None:
    chain = chain_above(IVAN, found, None)
    assert (chain.approvers, chain.problem, chain.who) == ((), problem, who)


@given(
    st.dictionaries(
        st.integers(1, 6),
        st.tuples(st.none() | st.integers(1, 7), st.none() | st.sampled_from([2, 12, 13, 14, 15, 99])),
        max_size=6,
    ),
    st.lists(st.integers(1, 7), max_size=3),
    st.sets(st.sampled_from([2, 13, 14, 15])),
)
def test_any_structure_ends_in_a_chain_of_active_people_each_once_and_never_the_submitter(
    departments: dict[int, tuple[int | None, int | None]], of_worker: list[int], inactive: set[int]
) -> None:
    found = structure(departments, tuple(of_worker), tuple(inactive))
    approvers = above(found)
    assert len(set(approvers)) == len(approvers)
    assert IVAN not in approvers
    assert all(found.member(approver) for approver in approvers)


def by_portal(found: Structure | None, **more: object) -> object:
    return company(hierarchy=HierarchySource.BITRIX24, structure=found, default_route=RouteKind.HIERARCHY, **more)


def test_the_chain_is_frozen_with_where_it_was_taken_from() -> None:
    outcome = opened(by_portal(structure({3: (1, None)})))  # type: ignore[arg-type]
    started = next(entry for entry in outcome.history if entry.event == "approval_started")
    assert [step.approver for step in outcome.invoice.steps] == [PETR, DMITRY]
    assert (started.details["heads"], started.details["read_at"]) == ("bitrix24", NOON.isoformat())
    assert started.details["notes"] == ["no head: D3"]


def test_a_head_without_an_address_is_told_to_submitter_and_administrator() -> None:
    outcome = opened(by_portal(structure(m14="")))  # type: ignore[arg-type]
    assert outcome.invoice.status is Status.INCOMPLETE
    assert {to for message, to in messages(outcome) if message == "no_approver"} == {IVAN, "admin@example.com"}
    assert mail(outcome, Message.NO_APPROVER, IVAN).extra == {
        "problem": "no_address",
        "who": "M14",
        "notes": [],
        "by_portal": True,
    }


def test_somebody_without_an_account_asks_the_heads_of_the_settings() -> None:
    outcome = opened(by_portal(structure(m12="somebody@example.com")))  # type: ignore[arg-type]
    assert [step.approver for step in outcome.invoice.steps] == [OLGA, DMITRY]


def test_an_invoice_waits_for_a_structure_that_was_never_read_and_then_starts_by_itself() -> None:
    waiting = opened(by_portal(None))  # type: ignore[arg-type]
    assert messages(waiting) == [("awaits_structure", IVAN)]
    assert waiting.invoice.status is Status.INCOMPLETE
    assert start_waiting(waiting.invoice, by_portal(None), NOON) is None  # type: ignore[arg-type]
    started = start_waiting(waiting.invoice, by_portal(structure()), NOON)  # type: ignore[arg-type]
    assert started is not None
    assert started.invoice.status is Status.IN_APPROVAL
    assert start_waiting(started.invoice, by_portal(structure()), NOON) is None  # type: ignore[arg-type]


def test_an_invoice_that_cannot_start_after_its_waiting_is_asked_about_once() -> None:
    waiting = opened(by_portal(None))  # type: ignore[arg-type]
    late = NOON + timedelta(days=30)
    asked = start_waiting(waiting.invoice, by_portal(structure()), late)  # type: ignore[arg-type]
    assert asked is not None
    assert messages(asked) == [("incomplete", IVAN)]
    assert start_waiting(asked.invoice, by_portal(structure()), late) is None  # type: ignore[arg-type]


def test_an_invoice_that_waited_goes_on_when_the_settings_know_the_heads_again() -> None:
    waiting = opened(by_portal(None))  # type: ignore[arg-type]
    started = start_waiting(waiting.invoice, company(default_route=RouteKind.HIERARCHY), NOON)
    assert started is not None
    assert [step.approver for step in started.invoice.steps] == [OLGA, DMITRY]


def test_a_reply_that_spoils_a_waiting_invoice_is_asked_about_once() -> None:
    waiting = opened(by_portal(None)).invoice  # type: ignore[arg-type]
    unreadable = Form(problems=(Problem(Field.AMOUNT, "unreadable", "a lot"),))
    spoiled = complete(replace(waiting, form=replace(waiting.form, amount=None)), unreadable, (), None, company(), NOON)
    assert messages(spoiled) == [("incomplete", IVAN)]
    assert start_waiting(spoiled.invoice, by_portal(structure()), NOON) is None  # type: ignore[arg-type]


def test_an_empty_chain_says_what_the_portal_has_from_the_submitter_upwards() -> None:
    found = structure({5: (3, WORKER), 3: (1, None), 1: (None, 99)})
    outcome = opened(by_portal(found))  # type: ignore[arg-type]
    told = mail(outcome, Message.NO_APPROVER, "admin@example.com").extra
    assert told["notes"] == ["own head: D5", "no head: D3", "unknown head: D1"]
    (entry,) = [entry for entry in outcome.history if entry.event == "no_approver"]
    assert entry.details["notes"] == told["notes"]


@pytest.mark.parametrize("when_away", WhenAway)
def test_a_structure_that_is_old_is_used_with_its_age_or_waited_for_as_the_settings_say(when_away: WhenAway) -> None:
    rules = by_portal(structure(), when_portal_away=when_away)
    later = NOON + timedelta(hours=2)
    waiting = opened(by_portal(None))  # type: ignore[arg-type]
    outcome = start_waiting(waiting.invoice, rules, later)  # type: ignore[arg-type]
    if when_away is WhenAway.WAIT:
        assert outcome is None
    else:
        assert outcome is not None
        assert mail(outcome, Message.ACKNOWLEDGEMENT).extra == {"heads_as_of": NOON.isoformat()}
