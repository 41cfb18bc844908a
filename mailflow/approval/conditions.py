"""What every decision needs, all of it (process section 3). What fails is recorded by its name.

| condition      | holds where                                                             | is asked in          |
|----------------|-------------------------------------------------------------------------|----------------------|
| `sender`       | the one strict From is the person on record who was asked, or an alias  | inbound.routing      |
| `authenticity` | the sender check of the settings passed                                 | inbound.authenticity |
| `reference`    | the mail answers one of ours about the revision and content as they are | inbound.correlation  |
| `keyword`      | the visible answer is one clean decision                                | inbound.answer       |
| `turn`         | the process still waits for this person                                 | approval.deciding    |
| `not_own`      | the invoice is somebody else's                                          | approval.deciding    |
"""

from __future__ import annotations

from enum import StrEnum


class Condition(StrEnum):
    """One of the six."""

    SENDER = "sender"
    AUTHENTICITY = "authenticity"
    REFERENCE = "reference"
    KEYWORD = "keyword"
    TURN = "turn"
    NOT_OWN = "not_own"


REFUSED_FOR = {
    "wrong_person": Condition.SENDER,
    "not_authentic": Condition.AUTHENTICITY,
    "unknown_reference": Condition.REFERENCE,
    "no_reference": Condition.REFERENCE,
    "changed_since": Condition.REFERENCE,
    "already_decided": Condition.TURN,
    "replaced": Condition.TURN,
    "not_asked": Condition.TURN,
    "not_yet": Condition.TURN,
    "withdrawn": Condition.TURN,
    "rejected": Condition.TURN,
    "paid": Condition.TURN,
    "cannot_now": Condition.TURN,
    "on_hold": Condition.TURN,
    "nothing_to_undo": Condition.TURN,
    "undone": Condition.REFERENCE,
    "no_numbers": Condition.KEYWORD,
    "own_invoice": Condition.NOT_OWN,
}
"""The condition that failed, by the code of the refusal; one that is not here is about no decision."""
