# The front door. `make run` and `make test` need nothing but Python 3.11, git and make.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py

.PHONY: run test setup setup-dev check bench model soak screenshots services lock

run: setup
	@scripts/run $(PORT)

test: setup-dev services
	$(BIN)/pytest tests -n 2 --dist loadfile -q -m "not browser" --ignore tests/races
	SKILLLINK_TEST_DB=postgres $(BIN)/pytest tests/payment tests/projects tests/users tests/chat tests/platform/test_backup.py tests/platform/test_prepared.py tests/races tests/faults -n 2 --dist loadfile -q
	$(BIN)/pytest tests -n 2 --dist loadfile --no-loadscope-reorder -q -m browser

setup: .venv/runtime.stamp

setup-dev: .venv/dev.stamp

.venv/bin/python:
	@scripts/environment $(PYTHON)

.venv/runtime.stamp: requirements.txt | .venv/bin/python
	@scripts/install requirements.txt $@

.venv/dev.stamp: requirements-dev.txt | .venv/bin/python
	@scripts/install requirements-dev.txt $@
	@touch .venv/runtime.stamp

services:
	@scripts/services

check: setup-dev services
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy skilllink users projects chat payment
	$(BIN)/lint-imports
	$(MANAGE) makemigrations --check --dry-run
	$(BIN)/python scripts/check_templates.py
	scripts/check_deploy
	ENV_FILE=deploy/example.env docker-compose --env-file deploy/example.env config --quiet

# ONLY=money, sweep, audit, fanout, flood, connect or chat; ratios to the limits and peers of the same run, in benchmarks/results/latest.json and latest.md.
bench: setup-dev services
	$(BIN)/python -m benchmarks

# Random verbs against the reference ledger; another SEED walks elsewhere.
SEED ?= 0
model: STEPS := $(or $(STEPS),20000)
model: setup-dev services
	MODEL_STEPS=$(STEPS) MODEL_SEED=$(SEED) $(BIN)/pytest tests/payment/test_state_machine.py -q
	SKILLLINK_TEST_DB=postgres MODEL_STEPS=$(STEPS) MODEL_SEED=$(SEED) $(BIN)/pytest tests/payment/test_state_machine.py -q

# The long runs; MINUTES for the readers beside writers that are killed. STEPS of the model take hours.
MINUTES ?= 60
soak: STEPS := $(or $(STEPS),1000000)
soak: setup-dev services
	SKILLLINK_TEST_DB=postgres SKILLLINK_RACE_ROUNDS=500 SKILLLINK_BANK_SECONDS=$$(( $(MINUTES) * 60 )) SKILLLINK_BOTH_WAYS=5000 $(BIN)/pytest tests/races tests/faults -q
	SKILLLINK_CROWD=60 SKILLLINK_CROWD_ROUNDS=20 $(BIN)/pytest tests/realtime/test_crowd.py -q
	MODEL_STEPS=$(STEPS) $(BIN)/pytest tests/payment/test_state_machine.py -q
	SKILLLINK_TEST_DB=postgres MODEL_STEPS=$$(( $(STEPS) / 10 )) $(BIN)/pytest tests/payment/test_state_machine.py -q

screenshots: setup-dev services
	$(BIN)/python scripts/screenshots.py

# After editing a requirements*.in file.
lock: setup-dev
	$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 requirements.in -o requirements.txt
	$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 requirements-dev.in -o requirements-dev.txt
