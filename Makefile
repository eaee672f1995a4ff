# Everything starts here: `make setup` builds .venv from the lock, every other target brings it up to date first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

ifndef PYTHON
PYTHON := $(shell command -v python3.11 || command -v python3)
endif

JOBS     ?= 2
VENV     := .venv
BIN      := $(VENV)/bin
UV       := $(BIN)/uv
LOCKED   := $(VENV)/.locked
READY    := $(VENV)/.ready
PROJECTS := $(wildcard pyproject.toml adapters/*/pyproject.toml tests/fake_adapter/pyproject.toml)
PACKAGES := $(patsubst %/,%,$(dir $(PROJECTS)))
COMPILE  := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: help setup demo test check fmt docs bench crash fuzz corpus lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(READY) ## make .venv: bridge, the three engines, the development tools

demo: $(READY) ## run the example on every engine and compare the results
	$(BIN)/bridge compare examples/mnist/pipeline.py --on local,metaflow,kedro,airflow

test: $(READY) ## run every test, two files at a time (JOBS=0: one after the other)
	$(BIN)/pytest -n $(JOBS) --dist loadfile $(ARGS)

check: $(READY) ## lint, formatting, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

fmt: $(READY) ## format the code and fix what can be fixed
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

docs: $(READY) ## bring what the documentation takes from the code up to date
	$(BIN)/python docs/generate.py

bench: $(READY) ## measure bridge beside its peers (ARGS="--only chain --peers bridge,kedro")
	$(BIN)/python benchmarks/run.py $(ARGS)

crash: $(READY) ## kill runs at random and at every call that writes, and check that nothing is lost (ARGS="--count 500")
	$(BIN)/python tests/support/crashes.py $(ARGS)

fuzz: $(READY) ## run random programs here and on engines (ARGS="--on metaflow --count 200 --seed 1")
	$(BIN)/python -m bridge.testing.fuzz $(ARGS)

corpus: $(READY) ## read, convert and run what frameworks ship (ARGS="metaflow --run --only hello")
	$(BIN)/python -m bridge.testing.corpus $(ARGS)

lock: $(UV) ## pin every dependency again (LOCK_ARGS=--upgrade for the newest)
	echo uv | $(COMPILE) $(LOCK_ARGS) --no-annotate -o requirements-uv.lock -
	$(COMPILE) $(LOCK_ARGS) --extra s3 --group dev --no-emit-package bridge-core -o requirements.lock \
	    pyproject.toml $(wildcard adapters/*/pyproject.toml)

clean: ## remove .venv, caches and everything generated
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .bridge .metaflow out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv comes by pip, pinned by its own hash; it then installs what the lock names and nothing else.
$(UV): requirements-uv.lock
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bridge needs Python 3.11 or newer: make setup PYTHON=/path/to/python3.11")'
	test -x $(BIN)/python || '$(PYTHON)' -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

# Two stamps: a changed lock installs what changed in it, a changed pyproject.toml only the projects of this repository.
# The build backend is in the lock, hence no build isolation: nothing unpinned is ever fetched.
$(LOCKED): $(UV) requirements.lock
	$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@touch $@

$(READY): $(LOCKED) $(PROJECTS)
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(addprefix -e ,$(PACKAGES))
	$(BIN)/python -m compileall -q bridge adapters/*/bridge_*
	@touch $@
