"""Tells the administrator what is wrong with settings that were edited while mailflow runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from mailflow.approval.effects import Mail, Message
from mailflow.errors import ConfigurationError
from mailflow.jobs.outgoing import Outgoing
from mailflow.store.engine import Store

ANEW_AFTER = timedelta(hours=1)


def tell_of_settings(wrong: ConfigurationError, store: Store, outgoing: Outgoing, now: datetime) -> None:
    """Writes the mail, unless the same was told within the hour: several mailflows may read the same settings."""
    problems = [{"key": p.key, "line": p.line, "what": p.what, "mend": p.mend} for p in wrong.problems]
    extra = {"file": wrong.file, "problems": problems}
    mail = Mail(outgoing.company.administrator, Message.SETTINGS_WRONG, extra=extra)
    with store.begin() as uow:
        told = uow.outbox.mails_since([mail.message], mail.to, now - ANEW_AFTER)
        if extra not in [dict(earlier.extra) for earlier in told]:
            outgoing.enqueue(uow, mail, None, now)
            uow.commit()
