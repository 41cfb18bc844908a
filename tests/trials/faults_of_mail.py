"""What goes wrong with the mailbox and with the SMTP server."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tests.servers.dovecot import PASSWORD
from tests.servers.fault_proxy import Answers, Cut, Fault, Garbage, Point, Refuse, Reset, Silence, Slices
from tests.servers.smtp_sink import Fault as Reply
from tests.servers.smtp_sink import SmtpSink
from tests.trials.cell import Cell, Said
from tests.trials.story import Story

GARBAGE = (b"\x00\xff\xfe\r\n", b"<html>\r\n", b"* * *\r\n", b"+\r\n", b"0\r\n", b"\r\n\r\n", b"250", b"A1 OK\r\n")
IMAP = r"IMAP server 127\.0\.0\.1:\d+ "
SMTP = r"SMTP server 127\.0\.0\.1:\d+ "
BROKEN = r"(failed while .+|cannot be reached|broke off during the sign-in): \S+"


def line(name: str, fault: Callable[[Story], Fault]) -> Callable[[Story], None]:
    """The line to a server is broken in this way."""

    def strike(story: Story) -> None:
        story.lines[name].strike(fault(story))

    return strike


def imap_answers(command: bytes, reply: bytes, and_ends: bool = False) -> Callable[[Story], None]:
    """In the server's place this is said to a command."""
    pattern = re.compile(rb"^(\w+) " + command + rb".*\r\n", re.DOTALL)
    return line("imap", lambda story: Answers(pattern, reply, and_ends))


def wrong_certificate(name: str) -> Callable[[Story], None]:
    """Somebody answers whose certificate is for another name, or too old."""

    def strike(story: Story) -> None:
        certificates = story.servers.certificates
        impostor = SmtpSink(story.rng.choice([certificates.expired, certificates.wrong_name]), implicit=True)
        story.undo.enter_context(impostor)
        story.lines[name].lead_to(impostor.port)

    return strike


def dovecot_denies(story: Story) -> None:
    story.servers.dovecot.deny(story.user)
    story.undo.callback(story.servers.dovecot.deny)
    story.imap.strike(Refuse())
    story.imap.heal()


def dovecot_restarts(story: Story) -> None:
    story.servers.dovecot.stop()
    story.servers.dovecot.start()


def dovecot_is_killed(story: Story) -> None:
    story.servers.dovecot.kill()
    story.undo.callback(story.servers.dovecot.start)
    story.imap.strike(Refuse())


def sink_knows_another_password(story: Story) -> None:
    users = story.sink.users
    users["clerk"] = "another"
    story.undo.callback(users.update, clerk=PASSWORD)
    story.sink.cut()


def sink_is_too_busy(story: Story) -> None:
    story.sink.plan(*[Reply("connect", "421")] * 9)
    story.sink.cut()


def sink_restarts(story: Story) -> None:
    story.smtp.strike(Refuse())
    story.smtp.heal()


def sink_says(reply: str, *stages: str, times: int = 1) -> Callable[[Story], None]:
    """To one of the four mails of a pass, or to so many from then on, at a stage that the seed draws."""

    def strike(story: Story) -> None:
        stage = story.rng.choice(stages)
        passed = story.rng.randrange(4) if times == 1 else 0
        story.sink.plan(Reply(stage, reply, passed), *[Reply(stage, reply)] * (times - 1))

    return strike


def broken_lines(server: str, name: str, says: str, no_answer: str, said: Said = Said.AS_TROUBLE) -> list[Cell]:
    """The cells in which the line breaks in an answer that the seed draws; when `check` looks, it breaks at once."""

    def cell(kind: str, fault: Callable[[Point], Fault], part: str, says: str) -> Cell:
        at_once = fault(Point())
        strike = line(name, lambda story: fault(story.point(name, part)))
        return Cell(server, kind, strike, says, said, remains=line(name, lambda story: at_once))

    return [
        *(cell(f"cut {part}", Cut, part, says) for part in ("before", "middle", "after")),
        cell("reset", Reset, "middle", says),
        cell("silent", Silence, "before", no_answer),
    ]


def is_refused(server: str, name: str, says: str) -> Cell:
    return Cell(server, "refused", line(name, lambda story: Refuse()), says)


def is_slow(server: str, name: str, smallest: int) -> Cell:
    """Slices of so many bytes and up to three times as many, a millisecond apart."""
    slices = line(name, lambda story: Slices(story.rng.randint(smallest, 3 * smallest), 0.001))
    return Cell(server, "slow", slices, "", Said.NOWHERE, checks=None, seconds=20)


def talks_nonsense(server: str, name: str, texts: Sequence[bytes], says: str, said: Said = Said.AS_TROUBLE) -> Cell:
    def garbage(story: Story) -> Garbage:
        return Garbage(story.rng.choice(texts), story.point(name, story.rng.choice(["before", "middle"])))

    return Cell(server, "garbage", line(name, garbage), says, said, checks=None)


OF_IMAP = [
    is_refused("imap", "imap", IMAP + BROKEN),
    *broken_lines("imap", "imap", IMAP + BROKEN, IMAP + ".*no answer in time"),
    is_slow("imap", "imap", 20),
    talks_nonsense("imap", "imap", GARBAGE, IMAP + BROKEN),
    Cell(
        "imap",
        "4xx",
        imap_answers(b"UID (SEARCH|FETCH)", rb"\1 NO [UNAVAILABLE] come back later" + b"\r\n"),
        IMAP + "failed while .*: .*come back later",
        variant="NO",
    ),
    Cell(
        "imap",
        "5xx",
        imap_answers(b"UID (SEARCH|MOVE)", rb"\1 BAD internal error" + b"\r\n"),
        IMAP + "failed while .*: .*internal error",
        variant="BAD",
    ),
    Cell(
        "imap",
        "5xx",
        imap_answers(b"UID (SEARCH|FETCH|MOVE)", b"* BYE shutting down\r\n", and_ends=True),
        IMAP + "failed while .*: .*shutting down",
        variant="BYE",
    ),
    Cell("imap", "login refused", dovecot_denies, IMAP + r"refused the sign-in of finance-\d+: .*", passes=2),
    Cell(
        "imap",
        "certificate wrong",
        wrong_certificate("imap"),
        r"IMAP server \S+: its certificate cannot be trusted, ",
        tls=True,
        passes=2,
    ),
    Cell("imap", "restarted", dovecot_restarts, IMAP + BROKEN, checks=None),
    Cell("imap", "killed", dovecot_is_killed, IMAP + BROKEN),
    Cell(
        "imap",
        "disk full",
        imap_answers(b"UID (MOVE|COPY)", rb"\1 NO [OVERQUOTA] Quota exceeded (mailbox for user is full)" + b"\r\n"),
        IMAP + "failed while moving mail to Processed: .*Quota exceeded",
        checks=None,
    ),
]

IN_TIME = (
    r"(broke off before it had the mail|cannot be reached|was given the whole mail and did not say whether it took it "
    r"\(in doubt\)): \S+"
)

OF_SMTP = [
    is_refused("smtp", "smtp", SMTP + IN_TIME),
    *broken_lines("smtp", "smtp", SMTP + IN_TIME, SMTP + ".*no answer in time", Said.OF_ONE),
    is_slow("smtp", "smtp", 20),
    talks_nonsense("smtp", "smtp", GARBAGE, SMTP, Said.IF_HINDERED),
    Cell(
        "smtp",
        "4xx",
        sink_says("450 4.2.0 greylisted", "mail", "rcpt", "data", "end"),
        SMTP + "said 450 4.2.0 greylisted",
        Said.OF_ONE,
        checks=None,
    ),
    Cell("smtp", "4xx", sink_is_too_busy, SMTP + "cannot be reached: 421 4.3.2 too busy", variant="421", passes=2),
    Cell(
        "smtp",
        "5xx",
        sink_says("550 5.7.1 not wanted here", "mail", "rcpt", "data", "end"),
        SMTP + "said 550 5.7.1 not wanted here",
        Said.OF_ONE,
        checks=None,
        adds=frozenset({"not_delivered"}),
        by_hand=True,
    ),
    Cell(
        "smtp",
        "login refused",
        sink_knows_another_password,
        SMTP + "refused the sign-in of clerk: .+ Check username",
        passes=2,
    ),
    Cell(
        "smtp",
        "certificate wrong",
        wrong_certificate("smtp"),
        r"SMTP server \S+: its certificate cannot be trusted, ",
        tls=True,
        passes=2,
    ),
    Cell("smtp", "restarted", sink_restarts, SMTP + IN_TIME, checks=None),
    Cell(
        "smtp",
        "killed",
        line("smtp", lambda story: Reset(story.point("smtp", story.rng.choice(["before", "after"])), and_is_gone=True)),
        SMTP + IN_TIME,
        Said.OF_ONE,
    ),
    Cell(
        "smtp",
        "disk full",
        sink_says("452 4.3.1 insufficient system storage", "mail", times=20),
        SMTP + "said 452 4.3.1 insufficient system storage",
        Said.OF_ONE,
        checks=None,
    ),
]
