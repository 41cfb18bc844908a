"""PostgreSQL over a network: encrypted, with the server that was meant alone; libpq's own default verifies nothing."""

from __future__ import annotations

import os
import ssl

from sqlalchemy import URL

from mailflow.loopback import is_loopback
from mailflow.store.failures import unusable

VERIFIED = "verify-full"
"""The only sslmode of libpq that checks the certificate's chain and its name."""

_NAMED_ELSEWHERE = ("PGHOST", "PGHOSTADDR", "PGSERVICE")


def encrypted(address: URL) -> URL:
    """The address of a PostgreSQL with what it needs to be safe over a network; one on this machine as it is.

    Certificates are verified against `sslrootcert`, or against those that the system trusts. Raises
    ConfigurationError for a weaker `sslmode`, and where nothing says whom to trust.
    """
    if _is_here(address):
        return address
    mode = address.query.get("sslmode", VERIFIED)
    if mode != VERIFIED:
        what = f"its sslmode={mode} would send the password and the invoices to whoever answers for the server."
        mend = f"Leave sslmode out, or write sslmode={VERIFIED}; for a private CA add sslrootcert=FILE."
        raise unusable(what, mend)
    trusted = address.query.get("sslrootcert") or ssl.get_default_verify_paths().cafile
    if trusted is None:
        mend = "Add ?sslrootcert=FILE with the certificate of the CA that signed the server's."
        raise unusable("this system has no list of trusted certificates to verify the server with.", mend)
    return address.update_query_dict({"sslmode": VERIFIED, "sslrootcert": trusted})


def _is_here(address: URL) -> bool:
    """Whether every host is this machine, or a socket in its file system (libpq's section 34.1.2)."""
    if "service" in address.query:
        return False
    named = address.query.get("host") or address.host
    if not named:
        return not any(map(os.environ.get, _NAMED_ELSEWHERE)) and "hostaddr" not in address.query
    several = [named] if isinstance(named, str) else named
    hosts = [host for named in several for host in named.split(",")]
    return all(host.startswith(("/", "@")) or is_loopback(host.strip("[]")) for host in hosts)
