#!/usr/bin/env python3
"""Runs mailflow; takes the environment beside it where mailflow's libraries are not installed in this one."""

import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    if not all(map(PathFinder.find_spec, ("click", "imap_tools", "sqlmodel"))):
        python = here / ".venv" / "bin" / "python"
        if not python.exists() or Path(sys.prefix) == here / ".venv":
            sys.exit("mailflow's libraries are not installed: run `make install` first.")
        os.execv(python, [str(python), *sys.argv])  # noqa: S606

    from mailflow.cli import main

    main()
