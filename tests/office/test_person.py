"""A person of the demo writes and answers as mail clients do, over real IMAP and SMTP."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from zoneinfo import ZoneInfo

import icalendar
import pytest

from mailflow.office.mail_server import MailServer
from mailflow.office.papers import Paper
from mailflow.office.person import NobodyWrote, Person
from mailflow.office.received import ReceivedMail

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=ZoneInfo("Europe/Moscow"))
FINANCE = "finance@example.com"
HTML = (
    "<p>Счёт на подпись</p>"
    '<a href="mailto:finance@example.com?subject=Re%3A%20%5BINV-2026-0001%20%23k7f3q9xw%5D%20a%2Bb'
    '&amp;body=%D0%A1%D0%9E%D0%93%D0%9B%D0%90%D0%A1%D0%9E%D0%92%D0%90%D0%9D%D0%9E%0D%0A%0D%0Aref"><b>Согласовать</b></a>'
    '<a href="mailto:finance%40example.com?subject=r&amp;body=REJECT%3A%20%0D%0A%0D%0Akeep+this">Reject, why</a>'
    '<a href="https://example.com">no answer</a>'
)
INVITE = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:pay-1@example.com\r\n"
    "DTSTAMP:20261124T070000Z\r\nSEQUENCE:2\r\nDTSTART;VALUE=DATE:20261125\r\nSUMMARY:Оплата счёта\r\n"
    "ORGANIZER:mailto:finance@example.com\r\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ivan@example.com\r\n"
    "ATTENDEE:mailto:buh@example.com\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@dataclass
class Office:
    server: MailServer
    person: Callable[..., Person]

    def send(self, letter: EmailMessage) -> None:
        self.server.deliver(letter.as_bytes(policy=SMTP), "ivan@example.com")

    @property
    def last(self) -> EmailMessage:
        return message_from_bytes(self.server.journal[-1].raw, policy=SMTP)


@pytest.fixture
def office() -> Iterator[Office]:
    with MailServer({FINANCE: "f", "ivan@example.com": "i"}) as server:

        def person(language: str = "ru") -> Person:
            ports = (server.host, server.imap_port, server.smtp_port)
            return Person("ivan@example.com", "Иван Петров", "i", *ports, FINANCE, language, lambda: NOW)

        yield Office(server, person)


def request(subject: str = "[INV-2026-0001 #k7f3q9xw] Счёт", message_id: str = "<m1@example.com>") -> EmailMessage:
    letter = EmailMessage(policy=SMTP)
    letter["From"] = "mailflow <finance@example.com>"
    letter["To"] = "ivan@example.com"
    letter["Subject"] = subject
    letter["Date"] = "Tue, 24 Nov 2026 09:00:00 +0300"
    letter["Message-ID"] = message_id
    letter["References"] = "<m0@example.com>"
    letter.set_content("Счёт на подпись\n\nСумма: 10 RUB\n")
    letter.add_alternative(HTML, subtype="html")
    return letter


def test_a_submission_has_its_text_its_files_and_the_clock_of_the_story(office: Office) -> None:
    ivan = office.person()
    ivan.submit("Бумага", "Сумма: 10 RUB\n", [Paper("счёт.pdf", "application/pdf", b"%PDF-1.4")])
    assert office.server.journal[0].recipients == (FINANCE,)
    assert office.last["From"] == "Иван Петров <ivan@example.com>"
    assert office.last["Date"].datetime == NOW
    mail = ReceivedMail(office.server.journal[0].raw)
    assert mail.text == "Сумма: 10 RUB\n"
    assert mail.files == (Paper("счёт.pdf", "application/pdf", b"%PDF-1.4"),)


def test_a_reply_stays_in_the_thread_and_quotes_below_an_attribution_line(office: Office) -> None:
    office.send(request())
    ivan = office.person()
    ivan.reply(ivan.inbox()[0], "Согласовано", [Paper("a.txt", "text/plain", b"x")])
    assert office.last["Subject"] == "Re: [INV-2026-0001 #k7f3q9xw] Счёт"
    assert office.last["In-Reply-To"] == "<m1@example.com>"
    assert office.last["References"] == "<m0@example.com> <m1@example.com>"
    mail = ReceivedMail(office.server.journal[-1].raw)
    assert mail.text == (
        "Согласовано\n\n24 ноября 2026 г., в 09:00, mailflow <finance@example.com> пишет:\n"
        "> Счёт на подпись\n>\n> Сумма: 10 RUB\n"
    )
    assert "<blockquote" in mail.html
    assert mail.html.index("Согласовано") < mail.html.index("пишет:") < mail.html.index("<p>Счёт на подпись</p>")
    assert [f.filename for f in mail.files] == ["a.txt"]


def test_a_long_subject_keeps_every_space(office: Office) -> None:
    subject = "Оплата счёта за бумагу и прочие нужные вещи для офиса " * 3 + "и точка"
    office.person().submit(subject, "x")
    assert ReceivedMail(office.server.journal[-1].raw).subject == subject


def test_a_reply_to_a_reply_has_one_re_only(office: Office) -> None:
    office.send(request("RE: hello"))
    ivan = office.person("en")
    ivan.reply(ivan.inbox()[0], "yes")
    assert office.last["Subject"] == "RE: hello"
    assert (
        "On 24 Nov 2026, at 09:00, mailflow <finance@example.com> wrote:\n"
        in ReceivedMail(office.server.journal[-1].raw).text
    )


def test_a_button_is_followed_exactly_by_its_link(office: Office) -> None:
    office.send(request())
    ivan = office.person()
    ivan.press(ivan.inbox()[0], "Согласовать")
    assert office.server.journal[-1].recipients == (FINANCE,)
    assert office.last["Subject"] == "Re: [INV-2026-0001 #k7f3q9xw] a+b"
    assert office.last["In-Reply-To"] is None
    assert ReceivedMail(office.server.journal[-1].raw).text == "СОГЛАСОВАНО\n\nref\n"


def test_what_a_person_types_stands_on_the_first_line_of_the_ready_answer(office: Office) -> None:
    office.send(request())
    ivan = office.person()
    ivan.press(ivan.inbox()[0], "reject", "no contract")
    assert ReceivedMail(office.server.journal[-1].raw).text == "REJECT: no contract\n\nkeep+this\n"


def test_a_button_that_is_not_there_is_named_with_those_that_are(office: Office) -> None:
    office.send(request())
    ivan = office.person()
    with pytest.raises(NobodyWrote, match=r"no button 'Pay'.*'Согласовать', 'Reject, why'"):
        ivan.press(ivan.inbox()[0], "Pay")


def test_an_invite_is_answered_by_a_reply_with_the_same_uid_and_sequence_and_one_attendee(office: Office) -> None:
    letter = request()
    letter.add_alternative(INVITE.encode(), maintype="text", subtype="calendar", params={"method": "REQUEST"})
    office.send(letter)
    ivan = office.person()
    ivan.rsvp(ivan.inbox()[0], "ACCEPTED")
    assert office.last["Subject"] == "Принято: Оплата счёта"
    part = next(p for p in office.last.walk() if p.get_content_type() == "text/calendar")
    assert part.get_param("method") == "REPLY"
    answer = icalendar.Calendar.from_ical(part.get_payload(decode=True))
    event = answer.events[0]
    assert (answer["METHOD"], event["UID"], event["SEQUENCE"]) == ("REPLY", "pay-1@example.com", 2)
    assert [(str(a), a.params["PARTSTAT"]) for a in event.attendees] == [("mailto:ivan@example.com", "ACCEPTED")]
    assert event["DTSTAMP"].dt == NOW


def test_a_mail_without_an_invite_cannot_be_accepted(office: Office) -> None:
    office.send(request())
    ivan = office.person()
    with pytest.raises(NobodyWrote, match="no invite"):
        ivan.rsvp(ivan.inbox()[0], "ACCEPTED")


def test_who_waits_for_a_mail_reads_each_once_oldest_first(office: Office) -> None:
    office.send(request("one"))
    office.send(request("two"))
    ivan = office.person()
    read = [ivan.wait_for(lambda mail: True).subject for _ in range(2)]
    assert read == ["one", "two"]
    assert len(ivan.inbox()) == 2


def test_who_waits_in_vain_says_so_and_what_lies_in_the_inbox(office: Office) -> None:
    office.send(request("something else"))
    with pytest.raises(NobodyWrote, match=r"Иван Петров .* something else"):
        office.person().wait_for(lambda mail: "invite" in mail.subject, timeout=0.1)
