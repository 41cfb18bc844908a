"""Servers and mail for the tests of the network's edges."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot


@pytest.fixture(scope="session")
def shared_dovecot(certificates: Certificates) -> Iterator[Dovecot]:
    with Dovecot(certificates.good) as running:
        yield running


@pytest.fixture
def dovecot(certificates: Certificates) -> Iterator[Dovecot]:
    """One that a test may kill."""
    with Dovecot(certificates.good) as running:
        yield running


@pytest.fixture
def user() -> str:
    """A name that no other test uses, so that its mailbox is empty."""
    return f"finance-{uuid.uuid4().hex[:8]}"
