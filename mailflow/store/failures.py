"""What a database's error means: whose move it is, in words that hold no secret and no value of a row."""

from __future__ import annotations

import re

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError

from mailflow.errors import (
    ConfigurationError,
    DatabaseAway,
    MailflowError,
    PermanentFailure,
    SettingsProblem,
    TransientFailure,
)

_PASSING = (OperationalError, InterfaceError, InternalError, IntegrityError)
_AWAY_POSTGRESQL = ("08", "53", "57", "58")
"""Classes of SQLSTATE: connection, insufficient resources, operator intervention, system error."""

_OUT_OF_MEMORY = "53200"
"""One of them, but a single large row may be what led to it."""

_UNUSABLE_SQLITE = ("SQLITE_CANTOPEN", "SQLITE_NOTADB", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")
_UNUSABLE_POSTGRESQL = (
    "authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
    "permission denied",
    "is not permitted to log in",
    "certificate",
    "invalid connection option",
    "invalid sslmode",
    "does not support SSL",
)

_UNTRUSTED = re.compile("certificate verify failed|server certificate for|does not support SSL|root certificate")


def unusable(what: str, mend: str) -> ConfigurationError:
    """The setting `database` is wrong."""
    return ConfigurationError("settings", [SettingsProblem("database", what, mend)])


def why_not_opened(error: DBAPIError, address: URL) -> MailflowError:
    """The database could not be opened: a wrong setting, or away for now."""
    words = _words(error, address)
    if address.get_backend_name() == "sqlite":
        if getattr(error.orig, "sqlite_errorname", "").startswith(_UNUSABLE_SQLITE):
            return unusable(f"its file cannot be used: {words}.", "Name a file that mailflow may write, in its folder.")
    elif any(sign in words for sign in _UNUSABLE_POSTGRESQL):
        if _UNTRUSTED.search(words):
            mend = "Name the host as its certificate does; for a private CA add ?sslrootcert=FILE to the address."
            return unusable(f"its server cannot be trusted: {words}.", mend)
        mend = "Look at its user, password and name, and whether that user may connect and create tables."
        return unusable(f"the server refuses: {words}.", mend)
    return TransientFailure(f"The database cannot be opened just now: {words}")


def why_not_done(error: DBAPIError, address: URL) -> MailflowError:
    """A statement failed: away or busy (nobody's fault), overtaken by somebody else (try again), or never possible."""
    words = _words(error, address)
    if _is_away(error):
        return DatabaseAway(f"The database cannot be used just now: {words}")
    mistaken = getattr(error.orig, "sqlite_errorname", "") == "SQLITE_ERROR"  # of a statement, though "operational"
    if isinstance(error, _PASSING) and not mistaken:
        return TransientFailure(f"The database cannot be used just now: {words}")
    return PermanentFailure(f"The database refuses this: {words}")


def _is_away(error: DBAPIError) -> bool:
    """Whether any other statement would have failed as well."""
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    if name := getattr(error.orig, "sqlite_errorname", ""):
        return bool(name != "SQLITE_ERROR")
    sqlstate = getattr(error.orig, "sqlstate", None)
    return sqlstate is None or (sqlstate[:2] in _AWAY_POSTGRESQL and sqlstate != _OUT_OF_MEMORY)


def _words(error: DBAPIError, address: URL) -> str:
    """The database's own words on one line, without the statement, its values and what the address tells."""
    diagnosis = getattr(error.orig, "diag", None)
    words = " ".join((getattr(diagnosis, "message_primary", None) or str(error.orig)).split())
    for secret in (address.password, address.database, address.username):
        if secret:
            words = re.sub(rf"(?<!\w){re.escape(str(secret))}(?!\w)", "***", words)
    return words.rstrip(".")
