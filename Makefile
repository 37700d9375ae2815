# The two commands of the README are `make run` and `make test`; both set up what they need.
.DEFAULT_GOAL := help
.PHONY: help run test check bench year format setup setup-dev lock clean

PYTHON ?= python3
BIN := .venv/bin
# Empty is "no": images of containers often say yes, and then each process compiles every module once more.
export PYTHONDONTWRITEBYTECODE :=

help:
	@echo "make run     set up and start everything with a demo school (HOSOSO_PORT, HOSOSO_DATA)"
	@echo "make test    set up and run all tests"
	@echo "make check   format, lint, types, architecture, templates"
	@echo "make bench   measure against the peers and the limits"
	@echo "make year    play a school year and write docs/simulated-year.md"

run: setup
	@HOSOSO_DEMO=$${HOSOSO_DEMO:-true} $(BIN)/hososo up

test: setup-dev
	$(BIN)/pytest -n $${HOSOSO_TEST_PROCESSES:-auto} --dist worksteal $(TESTS)

bench: setup-dev
	$(BIN)/python -m tests.bench

year: setup-dev
	$(BIN)/python -m tests.year

check: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/djlint --lint --quiet templates/pages templates/fragments
	$(BIN)/deptry flows tasks models service
	$(BIN)/codespell

format: setup-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

setup: .venv/.run
setup-dev: .venv/.dev

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Hồ Sơ Số needs Python 3.11 or newer.")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.run: .venv/.python requirements.lock pyproject.toml package-lock.json
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@if command -v npm >/dev/null && npm ci --silent --omit=dev --ignore-scripts --no-audit --no-fund; then \
	  mkdir -p service/static/vendor && cp node_modules/htmx.org/dist/htmx.min.js service/static/vendor/; \
	else echo "npm is not here or failed: pages work without it, but each click loads a whole page."; fi
	@touch $@

.venv/.dev: .venv/.run requirements-dev.lock package-lock.json
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@command -v npm >/dev/null && npm ci --silent --ignore-scripts --no-audit --no-fund \
	  || echo "npm is not here or failed: the test that opens the types in another BPMN reader is left out."
	@touch $@

# Needs the program uv; writes hashes and no addresses.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock
	uv pip compile pyproject.toml --group dev -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements-dev.lock
	npm install --package-lock-only --omit-lockfile-registry-resolved --silent

clean:
	rm -rf .venv node_modules service/static/vendor
