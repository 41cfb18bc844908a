"""The servers that the trials play with."""

from tests.adapters.conftest import certificates, dovecot, user

__all__ = ["certificates", "dovecot", "user"]
