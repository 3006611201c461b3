# liquidstream: every target installs what it needs.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
export LIQUIDSTREAM_VENV := $(VENV)

.DEFAULT_GOAL := help
.PHONY: help install demo demo-kafka test test-fast lint types fmt bench kafka-up kafka-down clean

help:  ## show the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@$(PYTHON) deploy/check_python.py
	$(PYTHON) -m venv $(VENV)

$(STAMP): setup.cfg pyproject.toml stream/web/package-lock.json | $(VENV)/bin/python
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[demo]'
	@$(BIN)/python -m stream.web.fetch
	@touch $@

$(DEV_STAMP): $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

install: $(STAMP)  ## build .venv and install everything that running needs

demo: $(STAMP)  ## everything on this machine, with a dashboard; SECONDS=30 ends by itself
	@$(BIN)/liquidstream demo $(if $(filter command line,$(origin SECONDS)),--seconds $(SECONDS))

demo-kafka: $(STAMP)  ## the same path end to end on a real Kafka broker
	@$(BIN)/python -m stream.demo_kafka

test: $(DEV_STAMP)  ## the whole test suite, with a real broker and a real browser
	@$(BIN)/python deploy/system_packages.py
	@$(BIN)/liquidstream warm
	$(BIN)/python -m pytest

test-fast: $(DEV_STAMP)  ## what needs neither broker nor browser nor patience
	@$(BIN)/liquidstream warm
	$(BIN)/python -m pytest -m "not slow and not kafka and not browser"

lint: $(DEV_STAMP)  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV_STAMP)  ## mypy
	$(BIN)/mypy

fmt: $(DEV_STAMP)  ## format and fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV_STAMP)  ## measure: cells, state spaces, online learning, model, what each part contributes
	$(BIN)/python -m benchmarks.cells
	$(BIN)/python -m benchmarks.state_space
	$(BIN)/python -m benchmarks.online
	$(BIN)/python -m benchmarks.model

kafka-up: $(STAMP)  ## start a real Kafka broker (KRaft) in the background
	@$(BIN)/python deploy/kafka/broker.py up

kafka-down: $(STAMP)  ## stop it
	@$(BIN)/python deploy/kafka/broker.py down

clean:  ## remove what was built (not data/)
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache stream/web/vendor
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
