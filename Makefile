# Everything a developer types, and everything CI runs. `make` alone lists the targets.

PYTHON ?= python3
ARGS ?=
SCENARIO ?=
EXAMPLES ?= 2000
SECONDS ?=
SEED ?=
LOCALE ?= de
# The databases that `make test` goes through; `make test DATABASE=postgresql` runs one.
DATABASE ?= sqlite postgresql

BIN := .venv/bin
STAMP := .venv/installed
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes

export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help run test test-sqlite test-sqlite-browsers-first test-sqlite-browsers-then test-sqlite-processes test-sqlite-others test-postgresql test-postgresql-processes test-postgresql-others check converge stress chaos-beat conformance bench screenshots bundle messages lock chromium clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

run: $(STAMP)-run ## start everything on this machine: http://127.0.0.1:8000/
	@echo "Starting Clarion"
	@DEBUG=$${DEBUG:-1} exec $(BIN)/python manage.py up $(ARGS)

# All at once: most of their time they wait for processes. What each says comes when it has ended.
test: $(STAMP)-dev $(STAMP)-js chromium ## run the tests on SQLite, and what depends on the database on PostgreSQL (ARGS="-m promise_1")
	@echo "Testing on $(DATABASE:%=%,) which takes minutes"
	@$(MAKE) --no-print-directory --keep-going --jobs --output-sync=target $(DATABASE:%=test-%)

# In parts, unless it is only some tests: those in Chromium in two halves, those with processes of their own most of the time, the rest.
IN_BROWSERS := tests/browser
IN_BROWSERS_FIRST := $(wildcard tests/browser/test_[a-e]*.py)
IN_BROWSERS_THEN := $(filter-out $(IN_BROWSERS_FIRST),$(wildcard tests/browser/test_*.py))
WITH_PROCESSES := $(addprefix tests/,acceptance chaos compat house test_benchmarks.py)

ifeq ($(strip $(ARGS)),)
test-sqlite: test-sqlite-browsers-first test-sqlite-browsers-then test-sqlite-processes test-sqlite-others
endif

test-sqlite: $(STAMP)-dev $(STAMP)-js chromium
	@$(if $(strip $(ARGS)),TEST_DATABASE=sqlite $(BIN)/python -m pytest $(ARGS))

test-sqlite-browsers-first: $(STAMP)-dev $(STAMP)-js chromium
	@TEST_DATABASE=sqlite $(BIN)/python -m pytest $(IN_BROWSERS_FIRST)

test-sqlite-browsers-then: $(STAMP)-dev $(STAMP)-js chromium
	@TEST_DATABASE=sqlite $(BIN)/python -m pytest $(IN_BROWSERS_THEN)

test-sqlite-processes: $(STAMP)-dev
	@TEST_DATABASE=sqlite $(BIN)/python -m pytest $(WITH_PROCESSES)

test-sqlite-others: $(STAMP)-dev $(STAMP)-js
	@TEST_DATABASE=sqlite $(BIN)/python -m pytest tests $(foreach path,$(IN_BROWSERS) $(WITH_PROCESSES),--ignore=$(path))

ifeq ($(strip $(ARGS)),)
test-postgresql: test-postgresql-processes test-postgresql-others
endif

# Exit code 5 means that ARGS selected no test that touches the database.
test-postgresql: $(STAMP)-dev
	@$(if $(strip $(ARGS)),TEST_DATABASE=postgresql $(BIN)/python -m pytest $(ARGS) || [ $$? -eq 5 ])

test-postgresql-processes: $(STAMP)-dev
	@TEST_DATABASE=postgresql $(BIN)/python -m pytest $(WITH_PROCESSES)

test-postgresql-others: $(STAMP)-dev
	@TEST_DATABASE=postgresql $(BIN)/python -m pytest tests $(foreach path,$(IN_BROWSERS) $(WITH_PROCESSES),--ignore=$(path))

check: $(STAMP)-dev ## lint, format, types, layers, migrations, deployment checks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	@env DEBUG=0 SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
	    ALLOWED_HOSTS=clarion.example CSRF_TRUSTED_ORIGINS=https://clarion.example \
	    DATABASE_URL=postgres://clarion@db.example/clarion REDIS_URL=redis://redis.example:6379/0 \
	    $(BIN)/python manage.py check --deploy --fail-level WARNING

converge: $(STAMP)-dev ## look for interleavings after which a client is wrong (EXAMPLES=2000)
	@CONVERGENCE_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/property $(ARGS)

stress: $(STAMP)-dev ## broadcast from 8 processes while people come, go and reconnect (SECONDS=60 SEED=1)
	@TEST_DATABASE=postgresql STRESS_SECONDS=$(or $(SECONDS),60) STRESS_SEED=$(or $(SEED),1) \
	    $(BIN)/python -m pytest tests/acceptance/test_concurrent_broadcasts.py $(ARGS)

chaos-beat: $(STAMP)-dev ## kill beats, workers and connections under scheduled broadcasts (SECONDS=180 SEED=n)
	@$(foreach database,$(DATABASE),echo "On $(database)" && CHAOS_SECONDS=$(or $(SECONDS),180) CHAOS_SEED=$(SEED) \
	    TEST_DATABASE=$(database) $(BIN)/python -m pytest --quiet tests/chaos $(ARGS) &&) true

conformance: $(STAMP)-dev ## run channels_redis's own tests on our layer, uvicorn's on our protocol (ARGS="-x")
	@$(BIN)/python -m tests.layer.conformance $(ARGS)
	@$(BIN)/python -m tests.server.conformance $(ARGS)

bench: $(STAMP)-dev ## measure beside the textbook (SCENARIO="fan-out memory" SCALE=small)
	@$(BIN)/python -m benchmarks $(SCENARIO) $(ARGS)

screenshots: $(STAMP)-dev chromium ## draw the pictures of README and docs again, and every page into screenshots/
	@FONTCONFIG_FILE=$(CURDIR)/tests/browser/fonts.conf $(BIN)/python -m pytest -m screenshots $(ARGS)

bundle: $(STAMP)-js ## make what browsers load of notifications/javascript
	@command -v npm >/dev/null || { echo "make bundle needs Node and npm" >&2; exit 1; }
	@node notifications/javascript/bundle.mjs

messages: $(STAMP)-dev ## gather the texts of code and templates into the catalogues, and compile them (LOCALE=de)
	@command -v msgfmt >/dev/null || { echo "make messages needs gettext: apt-get install gettext" >&2; exit 1; }
	@for app in notifications project; do (cd $$app \
	    && ../$(BIN)/django-admin makemessages --locale $(LOCALE) --ignore 'migrations/*' $(PO_OPTIONS) \
	    && ../$(BIN)/django-admin compilemessages --locale $(LOCALE)) || exit 1; done

# Lines of code move, and would be changes in each catalogue.
PO_OPTIONS := --no-location --no-obsolete --no-wrap

lock: $(STAMP)-dev ## resolve the dependencies of pyproject.toml into the two lock files
	@command -v uv >/dev/null || { echo "make lock needs uv: pipx install uv" >&2; exit 1; }
	@uv pip compile $(LOCK_OPTIONS) --extra run pyproject.toml --output-file requirements.txt
	@uv pip compile $(LOCK_OPTIONS) --all-extras --constraint requirements.txt pyproject.toml \
	    --output-file requirements-dev.txt

# Universal: the same file serves every platform and every Python from 3.11 on.
LOCK_OPTIONS := --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-annotate --custom-compile-command 'make lock'

chromium:
	@command -v chromium >/dev/null && command -v chromium-headless-shell >/dev/null || { \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	        echo "Installing Debian's chromium for the browser tests"; \
	        apt-get update -qq && apt-get install -qqy --no-install-recommends $(CHROMIUM) >/dev/null; \
	    elif ! command -v chromium >/dev/null; then \
	        echo "The browser tests need chromium on the PATH: apt-get install $(CHROMIUM)" >&2; exit 1; \
	    fi; }

# The second draws no windows, for half of the CPU; some tests are about windows, and need the first.
CHROMIUM := chromium chromium-headless-shell

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "Clarion needs Python 3.11 or newer; '$(PYTHON)' is not." >&2; \
	    echo "Name another one: make PYTHON=python3.12 run" >&2; exit 1; }
	@echo "Creating .venv"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	    echo "Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; }

# A stamp holds the lock it was installed from, so that only a changed lock installs again.
$(STAMP)-run: requirements.txt | .venv/bin/python
	@cmp -s $< $@ || cmp -s requirements-dev.txt $(STAMP)-dev || { \
	    echo "Installing what running needs (about half a minute, once)"; $(PIP) -r $<; }
	@cp $< $@

$(STAMP)-dev: requirements-dev.txt | .venv/bin/python
	@cmp -s $< $@ || { echo "Installing what developing needs (about a minute, once)"; $(PIP) -r $<; }
	@cp $< $@

# What checks types, bundles the client and looks for what keeps people out; who has no npm does without.
$(STAMP)-js: package-lock.json | .venv/bin/python
	@command -v npm >/dev/null || exit 0; \
	    echo "Installing what checks types and pages, and bundles (a second, once)"; \
	    npm ci --ignore-scripts --no-audit --no-fund --silent && cp $< $@

clean: ## remove .venv, node_modules, caches and the state of `make run`
	rm -rf .venv node_modules .clarion .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache screenshots
