"""mailflow is killed at any moment, again and again, and every invoice is paid once all the same.

TRIALS=ci python -m pytest tests/trials/test_crash_storm.py
SEED=7 python -m pytest tests/trials/test_crash_storm.py
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import TRIAL
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.trials.audit import audit
from tests.trials.company import write_settings
from tests.trials.people import People
from tests.trials.size import by_size
from tests.trials.watcher import Watcher
from tests.trials.worker import Clock, Worker, log_of

INVOICES = by_size(quick=20, ci=300, full=10_000)
KILLS = by_size(quick=20, ci=300, full=20_000)
"""At least so many, each with work in hand: the storm goes on with further invoices until there were."""

UNDER_WAY = 5
"""So many invoices at a time: there is always something to do, and no pass is long."""

SECONDS_TO_LIVE = (0.02, 0.4)
LONGER_EACH_TIME = 0.2
"""Of that, for each life in a row that changed nothing: on a busy machine even the longest may be too short."""

LIVES_THAT_CHANGE_NOTHING = 50
EACH_INVOICE_SENDS = {
    "acknowledgement": 1,
    "approval_request": 2,
    "approved": 1,
    "decision_taken": 3,
    "invite": 4,
    "paid": 3,
    "pay_request": 1,
}
EACH_INVOICE_IS_ANSWERED = 3


@dataclass
class Storm:
    """Lives of mailflow, none of which ends by itself. `kills` are those that hit it with work in hand."""

    settings: Path
    people: People
    watcher: Watcher
    chance: random.Random
    clock: Clock
    lives: int = 0
    kills: int = 0
    fruitless: int = 0

    @property
    def is_over(self) -> bool:
        enough = self.people.submitted >= INVOICES and self.kills >= KILLS
        seen, delivered = self.watcher.seen, len(self.people.delivered)
        return enough and seen.paid == self.people.submitted and not seen.in_hand(delivered)

    def live(self) -> None:
        """One life, during which people write; then a look at what it has left."""
        before = self.watcher.seen
        with Worker(self.settings, self.clock):
            busy = 1 + LONGER_EACH_TIME * self.fruitless
            dies_at = time.monotonic() + self.chance.uniform(*SECONDS_TO_LIVE) * busy
            self.people.answer()
            if self.people.submitted < INVOICES or self.kills < KILLS:
                self.people.submit(UNDER_WAY - (self.people.submitted - before.paid))
            time.sleep(max(0.0, dies_at - time.monotonic()))
        after = self.watcher.look()
        self.watcher.doubt()
        self.lives += 1
        self.kills += after.in_hand(len(self.people.delivered)) > 0
        self.fruitless = self.fruitless + 1 if after == before else 0


def test_killed_at_any_moment_again_and_again_it_pays_every_invoice_once(
    dovecot: Dovecot, user: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = int(os.environ.get("SEED", random.randrange(2**32)))
    print(f"SEED={seed}")
    began = time.monotonic()
    url = f"sqlite:///{tmp_path}/mailflow.db"
    watcher = Watcher(url)
    with SmtpSink() as sink:
        settings = write_settings(tmp_path, database=url, imap=dovecot.imap_port, smtp=sink.port, user=user)
        people = People(dovecot, user, sink)
        storm = Storm(settings, people, watcher, random.Random(seed), Clock())
        while not storm.is_over:
            storm.live()
            assert storm.fruitless < LIVES_THAT_CHANGE_NOTHING, f"nothing goes on any more: {watcher.seen}"
        people.answer()
    repeated, folders = people.repeated(), people.mailbox()
    record_property(
        TRIAL,
        f"crash storm: {people.submitted} invoices, {storm.kills} kills at work ({storm.lives} in all), "
        f"{len(people.copies)} mails, {len(watcher.in_doubt)} in doubt, {repeated.total()} repeated, "
        f"{sum(map(len, folders.values())) - len(people.delivered)} moved twice, "
        f"{time.monotonic() - began:.0f} s, SEED={seed}",
    )
    findings = audit(url, people.delivered, folders, people.received(), watcher.in_doubt, watcher.in_motion)
    assert findings == []
    assert repeated <= watcher.in_doubt, "no mail may come again more often than it was in doubt"
    assert watcher.rows("SELECT status, count(*) FROM invoice GROUP BY status") == [("paid", people.submitted)]
    assert Counter(kind for (kind,) in watcher.rows("SELECT kind FROM outbox")) == {
        kind: times * people.submitted for kind, times in EACH_INVOICE_SENDS.items()
    }
    assert sorted(watcher.rows("SELECT kind, state, count(*) FROM inbox GROUP BY kind, state")) == [
        ("answer", "processed", EACH_INVOICE_IS_ANSWERED * people.submitted),
        ("submission", "processed", people.submitted),
    ]
    assert "Traceback" not in log_of(settings).read_text("utf-8")
