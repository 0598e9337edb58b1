# Two commands on a fresh machine with Python 3.11+, make and git: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export MEETINGS_HOME ?= data
# where it is set, each of some hundred processes that the tests start would compile this program anew
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-fast lint format lock mail-check audit bench-setup clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: $(VENV)/.run ## set up, import the seeds, ingest, write the digests
	$(BIN)/meetings import seeds
	$(BIN)/meetings run

test: $(VENV)/.dev $(VENV)/.packages ## set up and run every test
	$(BIN)/python -m pytest -n 3 --dist worksteal --cov --cov-report=term:skip-covered

test-fast: $(VENV)/.dev ## the quick tests: no server, no browser, none that takes seconds
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not slow"

lint: $(VENV)/.dev ## exactly what CI checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## put the code into its one form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

lock: $(VENV)/.dev ## pin every dependency with its hashes, without a registry's address
	$(BIN)/uv pip compile $(PINS) --extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile $(PINS) --extra build --extra postgresql --extra dask --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile $(PINS) --extra build --extra postgresql --extra dask --extra dev --extra bench -c requirements-dev.lock pyproject.toml -o requirements-bench.lock
PINS := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade

mail-check: $(VENV)/.mailcheck ## hold the golden mails against caniemail.com's data (needs node and npm)
	node $(VENV)/mailcheck/check.mjs docs/email.md tests/data/issues/rich.html tests/data/issues/quiet.html

audit: $(VENV)/.bench ## hold every pinned dependency against the known weaknesses (needs the network)
	for lock in requirements.lock requirements-dev.lock; do \
		$(BIN)/pip-audit --requirement $$lock --require-hashes --disable-pip --progress-spinner off --strict || exit 1; done

bench-setup: $(VENV)/.bench ## install the peers that the benchmarks measure beside us, and what audits

clean: ## remove what make made; the data stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.*

$(VENV)/pyvenv.cfg:
	$(PYTHON) -c 'import sys; sys.exit("make: Python 3.11, 3.12 or 3.13 is needed; say where with: make PYTHON=/path/to/python3") if not (3, 11) <= sys.version_info < (3, 14) else None'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); $(GET_VENV) && $(PYTHON) -m venv $(VENV); }

# Debian keeps venv in a package of its own
GET_VENV = apt-get update -qq && apt-get install -y -qq python3-venv
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/pyvenv.cfg
	$(INSTALL) --no-deps --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check
	touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/pyvenv.cfg
	$(INSTALL) --no-deps --require-hashes -r requirements-dev.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check
	touch $@ $(VENV)/.run

$(VENV)/.bench: requirements-bench.lock pyproject.toml | $(VENV)/pyvenv.cfg
	$(INSTALL) --no-deps --require-hashes -r requirements-bench.lock
	$(INSTALL) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check
	touch $@ $(VENV)/.dev $(VENV)/.run

$(VENV)/.mailcheck: tests/mailcheck/package.json tests/mailcheck/check.mjs | $(VENV)/pyvenv.cfg
	mkdir -p $(VENV)/mailcheck
	cp tests/mailcheck/package.json tests/mailcheck/check.mjs $(VENV)/mailcheck/
	cd $(VENV)/mailcheck && npm install --silent --no-package-lock --no-audit --no-fund --ignore-scripts
	touch $@

# The tests need a Chromium, fonts for three languages and systemd's checker: from the system's packages when they are missing.
$(VENV)/.packages: | $(VENV)/pyvenv.cfg
	sh tests/install_packages.sh
	touch $@
