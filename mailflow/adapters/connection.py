"""What the mail connections share: TLS that verifies, and failures in words that people may see."""

from __future__ import annotations

import base64
import socket
import ssl
from pathlib import Path

from mailflow.errors import TransientFailure

_LONGEST_WORDS = 300


def verified_tls(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates and host names are always checked; against `ca_file` alone where one is given."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise TransientFailure(f"ca_file {ca_file} cannot be used: {words(error)}. It must be a PEM file.") from error


def words(error: BaseException) -> str:
    """What went wrong, in one line: the system's own words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "this host name is not known"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate cannot be trusted, {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS with it, {(error.reason or str(error)).replace('_', ' ').lower()}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return said(error.args[0]) if error.args else type(error).__name__


def said(text: object) -> str:
    """A server's words on one line, cut where they are long."""
    line = " ".join((str(text, "utf-8", "replace") if isinstance(text, bytes) else str(text)).split())
    return line[:_LONGEST_WORDS]


def without_secret(text: str, username: str, password: str) -> str:
    """The text, or a remark in its place where a server repeats the password that was sent to it, in any form."""
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    forms = {password, quoted, quoted.replace("\\", "\\\\"), _base64(password), sasl_plain(username, password)}
    if any(form and form in text for form in forms):
        return "the server's words are not shown, for they repeat the password"
    return text


def sasl_plain(username: str, password: str) -> str:
    """The PLAIN response of SASL (RFC 4616), in base64."""
    return _base64(f"\0{username}\0{password}")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
