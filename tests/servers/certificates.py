"""Throw-away certificates, so that tests can verify, and be refused by, real TLS servers."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_EC_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Certificate:
    """A server's certificate and its key, as PEM files."""

    chain: Path
    key: Path


@dataclass(frozen=True)
class Certificates:
    """A CA with a good certificate for localhost and 127.0.0.1 and two bad ones; another CA that signed nothing."""

    ca_file: Path
    other_ca_file: Path
    good: Certificate
    wrong_name: Certificate
    expired: Certificate


def make_certificates(folder: Path) -> Certificates:
    """Makes them all with the openssl program, in a folder that exists."""
    ca_file, ca_key = _authority(folder, "ca")
    other_ca_file, _ = _authority(folder, "other-ca")

    def signed(name: str, subject_names: str, days: int) -> Certificate:
        chain, key, request, extensions = (folder / f"{name}.{kind}" for kind in ("crt", "key", "csr", "cnf"))
        extensions.write_text(f"subjectAltName={subject_names}\nbasicConstraints=CA:FALSE\n", "ascii")
        _openssl("req", *_EC_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        _openssl(
            *("x509", "-req", "-in", request, "-CA", ca_file, "-CAkey", ca_key, "-CAcreateserial"),
            *("-out", chain, "-days", days, "-extfile", extensions),
        )
        return Certificate(chain, key)

    return Certificates(
        ca_file,
        other_ca_file,
        good=signed("good", "DNS:localhost,IP:127.0.0.1", 30),
        wrong_name=signed("wrong-name", "DNS:elsewhere.example", 30),
        expired=signed("expired", "DNS:localhost,IP:127.0.0.1", -1),
    )


def _authority(folder: Path, name: str) -> tuple[Path, Path]:
    chain, key = folder / f"{name}.crt", folder / f"{name}.key"
    _openssl(
        *("req", "-x509", *_EC_KEY, "-keyout", key, "-out", chain, "-days", 30, "-subj", f"/CN=mailflow test {name}"),
        *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    return chain, key


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
