# Needs git, make and python3 (3.11 or newer) with its venv module; everything else is installed under .venv.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
ASSETS := erp/static/dist/.stamp
CATALOGUES := erp/translations
COMPILED := $(patsubst %.po,%.mo,$(wildcard $(CATALOGUES)/*/LC_MESSAGES/messages.po))
KEYWORDS := lazy_gettext lazy_pgettext:1c,2 Sentence Counted:1,2
ASSET_SOURCES := $(shell find erp/assets -name node_modules -prune -o -type f -print)

# An instance is a dozen processes, and each would compile the whole code anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo run test chaos lint check messages screenshots vitals chromium FORCE

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) $(ASSETS) $(COMPILED) ## Install everything by its hash and build the front end; nothing to do when nothing changed

demo: setup ## Play the whole job on a real catalogue, prove the books, and stay running
	@$(BIN)/ref up --demo

run: setup ## Start Ref and stay in the foreground; Ctrl-C stops it
	@$(BIN)/ref up

test: setup chromium ## Run all tests
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist loadgroup --no-loadscope-reorder

chaos: setup ## Play the load of 200 agents twice, once with kills and wipes; the ledgers must be equal
	@CHAOS_AGENTS=$${CHAOS_AGENTS:-200} $(BIN)/python -m pytest tests/chaos -s

lint: setup ## Check style, types, who imports whom, and templates
	@$(BIN)/mypy & types=$$!; \
	$(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/lint-imports \
	  && $(BIN)/python tests/lint_templates.py; \
	rest=$$?; wait $$types && exit $$rest

check: setup ## Prove the invariants of the books on the configured database
	@$(BIN)/ref check

screenshots: setup chromium ## Take the pictures of README from the demo that is running
	@$(BIN)/python -m docs.pictures.take

vitals: setup chromium ## Measure in Chromium what readers feel on the main pages of the demo that is running
	@$(BIN)/python -m benchmarks.vitals

messages: $(READY) ## Gather the texts of the code into the catalogues; then translate what is empty there
	@$(MAKE) --silent $(CATALOGUES)/messages.pot
	@$(BIN)/pybabel -q update -i $(CATALOGUES)/messages.pot -d $(CATALOGUES) \
	  --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	@$(BIN)/pybabel compile -d $(CATALOGUES) --statistics

# What is in the code now; git does not keep it.
%.pot: FORCE
	@$(BIN)/pybabel -q extract -F babel.cfg $(KEYWORDS:%=-k %) --add-comments=i18n: --no-wrap --sort-by-file \
	  --add-location=file -o $@ .

%.mo: %.po $(READY)
	@$(BIN)/pybabel -q compile -i $< -o $@ -l $(notdir $(patsubst %/LC_MESSAGES/,%,$(dir $<)))

# What is installed remembers where it lies, so a moved clone is installed anew.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
$(READY): FORCE
endif
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Ref needs Python 3.11 or newer; name one: make PYTHON=python3.12 setup" >&2; exit 3; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "$(PYTHON) lacks its venv module; on Debian: apt-get install python3-venv" >&2; exit 3; }
	@echo "Installing what requirements.lock names into .venv (about a minute)"
	@test "$$(cat $@ 2>/dev/null)" = '$(CURDIR)' && $(BIN)/python -m pip --version >/dev/null 2>&1 \
	  || $(PYTHON) -m venv --clear .venv
	@# Not compiled: Python compiles what is used when it is first used, which is a third of it. The lock names everything,
	@# so nothing is looked for, and two installers take half of it each.
	@awk '/^[^ #]/ { half = !half } { print > ("$(@D)/half-" half + 0 ".lock") }' requirements.lock
	@printf '%s\n' 0 1 | xargs -P 2 -I HALF $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
	  --no-deps --require-hashes -r $(@D)/half-HALF.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@printf '%s' '$(CURDIR)' > $@

$(ASSETS): $(READY) $(ASSET_SOURCES)
	@$(BIN)/python erp/assets/build.py
	@touch $@

chromium:
	@if command -v "$${CHROMIUM:-chromium-headless-shell}" >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell; then :; \
	elif command -v chromium >/dev/null; then :; \
	else \
	  echo "The tests need Chromium. Run: sudo apt-get install chromium-headless-shell (or name yours:" \
	    "CHROMIUM=/path make test)" >&2; \
	  exit 3; \
	fi
