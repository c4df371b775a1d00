# Everything a person can do here; `make help` lists it. The work is done by scripts/ and by the program itself.
# All paths are relative, so the folder's name may hold blanks.

PORT ?= $(or $(UTILITY_CRM_PORT),8000)
PYTHON := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset install test check search bench lock audit clean

help: ## list everything there is
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile
	@echo "PORT=8001 makes the demo use another port. Settings: utility_crm/kit/settings.py."

demo: ## run the demo utility on http://127.0.0.1:8000 until Ctrl-C; keeps its data
	@sh scripts/install.sh run
	@exec $(PYTHON) -m utility_crm up --demo --port $(PORT)

demo-reset: ## the same, but forget the demo's data and build it again
	@sh scripts/install.sh run
	@exec $(PYTHON) -m utility_crm up --demo --reset --port $(PORT)

install: ## make .venv and install the platform into it, from the lock
	@sh scripts/install.sh run
	@echo "Installed: .venv/bin/utility-crm --help"

test: ## lint, types, import contracts and every test, in a real browser too
	@sh scripts/install.sh dev
	@sh scripts/chromium.sh
	@sh scripts/check.sh

check: ## the same without the browser and the long stories: quick
	@sh scripts/install.sh dev
	@sh scripts/check.sh -m "not browser" tests/unit tests/db tests/web

search: ## other examples of every property, 1000 of each: an hour or two; EXAMPLES=100 draws fewer
	@sh scripts/install.sh dev
	@UTILITY_CRM_TEST_EXAMPLES=$(or $(EXAMPLES),1000) $(PYTHON) -m pytest -q -n 2 tests/unit

bench: ## measure against peers, side by side; writes build/bench.json
	@sh scripts/install.sh bench
	@exec $(PYTHON) -m bench

lock: ## pin requirements*.in anew, with hashes; UPGRADE=--upgrade takes the newest
	@sh scripts/install.sh dev
	@sh scripts/lock.sh $(UPGRADE)

audit: ## look for known faults in what is installed, and for doubtful code
	@sh scripts/install.sh dev
	@$(PYTHON) -m pip_audit --strict --require-hashes --disable-pip -r requirements.lock
	@$(PYTHON) -m bandit -q -lll -r utility_crm billing meters notifications churn

clean: ## remove .venv and what was built; the demo's data stay
	@rm -rf .venv build utility_crm.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
