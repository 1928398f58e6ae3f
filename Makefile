# Everything one does with Eka, in one place. Needs Python 3.11 or newer and make.

SHELL := /bin/sh
.DEFAULT_GOAL := build

# The Python that .venv is made with: the newest found; `make PYTHON=/path/to/python` overrides.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)

BIN := .venv/bin
UV := $(BIN)/uv
# The certificates that this machine trusts, as pip does: a company's network may have its own.
INSTALL := $(UV) pip install --quiet --system-certs --python $(BIN)/python
STAMP := .venv/.complete
PO := $(wildcard src/eka/locale/*/LC_MESSAGES/*.po)
MO := $(PO:.po=.mo)
# Two processes; the journeys come afterwards, as they want the machine and its ports to themselves.
TWICE := -n 2 --dist loadgroup --ignore=tests/journeys
JOURNEYS := tests/journeys

.PHONY: build run test check bench shots fmt messages lock clean help

build: $(STAMP) $(MO)  ## Make .venv and compile the translations (first time about 20 s)

run: build  ## Run everything on this machine, with demo data; Ctrl-C stops it
	@$(BIN)/eka dev

test: build  ## Run the tests on throw-away databases; ARGS="-k rollover" chooses
	@$(if $(ARGS),$(BIN)/pytest $(ARGS),$(BIN)/pytest $(TWICE) && $(BIN)/pytest $(JOURNEYS))

check: build  ## All that CI looks at: format, lint, types, imports, translations, tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/eka messages check
	$(BIN)/pytest $(TWICE)
	$(BIN)/pytest $(JOURNEYS)

bench: build  ## Measure throughput and latency on this machine
	@$(BIN)/eka bench periods --fresh --lines 100000
	@$(BIN)/eka bench charging --fresh --lines 100000 --seconds 5
	@$(BIN)/eka bench checkouts --rate 40 --seconds 10

shots: build  ## Take pictures of every page into docs/screenshots; needs Chromium
	$(BIN)/python -m tests.journeys.shots

fmt: build  ## Format the sources and mend what ruff can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

messages: $(STAMP)  ## Collect new strings into the .po files, then say what is untranslated
	$(BIN)/eka messages extract
	$(BIN)/eka messages check

lock: $(UV)  ## Choose package versions anew, after a change in pyproject.toml
	$(UV) pip compile --quiet --system-certs --no-config --universal --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --upgrade --python-version 3.11 \
		--extra dev --output-file requirements.lock pyproject.toml

clean:  ## Remove what was built; a shop's own data (.eka) stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The package is built with the locked hatchling, so nothing is fetched that the lock does not name.
$(STAMP): requirements.lock pyproject.toml | $(UV)
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(UV):
	@test -n "$(PYTHON)" || { echo "Eka needs Python 3.11 or newer, with venv (Debian: apt-get" \
		"install python3-venv), and found none: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv

%.mo: %.po $(STAMP)
	@$(BIN)/eka messages compile
