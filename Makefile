# make install | demo | wheel | test | trials | lint | lock | audit | bench | compare | clean. Tests of one room: make test ARGS="tests/store -k outbox"

MAKEFLAGS += --no-print-directory
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes
FIND_PYTHON := for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done

.PHONY: install demo wheel test trials lint lock audit bench compare clean
.DEFAULT_GOAL := install

install: .venv/installed

demo: .venv/installed
	@$(BIN)/python run.py demo $(ARGS)

wheel: .venv/installed-dev
	@$(BIN)/python -m hatchling build -t wheel

test: .venv/installed-dev
	@$(BIN)/python -m pytest -q -n auto $(ARGS)

trials: .venv/installed-dev
	@TRIALS=full $(BIN)/python -m pytest -q -n auto tests/trials tests/simulation tests/security $(ARGS)

lint: .venv/installed-dev
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@report=$$($(BIN)/lint-imports --no-logo) || { echo "$$report"; exit 1; }
	@$(BIN)/python scripts/lock.py --check

lock: .venv/installed-dev
	@$(BIN)/python scripts/lock.py $(ARGS)

audit: .venv/installed-dev
	@$(BIN)/python scripts/audit.py

bench: .venv/installed-dev
	@$(MAKE) .venv-bench/installed || echo "roundup could not be installed: its columns stay empty." >&2
	@$(BIN)/python -m benchmarks $(ARGS)

compare: .venv-compare/installed
	@.venv-compare/bin/python -W ignore -m benchmarks.readers

clean:
	@rm -rf .venv .venv-compare .venv-bench build dist demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/pyvenv.cfg:
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then \
		echo "mailflow needs Python 3.11 or newer; this is $$(python3 --version 2>&1 || echo 'no Python at all')." >&2; exit 1; \
	fi; \
	echo "Making .venv with $$($$python --version)"; \
	$$python -m venv .venv || { rm -rf .venv; \
		echo "No virtual environment could be made. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

.venv/installed: requirements.lock | .venv/pyvenv.cfg
	@echo "Installing mailflow's libraries"
	@$(PIP) -r requirements.lock
	@touch $@

# The lock for work holds everything of the other one, in the same versions.
.venv/installed-dev: requirements.lock requirements-dev.lock | .venv/pyvenv.cfg
	@echo "Installing mailflow's libraries and the tools to work on it"
	@$(PIP) -r requirements-dev.lock
	@touch .venv/installed $@

.venv-compare/installed: requirements.lock benchmarks/readers.lock | .venv/pyvenv.cfg
	@echo "Installing the libraries that mailflow is compared with"
	@$(BIN)/python -m venv --clear .venv-compare
	@PIP_PYTHON=.venv-compare $(PIP) -r requirements.lock -r benchmarks/readers.lock
	@touch $@

.venv-bench/installed: benchmarks/peer.lock | .venv/pyvenv.cfg
	@echo "Installing roundup, which mailflow is measured against"
	@$(BIN)/python -m venv --clear .venv-bench
	@PIP_PYTHON=.venv-bench $(PIP) -r benchmarks/peer.lock
	@touch $@
