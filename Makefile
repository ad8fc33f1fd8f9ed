# The workshop. Needs make, git and Python 3.11 or newer with venv; everything else goes into $(VENV).
#   make demo ARGS="--for 2h"      PYTHON=python3.12 make test

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test trees heavy home-assistant soak lint bench clean

VENV ?= .venv
ARGS ?=
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# as root (in a container) pip warns about itself; a venv is just what it asks for
export PIP_ROOT_USER_ACTION := ignore

# what each target needs of pyproject.toml; with VIRTUAL_DEVICES_REQUIRE_ALL nothing may be missing
NEEDS_home := embedded
NEEDS_dev := embedded,fast,dev
NEEDS_all := embedded,fast,kubernetes,peers,dev
READY := $(VENV)/.ready-$(if $(VIRTUAL_DEVICES_REQUIRE_ALL),all,dev)
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.ready-home ## a home runs in this terminal; make demo ARGS="--for 2h" ends by itself
	@$(BIN)/python -m virtual_devices up examples/cape_town.yaml $(ARGS)

test: $(READY) ## all tests but the heavy ones (as root or not, with mosquitto or without)
	@$(PYTEST) -m "not heavy and not home_assistant" $(ARGS)

trees: $(READY) ## 2,000 random trees of circuits (the heavy tests try 500)
	@VIRTUAL_DEVICES_TREES=2000 $(BIN)/python -m pytest -m heavy tests/kit/members/test_trees.py

heavy: $(READY) ## the heavy tests
	@$(PYTEST) -m heavy $(ARGS)

home-assistant: $(READY) ## the home before a real one: VIRTUAL_DEVICES_HOME_ASSISTANT=FOLDER make home-assistant
	@if [ -z "$$VIRTUAL_DEVICES_HOME_ASSISTANT" ]; then \
	  echo "error: name the folder in which a Home Assistant is installed: VIRTUAL_DEVICES_HOME_ASSISTANT=FOLDER make $@" >&2; exit 1; \
	fi
	@$(BIN)/python -m pytest --numprocesses=2 --dist=loadgroup -m home_assistant tests/home_assistant $(ARGS)

soak: $(READY) ## 1,000 random kills of running homes; make soak ARGS="--kills 100 --seed 7"
	@$(BIN)/python -m tests.soak $(ARGS)

lint: $(READY) ## ruff, mypy --strict, layers of imports
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.ready-all ## every benchmark with its peers, and a summary; BENCH_DAYS=7 for a quick look
	@$(BIN)/python -m benchmarks.summary $(ARGS)

clean: ## remove the environment and everything that was made
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then touch $@; exit 0; fi; \
	for python in $(PYTHONS); do \
	  version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
	  found="$$found $$python ($$version)"; \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || continue; \
	  if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then lacking=$$version; continue; fi; \
	  echo "making $(VENV) with $$python ($$version)"; \
	  $$python -m venv $(VENV) && touch $@; exit; \
	done; \
	if [ -n "$$lacking" ]; then \
	  echo "error: Python $$lacking has no venv; install it (Debian, Ubuntu: apt install python3-venv)" >&2; \
	else \
	  echo "error: Python 3.11 or newer is needed; found:$${found:- none of $(PYTHONS)}. Install one, or name it: make PYTHON=/path/to/python" >&2; \
	fi; \
	exit 1

$(VENV)/.ready-%: pyproject.toml | $(VENV)/.made
	@echo "installing virtual-devices[$(NEEDS_$*)] into $(VENV); later runs skip this"
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable '.[$(NEEDS_$*)]'
	@touch $@
