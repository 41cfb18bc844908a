"""Looks for known weaknesses in the locked libraries; 1 where one is found, 0 where none is or nobody can be asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parents[1]
COMMAND = ("pip_audit", "--requirement", "requirements.lock", "--require-hashes", "--disable-pip", "--format", "json")


def main() -> int:
    """Asks the advisories of PyPI about every line of the lock."""
    command = [sys.executable, "-m", *COMMAND]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)  # noqa: S603
    if not done.stdout:
        sys.stderr.write(f"The libraries were not audited: {(done.stderr.strip().splitlines() or ['no answer'])[-1]}\n")
        return 0
    libraries = json.loads(done.stdout)["dependencies"]
    unknown = [library["name"] for library in libraries if "skip_reason" in library]
    weak = [(library, weakness) for library in libraries for weakness in library.get("vulns", ())]
    for library, weakness in weak:
        mended = ", ".join(weakness["fix_versions"]) or "no version yet"
        sys.stderr.write(f"{library['name']} {library['version']}: {weakness['id']}, mended in {mended}\n")
    if unknown:
        sys.stderr.write(f"{len(unknown)} of {len(libraries)} libraries not audited: this index has no advisories.\n")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
