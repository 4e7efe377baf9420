SHELL := bash
export PATH := $(CURDIR)/.venv/bin:$(PATH)
.DEFAULT_GOAL := help
.PHONY: help demo demo-clean test lint unit distributions molecule oldest newest containers bench bench-rollout fuzz lock dist clean \
  venv hosts bench-tools tools

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 24

demo: venv hosts ## roll out to a test host, watch it from another (KEEP=1 leaves them up)
	@tools/demo.sh

demo-clean: ## remove what KEEP=1 left
	@tools/demo.sh clean

test: lint unit distributions molecule oldest newest containers ## everything that CI runs

lint: venv ## ansible-lint, antsibull-docs, yamllint, ruff, mypy, shellcheck
	ansible-lint
	tools/setup.sh docs-lint
	ANSIBLE_COLLECTIONS_PATH=playbooks/collections .cache/docs-lint/bin/antsibull-docs lint-collection-docs \
	  --plugin-docs playbooks/collections/ansible_collections/xmlprom/fleet
	yamllint --strict .
	ruff check
	ruff format --check
	mypy
	git grep -lE '^#!.*\bsh$$|^#!.*\bbash$$' | xargs shellcheck

unit: venv tools ## pytest; many tests wait for something, so more at once than there are cores
	pytest --numprocesses=4 --dist=loadfile

distributions: venv hosts tools ## the unit tests with each distribution's own packages, Debian 11 to 13
	molecule/shared/unit.sh

molecule: venv hosts ## the roles on real hosts with systemd (SCENARIOS=fleet runs that one)
	molecule/shared/test.sh $(SCENARIOS)

oldest: venv hosts ## the consumer scenario with the oldest ansible-core of meta/runtime.yml
	VENV=.cache/oldest tools/setup.sh oldest
	TEST_ANSIBLE="$(CURDIR)/.cache/oldest/bin" molecule/shared/test.sh consumer

newest: hosts ## the default scenario with the newest ansible-core, where there is a Python for it
	VENV=.cache/newest tools/setup.sh newest
	[[ ! -x .cache/newest/bin/molecule ]] || PATH="$(CURDIR)/.cache/newest/bin:$$PATH" molecule/shared/test.sh default

containers: venv hosts ## the image, the demo of compose, and the pod for Kubernetes, built of Debian's packages
	containers/test.sh

bench: venv bench-tools ## speed and memory
	python benchmarks/run.py

bench-rollout: venv hosts ## what a rollout costs over 1 to 16 hosts (20 minutes)
	python benchmarks/rollout.py

fuzz: venv ## coverage-guided, FUZZ_SECONDS each (300): the mapping loader, the extraction
	pip install --quiet atheris
	mkdir -p .cache/fuzz/load_mapping .cache/fuzz/read_source
	python tests/fuzz/load_mapping.py -max_total_time=$(or $(FUZZ_SECONDS),300) -max_len=4096 -artifact_prefix=.cache/fuzz/ \
	  .cache/fuzz/load_mapping examples
	python tests/fuzz/read_source.py -max_total_time=$(or $(FUZZ_SECONDS),300) -max_len=16384 -artifact_prefix=.cache/fuzz/ \
	  .cache/fuzz/read_source examples

lock: venv ## renew requirements.lock from pyproject.toml
	python -m venv .cache/uv
	.cache/uv/bin/pip install --quiet --upgrade uv
	.cache/uv/bin/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header \
	  --python-version 3.11 --extra dev --output-file requirements.lock pyproject.toml

dist: venv ## the wheel, the hosts' program and the collection's archive, into dist/
	rm -rf dist
	pip wheel --quiet --no-deps --wheel-dir dist .
	python plugins/module_utils/program.py dist
	ansible-galaxy collection build --output-path dist .

clean: ## remove the environment and all test hosts and images
	-molecule/shared/clean.sh
	-[[ ! -x .venv/bin/podman-compose ]] || containers/test.sh clean
	-molecule/shared/podman images --quiet --filter 'reference=localhost/xmlprom-*' | \
	  xargs -r molecule/shared/podman rmi --force
	rm -rf .venv .cache

venv:
	@tools/setup.sh venv

hosts bench-tools tools:
	@tools/setup.sh $@
