"""The database is lost and comes back as it was yesterday; the mailbox still holds today's mail, so the day is redone.

The same mails lead to the same numbers, references and Message-IDs. What somebody has answered, or, with
`keep_copies`, what has come back to the mailbox, is not sent again; everything else goes once more as the same mail.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from mailflow.approval.lifecycle import Status
from tests.servers.postgres import client_program
from tests.stories.conftest import Office

TOP = Path(__file__).parents[2]
COPIES = "  keep_copies: true\n"


def command(office: Office, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, TOP / "run.py", "--settings", office.folder / "settings.yaml", *words],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def live_a_day(office: Office) -> None:
    """Yesterday's invoice is paid and bounces about, another is rejected and corrected, a third is asked about."""
    office.olga.reply(office.gets("olga", "INV-2026-0001"), "СОГЛАСОВАНО")
    office.work()
    office.director.reply(office.gets("director", "INV-2026-0001"), "APPROVE")
    second = office.submit()
    office.olga.reply(office.gets("olga", second.number), "ОТКАЗ: нет договора")
    office.work()
    office.buh.reply(office.gets("buh", "Оплатить", "INV-2026-0001"), "ОПЛАЧЕНО 17")
    third = office.submit(**{"Дата оплаты": "через 20 дней"})
    office.olga.reply(office.gets("olga", third.number), "СОГЛАСОВАНО")
    office.stranger.submit("Spam", "buy something", [])
    office.work()


def standing(office: Office) -> list[tuple[object, ...]]:
    return [
        (i.number, i.status, i.revision, i.pay_date, i.digest, i.approvers_so_far, i.payment and i.payment.reference)
        for i in office.invoices()
    ]


def message_ids(office: Office, name: str) -> Counter[str]:
    return Counter(mail.message_id for mail in office.mails(name))


PEOPLE = ("ivan", "olga", "director", "buh", "admin")


@pytest.mark.parametrize("copies", [False, True], ids=["without copies", "with copies"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_day_is_redone_and_ends_as_it_had_ended(
    open_office: Callable[..., Office], request: pytest.FixtureRequest, tmp_path: Path, kind: str, copies: bool
) -> None:
    database = str(request.getfixturevalue("postgres_url")) if kind == "postgresql" else None
    office = open_office(database=database, mailbox=COPIES if copies else "")
    office.submit()
    backup = tmp_path / "yesterday"
    if database:
        dump(database, backup)
    else:
        assert "Copied" in command(office, "backup", str(backup))
    live_a_day(office)
    before = standing(office)
    assert [i.status for i in office.invoices()] == [Status.PAID, Status.REJECTED, Status.IN_APPROVAL]
    sent = {name: message_ids(office, name) for name in PEOPLE}
    office.mailflow.close()

    if database:
        undump(database, backup)
    else:
        assert "Restored" in command(office, "restore", str(backup))
    told = command(office, "reread")
    assert int(re.findall(r"(\d+) mails are back", told)[0]) >= 8
    office.now += timedelta(days=1)
    office.restart()
    office.work()

    assert standing(office) == before
    assert office.undelivered() == 0
    assert office.folder_count("INBOX") == 0
    again = {name: message_ids(office, name) for name in PEOPLE}
    for name in PEOPLE:
        assert again[name].keys() == sent[name].keys(), f"{name} gets no mail that is another"
    repeated = {name: [m for m, times in again[name].items() if times > 1] for name in PEOPLE}
    if copies:
        assert repeated == {name: [] for name in PEOPLE}
    requests = {mail.message_id for mail in office.mails("olga") if "Согласуйте" in mail.subject}
    assert len(requests) == 3
    assert not requests & set(repeated["olga"]), "whoever has answered is not asked again"


def test_what_is_known_stays_where_it_is(office: Office) -> None:
    office.submit()
    assert command(office, "reread") == "Every mail is known.\n"
    assert office.folder_count("Processed") == 1


def dump(url: str, file: Path) -> None:
    subprocess.run([client_program("pg_dump"), "--format=custom", f"--file={file}", plain(url)], check=True)


def undump(url: str, file: Path) -> None:
    subprocess.run([client_program("pg_restore"), "--clean", "--if-exists", f"--dbname={plain(url)}", file], check=True)


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg", "postgresql")
