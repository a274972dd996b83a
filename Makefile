# `make train` and `make test` need only Python 3.11 or newer, pip and make:
# what they use is installed into .venv at the first call.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
CONSTRAINTS ?= constraints.txt
INSTALL = $(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS)
WORKERS ?= 2
AGAIN = @$(MAKE) --no-print-directory

.PHONY: train test test-all docs check-docs results lint types browser \
	coverage clean test-tensorflow test-jax test-torch test-oldest test-wheel \
	test-tensorflow-alone test-jax-alone test-torch-alone

# Train on the embedded data set: make train ARGS="--seed 1"
# On JAX, where it is not installed yet:
#   make train EXTRAS=[jax] ARGS="--backend jax"
train: $(VENV)/.train
	$(BIN)/keras-qlae train $(ARGS)

# Lint, types, and the tests on TensorFlow, JAX and PyTorch but for slow ones.
test: PARTS = not-slow
# The same with the slow ones, as each backend's own target. They have processes
# of their own, since memory grows with every test.
PARTS = not-slow slow
test test-all: lint types browser test-tensorflow test-jax test-torch

# The site, with its tutorials run anew where they have changed.
docs: $(VENV)/.docs
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx --fail-on-warning --keep-going \
		--quiet --builder html docs build/site
	@echo "The site: build/site/index.html"

# Opens every page in Chromium: requests, links, errors.
check-docs: $(VENV)/.docs
	$(BIN)/python tools/check_site.py

lint: $(VENV)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.test
	$(BIN)/mypy

# Says what the tests of the explorer's page need and do not find.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
		echo "NOT TESTED: the explorer's page in a browser. Install Chromium: apt-get install chromium"
	@command -v node >/dev/null || \
		echo "NOT TESTED: the page's engine against Keras. Install node 20 or later: apt-get install nodejs"
	@command -v wat2wasm >/dev/null || \
		echo "NOT TESTED: that gemm.wasm is what its source makes. Install wat2wasm: apt-get install wabt"

test-tensorflow test-jax test-torch: test-%: $(VENV)/.test
	@for part in $(PARTS); do \
		echo "Tests on $*, $$part"; \
		KERAS_BACKEND=$* OMP_NUM_THREADS=1 $(BIN)/pytest -q --durations 10 \
			--numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder \
			-m "$$(echo $$part | tr - ' ')" $(OPTIONS) $(TESTS); \
		code=$$?; \
		if [ $$code -ne 0 ] && [ $$code -ne 5 ]; then exit $$code; fi; \
	done

# The tables and figures of the documents, from the files in benchmarks/results.
results: $(VENV)/.test
	$(BIN)/python tools/results.py

# Which lines the tests of PyTorch reach.
coverage:
	rm -f .coverage
	$(AGAIN) test-torch OPTIONS="--cov --cov-append --cov-report=term --cov-report=html:build/coverage"

# The oldest versions that pyproject.toml allows. They warn of what is newer.
test-oldest:
	mkdir -p build
	$(PYTHON) tools/oldest.py > build/oldest.txt
	$(AGAIN) test-torch VENV=build/oldest CONSTRAINTS=build/oldest.txt OPTIONS="-W default"

COMMA := ,
# One framework installed, and no other.
test-tensorflow-alone test-jax-alone test-torch-alone: test-%-alone: build/alone-%/.alone
	KERAS_BACKEND=$* OMP_NUM_THREADS=1 build/alone-$*/bin/pytest -q \
		--numprocesses $(WORKERS) --dist loadfile $(OPTIONS) $(ALONE)

ALONE = $(addprefix tests/,layers metrics models networks optimizers penalties) \
	$(addprefix --deselect=tests/,$(OTHERS))
# They compare frameworks with one another.
OTHERS = models/test_cross_backend.py models/test_distribution.py \
	networks/test_second_order.py

build/alone-%/.alone: pyproject.toml constraints.txt
	$(AGAIN) --always-make VENV=build/alone-$* EXTRAS="[test$(addprefix $(COMMA),$(filter-out tensorflow,$*))]" build/alone-$*/.train
	$(if $(filter-out tensorflow,$*),build/alone-$*/bin/python -m pip uninstall --quiet --yes tensorflow tensorflow-datasets tensorboard)
	@touch $@

# Builds wheel and source distribution, and uses the wheel elsewhere.
test-wheel:
	PYTHON=$(PYTHON) tools/check_wheel.sh

%/.train: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@echo "Installing into $(VENV); this takes some minutes, once."
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable ".$(EXTRAS)"
	@touch $@

%/.test: pyproject.toml constraints.txt
	$(AGAIN) --always-make EXTRAS="[jax,torch,test]" $*/.train
	@touch $@

%/.docs: pyproject.toml constraints.txt
	$(AGAIN) --always-make EXTRAS="[docs]" $*/.train
	@touch $@

clean:
	rm -rf .venv build dist docs/generated .pytest_cache .mypy_cache .ruff_cache .hypothesis
