# The workshop. Needs make, git and Python 3.11 or newer with venv; everything else goes into $(VENV).
#   make demo ARGS="--for 2h"      PYTHON=python3.12 make test

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: monitoring-files help demo test trees heavy home-assistant week node-red console containers app app-wheels kubernetes fleet manifests home-assistant-files soak validate lint lock compose bench clean

VENV ?= .venv
ARGS ?=
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# as root (in a container) pip warns about itself; a venv is just what it asks for
export PIP_ROOT_USER_ACTION := ignore

# what each target needs of pyproject.toml; with VIRTUAL_DEVICES_REQUIRE_ALL nothing may be missing
NEEDS_home := embedded,console
NEEDS_dev := console,dashboards,embedded,fast,home-assistant,parquet,plots,dev
NEEDS_lock := lock
NEEDS_all := console,dashboards,embedded,fast,home-assistant,kubernetes,parquet,peers,plots,dev
READY := $(VENV)/.ready-$(if $(VIRTUAL_DEVICES_REQUIRE_ALL),all,dev)
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.ready-home ## a home runs in this terminal; make demo ARGS="--for 2h" ends by itself
	@$(BIN)/python -m virtual_devices up examples/cape_town.yaml --console $(ARGS)

test: $(READY) ## all tests but the heavy ones (as root or not, with mosquitto or without)
	@$(PYTEST) -m "not heavy and not home_assistant and not node_red and not containers and not kubernetes and not console" $(ARGS)

trees: $(READY) ## 2,000 random trees of circuits (the heavy tests try 500)
	@VIRTUAL_DEVICES_TREES=2000 $(BIN)/python -m pytest -m heavy tests/kit/members/test_trees.py

heavy: $(READY) ## the heavy tests, and laws with all their examples (the others try a third)
	@VIRTUAL_DEVICES_THOROUGH=1 $(PYTEST) -m "heavy or law" $(ARGS)

home-assistant: $(READY) ## the home before a real one: VIRTUAL_DEVICES_HOME_ASSISTANT=FOLDER make home-assistant
	@if [ -z "$$VIRTUAL_DEVICES_HOME_ASSISTANT" ]; then \
	  echo "error: name the folder in which a Home Assistant is installed: VIRTUAL_DEVICES_HOME_ASSISTANT=FOLDER make $@" >&2; exit 1; \
	fi
	@for folder in $$(echo "$$VIRTUAL_DEVICES_HOME_ASSISTANT" | tr : ' '); do \
	  VIRTUAL_DEVICES_HOME_ASSISTANT=$$folder $(BIN)/python -m pytest -m home_assistant tests/home_assistant $(ARGS) & running="$$running $$!"; \
	done; for each in $$running; do wait $$each || failed=1; done; exit $${failed:-0}

node-red: $(READY) ## the example flows in a real one: npm install --prefix FOLDER node-red@~4.1; VIRTUAL_DEVICES_NODE_RED=FOLDER make node-red
	@if [ -z "$$VIRTUAL_DEVICES_NODE_RED" ]; then \
	  echo "error: name the folder in which npm has installed a Node-RED: VIRTUAL_DEVICES_NODE_RED=FOLDER make $@" >&2; exit 1; \
	fi
	@$(BIN)/python -m pytest -m node_red tests/node_red $(ARGS)

week: $(READY) ## a day of load-shedding with automations, 24 minutes: VIRTUAL_DEVICES_HOME_ASSISTANT=FOLDER make week writes its report
	@$(BIN)/python -m virtual_devices ha run examples/automations/stage_six.yaml --config examples/automations --for 1d $(ARGS) \
	  --home-assistant "$${VIRTUAL_DEVICES_HOME_ASSISTANT:?name the folder in which a Home Assistant is installed}" > examples/automations/report.txt

console: $(READY) ## the console in a real browser (Debian's chromium)
	@$(BIN)/python -m pytest -m console tests/console_browser $(ARGS)

containers: $(READY) ## the images, built and run by podman as root on Debian; VIRTUAL_DEVICES_IMAGES=FOLDER for what is kept between runs
	@$(BIN)/python -m pytest -m containers tests/containers $(ARGS)

kubernetes: $(READY) ## homes on a real Kubernetes API: VIRTUAL_DEVICES_KUBE_API=FOLDER make kubernetes
	@if [ -z "$$VIRTUAL_DEVICES_KUBE_API" ]; then \
	  echo "error: name the folder with the programs \`up RUNDIR\` and \`down RUNDIR\` of a Kubernetes API: VIRTUAL_DEVICES_KUBE_API=FOLDER make $@" >&2; exit 1; \
	fi
	@$(BIN)/python -m pytest -m kubernetes tests/kubernetes $(ARGS)

app: $(READY) ## the app (add-on) as a folder for /addons of Home Assistant: build/app/virtual_devices
	@$(BIN)/python homeassistant/app/make.py build/app/virtual_devices

app-wheels: $(READY) ## whether all that the app installs is there as wheels, for amd64 and aarch64
	@$(BIN)/python homeassistant/app/wheels.py

fleet: $(READY) ## how soon 15 and 150 devices are there on a Kubernetes API, which VIRTUAL_DEVICES_KUBE_API names
	@$(BIN)/python -W ignore -m benchmarks.kubernetes $(ARGS)

manifests: $(READY) ## k8s/base and k8s/overlays anew, from the example home
	@$(BIN)/python k8s/manifests.py

home-assistant-files: $(READY) ## homeassistant/packages and homeassistant/dashboards anew, from the example homes
	@for each in $(basename $(notdir $(wildcard examples/*.yaml))); do \
	  $(BIN)/python -m virtual_devices ha package $$each --out homeassistant/packages/$$each.yaml && \
	  $(BIN)/python -m virtual_devices ha dashboard $$each --out homeassistant/dashboards/$$each.yaml || exit 1; \
	done

monitoring-files: $(READY) ## the dashboards for Grafana anew, from the catalogue of kinds
	@$(BIN)/python -m virtual_devices.monitoring.dashboards.making

soak: $(READY) ## 1,000 random kills of running homes; make soak ARGS="--kills 100 --seed 7"
	@$(BIN)/python -m tests.soak $(ARGS)

validate: $(READY) ## days that are made up, beside 126 weather stations: the table of docs/validation.md; ARGS="--seeds 10" for a quick look
	@$(BIN)/python -m tests.ambient.climate_of_stations $(ARGS)

lint: $(READY) ## ruff, mypy --strict, layers of imports
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lock: $(VENV)/.ready-lock ## k8s/*.txt, what is installed in the images; make lock ARGS=--upgrade takes the newest
	@$(BIN)/python k8s/lock.py $(ARGS)

compose: $(READY) ## compose.yaml, made of examples/cape_town.yaml
	@$(BIN)/python k8s/compose.py > $@.yaml

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
