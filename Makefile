# Needs Python 3.10 or newer (with venv), Node 20 or newer, make. Everything else goes into .venv,
# node_modules and .make; what is there and newer than its sources is not made again.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
EXTRAS := local,service,hub,dev,docs,test
# Arguments for the command of `make demo`, `make bench` or one of the test-… targets.
ARGS ?=

BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(PATH)
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
# The certificates that pip trusts, where a proxy has one of its own.
export UV_SYSTEM_CERTS := 1

LAB_SOURCES := $(shell find src style schema -type f -not -path '*/__tests__/*') \
	tsconfig.json install.json

.PHONY: help environment demo docs test test-lint test-js test-docs test-python test-browser \
	test-gallery screenshots gallery screenshots-cluster \
	test-cluster bench-cluster cluster cluster-built cluster-down \
	dev bench lint \
	lint-style lint-types lint-rooms lint-lab lint-wire lint-messages messages format \
	generate dist constraints clean

help:
	@echo 'make demo    an environment in .venv, then the demonstration (ARGS="…" for its options)'
	@echo 'make test    every check and every test'
	@echo 'make lint    the quick checks alone: style, types, who imports whom'
	@echo 'make format  bring the style in order'
	@echo 'make screenshots  take the pictures of docs/ again'
	@echo 'make docs    the documentation in docs/_build/html'
	@echo 'make dev     an editable installation that follows changes in src/'
	@echo 'make bench   measure; make bench-cluster does so on a Kubernetes'
	@echo 'make cluster a Kubernetes of its own for trying and testing; make cluster-down ends it'
	@echo 'make dist    a wheel and an sdist in dist/'
	@echo 'make clean   remove everything that was made'

# --- the environment --------------------------------------------------------------------------

environment: .make/lab

.make/python: pyproject.toml constraints.txt
	@mkdir -p .make jupyter_challenge/labextension/static
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed")'
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@echo 'Installing the packages: some minutes the first time'
	@rm -rf .venv/share/jupyter/labextensions/jupyter-challenge
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check uv || true
	@export SKIP_JUPYTER_BUILDER=1; \
	.venv/bin/uv pip install --quiet --python .venv/bin/python -c constraints.txt -e '.[$(EXTRAS)]' || { \
		echo 'uv could not install the environment: trying pip'; \
		.venv/bin/python -m pip install --quiet -c constraints.txt -e '.[$(EXTRAS)]'; }
	@touch $@

.make/node: package.json yarn.lock .yarnrc.yml | .make/python
	@node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' || { \
		echo 'Node 20 or newer is needed' >&2; exit 1; }
	@echo 'Installing what the extension is built with'
	@jlpm install --immutable > .make/jlpm.log || { cat .make/jlpm.log; exit 1; }
	@touch $@

.make/built: .make/node $(LAB_SOURCES)
	@echo 'Building the extension'
	@jlpm build:prod > .make/build.log 2>&1 || { cat .make/build.log; exit 1; }
	@touch $@

.make/lab: .make/python .make/built
	@jupyter-builder develop . --overwrite > .make/develop.log 2>&1 || { cat .make/develop.log; exit 1; }
	@jupyter server extension enable --sys-prefix jupyter_challenge > .make/enable.log 2>&1 || { \
		cat .make/enable.log; exit 1; }
	@touch $@

.make/ui: ui-tests/package.json ui-tests/yarn.lock ui-tests/.yarnrc.yml | .make/python
	@cd ui-tests && jlpm install --immutable > ../.make/ui.log || { cat ../.make/ui.log; exit 1; }
	@touch $@

# A hub's proxy and an OpenID provider, for the tests of the hub.
.make/hub: tests/hub/node/package.json tests/hub/node/yarn.lock tests/hub/node/.yarnrc.yml | .make/python
	@cd tests/hub/node && jlpm install --immutable > ../../../.make/hub.log || { cat ../../../.make/hub.log; exit 1; }
	@touch $@

# The oldest hub that we say will do, with nothing in it but what a hub's image has.
OLDEST_HUB := 'jupyterhub==5.3.*' 'jupyterhub-kubespawner==7.0.*' 'oauthenticator==17.3.*'

.make/oldest-hub: pyproject.toml | .make/python
	@uv venv --quiet --clear --python .venv/bin/python $@
	@uv pip install --quiet --python $@/bin/python $(OLDEST_HUB)
	@touch $@

# --- what people use --------------------------------------------------------------------------

demo: .make/lab
	@jupyter challenge demo $(ARGS)

docs: .make/python
	@sphinx-build -q -W --keep-going docs docs/_build/html
	@echo 'docs/_build/html/index.html'

dev: .make/lab
	@echo 'JupyterLab in another terminal: .venv/bin/jupyter lab'
	jlpm build
	jlpm watch

bench: .make/lab .make/hub
	@python -m benchmarks $(ARGS)

# On a Kubernetes: one that is started for it, or that of KUBECONFIG.
bench-cluster: .make/python
	@tests/cluster/kit/with_cluster.sh python -m benchmarks.cluster $(ARGS)

dist: .make/lab
	@rm -rf dist
	python -m build --no-isolation

# --- checks -----------------------------------------------------------------------------------

lint: .make/node
	@$(MAKE) --no-print-directory --keep-going lint-style lint-types lint-rooms lint-lab \
		lint-wire lint-messages

lint-style:
	ruff format --check .
	ruff check .

lint-types:
	mypy

lint-rooms:
	lint-imports --no-logo --no-cache

lint-lab:
	jlpm lint:check

# src/schema.ts is what the service's OpenAPI document says.
lint-wire:
	jlpm generate:check

# Every text of the front end has its German and its Japanese.
lint-messages:
	python scripts/messages.py check

format: .make/node
	ruff format .
	ruff check --fix --quiet . || true
	jlpm lint

# The catalogues of other languages after words in src/ changed; then fill in the .po files.
messages: .make/python
	@python scripts/messages.py update

# The service's OpenAPI document as TypeScript.
generate: .make/node
	jlpm generate

test-lint: lint

test-js: .make/node
	jlpm test $(ARGS)

# The documentation is built, its links are followed and its tutorials are done.
test-docs: .make/python
	pytest tests/docs $(ARGS)

test-python: .make/lab .make/hub .make/oldest-hub
	pytest --ignore=tests/docs --ignore=tests/cluster $(or $(ARGS),--numprocesses 2 --dist loadfile)

test-browser: .make/lab .make/ui
	cd ui-tests && jlpm playwright test $(ARGS)

# The same screens in all their states, looked at by axe, without writing a picture.
test-gallery: .make/lab .make/ui
	cd ui-tests && jlpm playwright test --config gallery.config.js $(ARGS)

# The tests on a Kubernetes: one that is started for them, or that of KUBECONFIG.
test-cluster: .make/lab .make/hub .make/ui
	@tests/cluster/kit/test.sh $(ARGS)

cluster: .make/python
	@tests/cluster/kit/up.sh

# What the cluster is made of, without starting it.
cluster-built: .make/python
	@tests/cluster/kit/build.sh all
	@tests/cluster/kit/images.sh

cluster-down:
	@tests/cluster/kit/down.sh

# The pictures in docs/screenshots and docs/gallery, taken of the real Lab by the browser tests.
screenshots: .make/lab .make/ui
	cd ui-tests && UPDATE_SCREENSHOTS=1 jlpm playwright test $(ARGS)
	@$(MAKE) --no-print-directory gallery

# Every screen in its states, the part of it that makes docs/gallery.
gallery: .make/lab .make/ui
	cd ui-tests && UPDATE_SCREENSHOTS=1 jlpm playwright test --config gallery.config.js
	@python ui-tests/gallery/smaller.py

# The starter is submitted from a real Lab to a service on a cluster; its pictures, and what kubectl
# says of that run in docs/admins.
screenshots-cluster: .make/lab .make/ui
	@tests/cluster/kit/with_cluster.sh python -m tests.cluster.from_lab

test: .make/lab .make/ui
	@.ci/tests

# --- the rest ---------------------------------------------------------------------------------

constraints:
	uv pip compile pyproject.toml $(foreach extra,local service hub dev docs test,--extra $(extra)) \
		--universal --python-version 3.10 --upgrade --quiet \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links -o constraints.txt

clean:
	rm -rf .venv .make node_modules ui-tests/node_modules ui-tests/test-results \
		ui-tests/gallery-results lib dist coverage \
		docs/_build jupyter_challenge/labextension jupyter_challenge/_version.py tsconfig.tsbuildinfo \
		.pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis \
		.eslintcache .stylelintcache
