"""What goes wrong with a Bitrix24 portal: on the line to it, and by its own word."""

from __future__ import annotations

from collections.abc import Callable

from tests.servers.fault_proxy import Refuse, Reset
from tests.trials.cell import Cell, Said
from tests.trials.faults_of_mail import broken_lines, is_refused, is_slow, line, talks_nonsense, wrong_certificate
from tests.trials.story import Story

PORTAL = r"Bitrix24 portal (127\.0\.0\.1|localhost):\d+"
FAILED = PORTAL + r" (cannot be reached|was asked for \S+ and did not say whether it did it \(in doubt\)): \S+"
TELLS = frozenset({"portal_trouble"})


def portal_says(kind: str, *methods: str, times: int = 1) -> Callable[[Story], None]:
    """A fault that the stand-in has in its plan, with a method that the seed draws."""

    def strike(story: Story) -> None:
        story.portal.faults.next(story.rng.choice(methods or ("*",)), kind, times)
        story.undo.callback(story.portal.faults.clear)

    return strike


def webhook_is_deleted(story: Story) -> None:
    story.portal.revoke()
    story.undo.callback(story.portal.restore)


def portal_restarts(story: Story) -> None:
    story.web.strike(Refuse())
    story.web.heal()


OF_BITRIX24 = [
    is_refused("bitrix24", "bitrix24", FAILED),
    *broken_lines("bitrix24", "bitrix24", FAILED, PORTAL + ".*no answer in time", Said.IF_HINDERED),
    is_slow("bitrix24", "bitrix24", 100),
    talks_nonsense(
        "bitrix24", "bitrix24", (b"\x00\xff<html>\r\n", b"HTTP/1.1 200 OK\r\n", b"{}"), FAILED, Said.IF_HINDERED
    ),
    Cell(
        "bitrix24",
        "4xx",
        portal_says("operating_429", times=9),
        PORTAL + " has spent its time for .*",
        Said.OF_ONE,
        checks=None,
        pauses=(11, 5),
    ),
    Cell(
        "bitrix24",
        "4xx",
        portal_says("limit_503", times=200),
        PORTAL + " still has too many requests",
        Said.OF_ONE,
        variant="too many requests",
    ),
    Cell(
        "bitrix24",
        "5xx",
        portal_says("error_500_after", "crm.item.update", "crm.item.add", "log.blogpost.add"),
        PORTAL + " was asked for .*in doubt.*(Internal|500)",
        checks=None,
        variant="500, though it was done",
    ),
    Cell("bitrix24", "5xx", portal_says("html_502", times=200), FAILED + ".*502", variant="502, a page"),
    Cell(
        "bitrix24",
        "login refused",
        webhook_is_deleted,
        PORTAL + " does not let mailflow call .*INVALID_CREDENTIALS",
        adds=TELLS,
    ),
    Cell(
        "bitrix24",
        "certificate wrong",
        wrong_certificate("bitrix24"),
        PORTAL + ": its certificate cannot be trusted",
        tls=True,
        passes=2,
    ),
    Cell("bitrix24", "restarted", portal_restarts, "", Said.NOWHERE, checks=None),
    Cell(
        "bitrix24",
        "killed",
        line("bitrix24", lambda s: Reset(s.point("bitrix24", s.rng.choice(["before", "after"])), and_is_gone=True)),
        FAILED,
    ),
    Cell(
        "bitrix24",
        "disk full",
        portal_says("refuse:DISK_QUOTA_EXCEEDED", "disk.folder.uploadfile"),
        "Bitrix24 refuses disk.folder.uploadfile: .*DISK_QUOTA_EXCEEDED",
        Said.OF_ONE,
        checks=None,
        adds=TELLS,
        by_hand=True,
    ),
]
