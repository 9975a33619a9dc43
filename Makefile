# Everything a developer types. `make run` needs nothing but Python 3.11 or newer.

.DEFAULT_GOAL := help
.PHONY: help run test pytest lint format editor faults screenshots clean venv venv-dev

PORT ?= 8000
HOST ?= 127.0.0.1
SERVER ?= daphne
ARGS ?=

# The first Python on the PATH that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& command -v $$python && break; done)
VENV := .venv/bin

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: export DEMO ?= 1
run: venv ## run Tandem with demo data; PORT=8000 HOST=127.0.0.1 SERVER=daphne DEMO=1
	@exec $(VENV)/python manage.py up --host $(HOST) --port $(PORT) --server $(SERVER) $(ARGS)

test: venv-dev ## run every check and test; ARGS='…' go to pytest
	@$(VENV)/python -m helpdesk.stack.check $(ARGS)

pytest: venv-dev ## run the tests alone; ARGS='…' go to pytest
	@$(VENV)/python -m helpdesk.stack.check --only pytest $(ARGS)

lint: venv-dev ## check code and templates without running tests
	@$(VENV)/ruff check . && $(VENV)/ruff format --check . && $(VENV)/lint-imports

format: venv-dev ## rewrite code and templates into house style
	@$(VENV)/ruff check --fix-only --quiet . && $(VENV)/ruff format .
	@find templates -name '*.html' -exec $(VENV)/djade --target-version 5.2 {} + || true

editor: ## bundle the composer's editor anew (needs Node 20 and npm)
	@cd collaboration/drafts/editor && npm ci --ignore-scripts --no-audit --no-fund && npm run build

faults: venv-dev ## the long run of the fault tests
	@$(VENV)/python -m helpdesk.stack.check --only pytest -n 0 tests/faults --long --timeout 0 $(ARGS)

screenshots: venv-dev ## draw the pictures of the documentation anew
	@$(VENV)/python -m helpdesk.stack.check --only pytest -n 0 tests/browser --screenshots $(ARGS)

clean: ## remove what builds and tests leave; keeps .venv and the data in var
	@rm -rf var/test .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

venv venv-dev:
	@test -n "$(PYTHON)" || { \
		echo "Tandem needs Python 3.11 or newer: install it, or name it with PYTHON=…" >&2; exit 1; }
	@"$(PYTHON)" helpdesk/stack/bootstrap.py requirements$(patsubst venv%,%,$@).txt
