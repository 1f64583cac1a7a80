# Two commands on a fresh machine with git, make and Python >= 3.11: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo test frameworks check docs-test fmt clean
help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

# A stamp per extra: set-up runs once, and again only when pyproject.toml changes.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Podium needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; rm -rf $(VENV); exit 2; }

$(VENV)/.demo-ready: pyproject.toml | $(BIN)/python
	@$(PIP) install -q -e '.[demo]'
	@touch $@

$(VENV)/.dev-ready: pyproject.toml | $(BIN)/python
	@$(PIP) install -q -e '.[dev]'
	@touch $@ $(VENV)/.demo-ready

demo: $(VENV)/.demo-ready  ## simulated vendors, the real gateway, and what routing saves (no key needed)
	@$(BIN)/podium demo

test: $(VENV)/.dev-ready  ## every test
	@$(BIN)/python -m pytest -q

frameworks: $(VENV)-frameworks/.ready  ## LangChain, pydantic-ai, OpenAI Agents and LiteLLM as clients
	@for example in examples/frameworks/*_client.py; do echo "== $$example"; \
	  LITELLM_LOCAL_MODEL_COST_MAP=True $(VENV)-frameworks/bin/python $$example || exit 1; done

# A set-up of its own: what these packages pin is not what Podium is developed with.
$(VENV)-frameworks/.ready: pyproject.toml
	@echo "Setting up $(VENV)-frameworks (once, some minutes) ..."
	@$(PYTHON) -m venv $(VENV)-frameworks
	@$(VENV)-frameworks/bin/python -m pip --disable-pip-version-check install -q -e '.[frameworks]'
	@touch $@

check: $(VENV)/.dev-ready  ## style, types, the import contract, the docs' snippets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/docs

fmt: $(VENV)/.dev-ready  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove what set-up and tests made
	rm -rf $(VENV) $(VENV)-frameworks .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
