"""The servers that the trials play with."""

from tests.adapters.conftest import dovecot, user

__all__ = ["dovecot", "user"]
