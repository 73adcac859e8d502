# Textflix: `make run` starts everything, `make help` lists the rest.
VENV := .venv
PY := $(VENV)/bin/python
# Tests and checks get servers of their own, so that they never touch a running site.
EMBEDDED := $(PY) -m textflix.running.embedded run --
# For what works on the site itself, whether it runs or not.
HERE := $(PY) -m textflix.running.embedded here --
PIN := $(wildcard constraints.txt)
PIP := $(PY) -m pip install --disable-pip-version-check $(addprefix -c ,$(PIN))
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run install backup restore dev test lint browser faults load soak bench pins venv

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install ## start the site on PORT (8000), keep everything in TEXTFLIX_HOME (./var); Ctrl-C stops it
	@exec $(PY) -m textflix.running.runner

backup: install ## keep the whole site in a new folder: make backup TO=folder
	@$(HERE) $(PY) manage.py backup "$(TO)"

restore: install ## bring it back: make restore FROM=folder [REPLACE=yes], then make run
	@$(HERE) $(PY) manage.py restore "$(FROM)" $(if $(filter yes,$(REPLACE)),--replace)

install: $(VENV)/.installed ## make .venv and install the pinned project, nothing else

test: dev ## run the tests on embedded servers of their own; ARGS go to pytest
	$(EMBEDDED) $(PY) -m pytest --numprocesses=auto --dist=loadfile -m "not browser and not faults and not load and not soak" $(ARGS)

browser: dev ## drive a real Chromium through the site
	$(EMBEDDED) $(PY) -m pytest -m browser $(ARGS)

faults: dev ## kill and hang processes while work is in flight
	$(EMBEDDED) $(PY) -m pytest -m faults --numprocesses=auto tests/faults/test_hostile_texts.py
	$(EMBEDDED) $(PY) -m pytest -m faults --ignore=tests/faults/test_hostile_texts.py $(ARGS)

load: dev ## pages and aggregates on 34,000 and 340,000 generated reviews
	$(EMBEDDED) $(PY) -m pytest -m load $(ARGS)

soak: dev ## half the site's load for DURATION (1800) seconds: nothing may grow; not part of CI
	$(EMBEDDED) $(PY) -m pytest -s -m soak $(ARGS)

bench: install ## how fast the critic reads on this machine
	$(PY) -m sentiment.core bench --data sentiment/demo/reviews.jsonl $(ARGS)

lint: dev ## style, types, import rules, templates, migrations, Django's own checks
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(EMBEDDED) $(PY) -m mypy textflix sentiment
	$(VENV)/bin/lint-imports
	$(PY) -m djlint templates --lint --quiet
	$(PY) -m bandit --quiet --recursive --configfile pyproject.toml textflix sentiment
	$(EMBEDDED) $(PY) manage.py makemigrations --check --dry-run
	$(EMBEDDED) $(PY) manage.py check

pins: dev ## write requirements/ anew: every pinned package with its hashes
	$(PY) .ci/pins.py

dev: $(VENV)/.dev

# The first Python that is new enough and can make a virtual environment; PYTHON=/path/to/python3 overrides the search.
venv:
	@$(PY) -m pip --version >/dev/null 2>&1 && exit; \
	for python in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3 none; do \
		"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	if [ "$$python" = none ]; then \
		echo 'textflix: Python 3.11 or newer with its venv module is needed (Debian, Ubuntu: apt install python3-venv);' \
			'name one with PYTHON=/path/to/python3.' >&2; \
		exit 1; \
	fi; \
	"$$python" -m venv $(VENV)

$(VENV)/.installed: pyproject.toml $(PIN)
	@$(MAKE) --no-print-directory venv
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(PIP) -e '.[dev]'
	@touch $@
