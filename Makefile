# `make run` and `make test` need nothing but Python 3.11+ with venv; the lock holds the rest.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: venv tools run test test-slow lint bench bench-dlt bench-million bench-years bench-page

venv: .venv/.installed

.venv/.installed: requirements/lock.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "pricehouse needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# The libraries that load our exports in tests, in a venv of their own. Without it those tests are
# skipped, which CI does not accept.
tools: .venv-tools/.installed

.venv-tools/.installed: requirements/tools.txt
	$(PYTHON) -m venv .venv-tools
	.venv-tools/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/tools.txt
	touch $@

run: venv
	$(BIN)/pricehouse demo

# Everything but what takes minutes; `make test-slow` is the rest, and runs polars with threads.
# Two workers use two cores: threads for frames of a few rows would only pass work around.
test: venv
	POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow" $(PYTEST_FLAGS)

# Files in the order of their names: by the number of tests, a file of two long ones comes last.
# Some tests wait for a schedule or a limit, so that two workers would leave a core idle.
test-slow: venv
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m slow $(PYTEST_FLAGS)

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Each program writes its figures to bench/results/; run them on an idle machine.
bench: venv bench-dlt
	$(BIN)/python -m bench.hour --write
	$(BIN)/python -m bench.shared --write
	$(BIN)/python -m bench.market --write
	$(BIN)/python -m bench.startup --write

# Takes long, so dlt is left out.
bench-million: venv
	$(BIN)/python -m bench.hour --models 1000000 --without-dlt --write
	$(BIN)/python -m bench.market --models 1000000 --threads 1 --requests 54 --publications 0 --write
	$(BIN)/python -m bench.filtered_cards --write

# A year of hours: a few are played, earlier ones are copies; `--every-hour` plays all of them.
bench-years: venv
	$(BIN)/python -m bench.years --write

# docs/performance.md from bench/results/.
bench-page: venv
	$(BIN)/python -m scripts.docs.performance > docs/performance.md

bench-dlt: .venv-dlt/.installed

.venv-dlt/.installed: bench/dlt/requirements.txt
	$(PYTHON) -m venv .venv-dlt
	.venv-dlt/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r bench/dlt/requirements.txt
	touch $@
