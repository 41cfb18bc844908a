"""Imported by the server that forks mailflows: what each of them would load for its first mail is loaded here, once."""

from __future__ import annotations

import gc
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from mailflow.bootstrap import keywords_of
from mailflow.company_settings import company_of
from mailflow.documents.reading import read_file
from mailflow.inbound.reading import read_mail
from mailflow.settings import load_settings
from mailflow.store.engine import open_store
from tests.trials.company import submission, write_settings
from tests.trials.worker import TEMPLATES

with TemporaryDirectory() as _folder:
    _url = f"sqlite:///{_folder}/mailflow.db"
    _settings = load_settings(write_settings(Path(_folder), database=_url, imap=1, smtp=1, user="nobody"), {})
    open_store(_url).close()
read_file(b"%PDF-1.4 invoice")
read_mail(submission(1), keywords_of(_settings), date(2026, 12, 1))
TEMPLATES.check(company_of(_settings))
gc.freeze()
