# `make train` and `make test` need only Python 3.11 or newer, pip and make:
# what they use is installed into .venv at the first call.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt
WORKERS ?= 2

export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: train test docs lint types browser test-tensorflow test-jax test-torch clean

# Train on the embedded data set: make train ARGS="--seed 1"
# On JAX, where it is not installed yet:
#   make train EXTRAS=[jax] ARGS="--backend jax"
train: .venv/.train
	$(BIN)/keras-qlae train $(ARGS)

# Lint, types, and the tests on TensorFlow, JAX and PyTorch.
test: lint types browser test-tensorflow test-jax test-torch

# The site, with its tutorials run anew where they have changed.
docs: .venv/.docs
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx --fail-on-warning --keep-going \
		--quiet --builder html docs build/site
	@echo "The site: build/site/index.html"

lint: .venv/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/.test
	$(BIN)/mypy

# Says what the tests of the explorer's page need and do not find.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
		echo "NOT TESTED: the explorer's page in a browser. Install Chromium: apt-get install chromium"
	@command -v node >/dev/null || \
		echo "NOT TESTED: the page's engine against Keras. Install node 20 or later: apt-get install nodejs"
	@command -v wat2wasm >/dev/null || \
		echo "NOT TESTED: that gemm.wasm is what its source makes. Install wat2wasm: apt-get install wabt"

test-tensorflow test-jax test-torch: test-%: .venv/.test
	@echo "Tests on $*"
	KERAS_BACKEND=$* OMP_NUM_THREADS=1 $(BIN)/pytest -q --durations 10 \
		--numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

.venv/.train: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@echo "Installing into .venv; this takes some minutes, once."
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable ".$(EXTRAS)"
	@touch $@

.venv/.test: pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory --always-make EXTRAS="[jax,torch,test]" .venv/.train
	@touch $@

.venv/.docs: pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory --always-make EXTRAS="[docs]" .venv/.train
	@touch $@

clean:
	rm -rf .venv build dist docs/generated .pytest_cache .mypy_cache .ruff_cache .hypothesis
