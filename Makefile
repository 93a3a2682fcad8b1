# Two commands do everything on a machine with python3 >= 3.11, pip and make: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

CLIENTS = tests/vendor_clients/node_modules/.package-lock.json
NPM := $(shell command -v npm)

.PHONY: install demo test test-vendors lint types imports unit clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV) || ($(PYTHON) -m pip install --user virtualenv && $(PYTHON) -m virtualenv $(VENV))
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: install
	$(BIN)/repoussoir demo

test: lint types imports unit

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

imports: install
	$(BIN)/lint-imports

# The vendors' own Node clients take part where npm is.
unit: install $(if $(NPM),$(CLIENTS))
	$(BIN)/python -m pytest --quiet --numprocesses 2 --dist loadfile

test-vendors: install $(CLIENTS)
	$(BIN)/python -m pytest --quiet tests/vendor_clients

$(CLIENTS): tests/vendor_clients/package-lock.json
	cd tests/vendor_clients && npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

clean:
	rm -rf $(VENV) demo tests/vendor_clients/node_modules
