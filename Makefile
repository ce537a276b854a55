# Two commands are all a newcomer needs: `make run` and `make test`. Each sets up what it needs, and works again.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: bundle help setup run demo test check lint types arrows wheel bench drills docs clean

help: ## Show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' | awk -F'|' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## Make .venv with the `dabyl` command (nothing outside this folder is touched)

$(VENV)/.ready: requirements.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Dabyl needs Python 3.11 or later as '$(PYTHON)'. Install it, or say: make PYTHON=python3.12 setup"; exit 1; }
	@echo "Dabyl: making $(VENV) (a minute or two the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "Dabyl: ready. Try: $(BIN)/dabyl --help"

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.txt
	@echo "Dabyl: adding what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: setup ## Start the service; stop it with Ctrl-C
	@$(BIN)/dabyl run

demo: setup ## Play January 2022 through the pipeline
	@$(BIN)/dabyl demo

test: $(VENV)/.ready-dev ## Run all tests
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile $(TESTS)

check: lint types arrows ## Lint, types, import arrows, configuration
	@$(BIN)/dabyl check

lint: $(VENV)/.ready-dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.ready-dev
	@$(BIN)/mypy

arrows: $(VENV)/.ready-dev
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

wheel: $(VENV)/.ready-dev ## Build the wheel into dist/
	@$(BIN)/python -m hatchling build -t wheel

bundle: $(VENV)/.ready-dev ## An installation bundle for machines without internet, in dist/
	@PYTHON=$(CURDIR)/$(BIN)/python scripts/make_bundle.sh

bench: $(VENV)/.ready-dev ## Measure speed and memory; one line a figure
	@$(BIN)/python -m bench

drills: $(VENV)/.ready-dev ## The long drills: a bad disk, a flood of posts, a day of work (half an hour)
	@$(BIN)/python -m bench.faults && $(BIN)/python -m bench.flood && $(BIN)/python -m bench.soak

docs: $(VENV)/.ready-dev ## Make docs/reference.md anew from the models
	@$(BIN)/python -m monitor.cli.reference > docs/reference.md

clean: ## Remove .venv and what was built (your data stays)
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache
