"""Nobody between us and a server reads or changes anything: no connection without a verified certificate.

IMAP, SMTP and Bitrix24 are shown in tests/adapters, each with its adapter; here is the database.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from mailflow.errors import ConfigurationError
from mailflow.store.encryption import encrypted
from mailflow.store.engine import open_store
from tests.servers.certificates import Certificate, Certificates
from tests.servers.postgres import Postgres, running_postgres

NAMED_IN_ONE = "elsewhere.example"
"""The name in the certificate that is wrong for 127.0.0.1; it leads nowhere, so libpq is told the number as well."""

SYSTEM = ssl.get_default_verify_paths().cafile


@pytest.fixture(scope="module")
def own_postgres(postgres: Postgres) -> Iterator[Postgres]:
    """A cluster that other tests do not see encrypted."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def address_of(own_postgres: Postgres) -> Callable[..., str]:
    def address(host: str, **query: object) -> str:
        url = make_url(own_postgres.new_database()).set(host=host)
        numbered = {} if host == "127.0.0.1" else {"hostaddr": "127.0.0.1"}
        return str(url.update_query_dict({name: str(value) for name, value in {**numbered, **query}.items()}))

    return address


def self_signed(certificates: Certificates) -> Certificate:
    return Certificate(certificates.other_ca_file, certificates.other_ca_file.with_suffix(".key"))


@pytest.mark.parametrize(
    ("served", "host", "trusted", "why"),
    [
        ("good", "db.example", "ca_file", "server certificate for .* does not match"),
        ("expired", "127.0.0.1", "ca_file", "certificate has expired|certificate verify failed"),
        ("wrong_name", NAMED_IN_ONE, "other_ca_file", "certificate verify failed"),
        ("wrong_name", NAMED_IN_ONE, None, "certificate verify failed"),
        ("self_signed", "db.example", "ca_file", "certificate verify failed"),
        ("none", "db.example", "ca_file", "does not support SSL"),
    ],
)
def test_a_database_that_cannot_be_trusted_is_refused_with_its_mend(
    own_postgres: Postgres,
    certificates: Certificates,
    address_of: Callable[..., str],
    served: str,
    host: str,
    trusted: str | None,
    why: str,
) -> None:
    serve(own_postgres, certificates, served)
    roots = {"sslrootcert": getattr(certificates, trusted)} if trusted else {}
    asked = {"sslmode": "verify-full"} if host == "127.0.0.1" else {}
    with pytest.raises(ConfigurationError, match=why) as wrong:
        open_store(address_of(host, **roots, **asked))
    (problem,) = wrong.value.problems
    assert problem.key == "database"
    assert "server cannot be trusted" in problem.what
    assert "sslrootcert" in problem.mend


def serve(server: Postgres, certificates: Certificates, which: str) -> None:
    """From the next connection on it shows this certificate, or none."""
    if which == "none":
        server.speak_plainly()
    else:
        server.encrypt(self_signed(certificates) if which == "self_signed" else getattr(certificates, which))


def test_a_database_over_a_network_is_used_where_its_certificate_is_right(
    own_postgres: Postgres, certificates: Certificates, address_of: Callable[..., str]
) -> None:
    own_postgres.encrypt(certificates.wrong_name)
    store = open_store(address_of(NAMED_IN_ONE, sslrootcert=certificates.ca_file))
    with closing(store), store._engine.connect() as connection:
        assert connection.connection.driver_connection.pgconn.ssl_in_use  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca"])
@pytest.mark.parametrize("host", ["db.example", "10.0.0.5", "localhost.example", "127.0.0.1,db.example"])
def test_a_weaker_sslmode_over_a_network_is_refused_before_anything_is_sent(mode: str, host: str) -> None:
    with pytest.raises(ConfigurationError, match="whoever answers") as wrong:
        open_store(f"postgresql+psycopg://olga:s3cret@/payroll?host={host}&sslmode={mode}")
    assert "s3cret" not in str(wrong.value)


@pytest.mark.parametrize(
    "place",
    [
        "@127.0.0.1/x?sslmode=disable",
        "@localhost/x",
        "@[::1]/x",
        "@/x",
        "@/x?host=/var/run/postgresql",
        "@/x?host=127.0.0.1,localhost",
    ],
)
def test_a_database_on_this_machine_needs_no_certificate(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGHOST", raising=False)
    address = make_url(f"postgresql+psycopg://olga{place}")
    assert encrypted(address) == address


@pytest.mark.parametrize(
    "place",
    ["@db.example/x", "@10.0.0.5/x", "@/x?host=db.example", "@/x?hostaddr=10.0.0.5", "@127.0.0.1/x?service=payroll"],
)
def test_over_a_network_the_systems_own_certificates_count_unless_others_are_named(place: str) -> None:
    address = make_url(f"postgresql+psycopg://olga{place}")
    own = address.update_query_dict({"sslrootcert": "ca.pem"})
    if SYSTEM:
        assert encrypted(address).query["sslrootcert"] == SYSTEM
    assert encrypted(own).query["sslrootcert"] == "ca.pem"
    assert encrypted(own).query["sslmode"] == "verify-full"


def test_a_host_that_only_the_environment_names_is_over_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    own = make_url("postgresql+psycopg://olga@/x?sslrootcert=ca.pem")
    assert encrypted(own).query["sslmode"] == "verify-full"


def test_without_any_trusted_certificate_the_administrator_is_asked_for_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    with pytest.raises(ConfigurationError, match="no list of trusted certificates"):
        open_store("postgresql+psycopg://olga@db.example/x")
