"""Writes the lock files from pyproject.toml; with --check says whether they still belong to it, and changes nothing.

Versions that are locked stay as they are; `--upgrade` takes the newest.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")

COMPILE = ("pip", "compile", "pyproject.toml", "--extra", "postgres", "--extra", "demo")
PLATFORM = ("--universal", "--python-version", "3.11", "--generate-hashes")
LOCKS = {
    "requirements.lock": (*COMPILE, *PLATFORM),
    "requirements-dev.lock": (*COMPILE, "--group", "dev", *PLATFORM, "-c", "requirements.lock"),
    "benchmarks/readers.lock": ("pip", "compile", "benchmarks/readers.in", *PLATFORM, "-c", "requirements-dev.lock"),
    "benchmarks/peer.lock": ("pip", "compile", "benchmarks/peer.in", *PLATFORM),
}

_PACKAGE = re.compile(r"^([a-z0-9][^ ]*==[^ ]+(?: ; [^\\]+)?)", re.MULTILINE)
_UNREACHABLE = re.compile(r"failed to fetch|error sending request|dns error|connect|timed out", re.IGNORECASE)


def packages(lock: str) -> set[str]:
    """The packages of a lock with version and marker, without hashes."""
    return {line.strip() for line in _PACKAGE.findall(lock)}


def uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs uv in the project."""
    command = [str(UV), *arguments, "--quiet"]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)  # noqa: S603


def write(*options: str) -> int:
    """Writes every lock file."""
    for name, arguments in LOCKS.items():
        done = uv(*arguments, "-o", name, *options)
        if done.returncode:
            sys.stderr.write(done.stderr)
            return 1
    return 0


def check() -> int:
    """0 where every lock file belongs to its requirements, or where no package index can be asked outside of CI."""
    for name, arguments in LOCKS.items():
        done = uv(*arguments, "-c", name)
        if done.returncode and _UNREACHABLE.search(done.stderr):
            sys.stderr.write("The locks were not checked: no package index can be reached.\n")
            return 1 if os.environ.get("CI") == "true" else 0
        if done.returncode:
            sys.stderr.write(f"{name} does not fit its requirements; run `make lock`.\n{done.stderr}")
            return 1
        locked, needed = packages((TOP / name).read_text()), packages(done.stdout)
        if locked != needed:
            wrong = [f"  lacks {line}\n" for line in sorted(needed - locked)]
            wrong += [f"  needs no {line}\n" for line in sorted(locked - needed)]
            sys.stderr.write(f"{name} does not fit its requirements; run `make lock`.\n{''.join(wrong)}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(check() if sys.argv[1:] == ["--check"] else write(*sys.argv[1:]))
