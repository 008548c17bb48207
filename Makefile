# Every target sets itself up from a bare Python >= 3.10 with pip.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The sets of `make test-matrix` besides the newest boto3, each in an environment of its own: docs/versions.md.
OLDEST := boto3==1.35.0 botocore==1.35.0
ASYNC := --group async

.PHONY: tour test test-matrix test-oldest test-async models check soak growth bench instructions options docs javascript console-test

tour: $(READY)
	$(BIN)/ddbha tour

test: $(READY)
	$(BIN)/pytest -n auto

test-matrix: test test-oldest test-async

test-oldest: $(VENV)-oldest/.ready
	$(VENV)-oldest/bin/pytest -n auto

# The botocore that aioboto3 pins; only there are asynchronous clients.
test-async: $(VENV)-async/.ready
	$(VENV)-async/bin/pytest -n auto

# The service models that ddbha answers by, from the installed botocore.
models: $(READY)
	$(BIN)/python tools/service_models.py
	$(BIN)/python docs/coverage.py

# Random schedules of faults and random worlds by the thousand, in half an hour; a failure names its seed.
# `make soak SOAK="--first 42 --count 1"` is one schedule; DDBHA_FIRST_SEED and DDBHA_SEEDS choose worlds,
# and DDBHA_PLANTED_WORLDS says in how many of them each planted fault must have been found.
soak: $(READY)
	$(BIN)/pytest tests/soak
	$(BIN)/python -m tests.soak.schedules $(SOAK)

# A million operations of each kind, and memory that stays flat: hours.  `make growth GROWTH="--count 20000"`
# takes minutes, `--only put get` some kinds only.
growth: $(READY)
	$(BIN)/python -m tests.soak.growth $(GROWTH)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The options of high availability, compared for a workload: docs/options.md shows what it prints.
options: $(READY)
	$(BIN)/ddbha options

bench: $(READY)
	$(BIN)/python benchmarks

# The instructions of the same calls, which do not depend on what else runs; wants valgrind, and minutes.
instructions: $(READY)
	$(BIN)/python benchmarks/instructions.py

# Needs no network once its packages are there; the site is in site/.
docs: $(VENV)/.ready-docs
	$(BIN)/mkdocs build --strict

# AWS's SDK for JavaScript against `ddbha serve`; wants Node and its registry.
javascript: $(READY)
	cd tests/server/javascript && npm install --no-package-lock --no-audit --no-fund
	cd tests/server/javascript && DDBHA=$(abspath $(BIN))/ddbha npm test

# The console in Debian's Chromium (apt-get install chromium chromium-driver); leaves screenshots.  Where npm
# is there, axe-core looks at its accessibility.
console-test: $(READY)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable . --group browser
	-cd tests/browser && npm install --no-package-lock --no-audit --no-fund
	DDBHA_SCREENSHOTS=screenshots $(BIN)/pytest tests/browser

# uv resolves in seconds what pip alone may search for much longer.
$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet "uv>=0.4"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable . --group dev
	touch $@

$(VENV)-oldest/.ready: MORE := $(OLDEST)
$(VENV)-async/.ready: MORE := $(ASYNC)
$(VENV)-oldest/.ready $(VENV)-async/.ready: $(READY) pyproject.toml
	$(PYTHON) -m venv $(@D)
	$(BIN)/uv pip install --quiet --python $(@D)/bin/python --editable . --group dev $(MORE)
	touch $@

$(VENV)/.ready-docs: $(READY) pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group docs
	touch $@
