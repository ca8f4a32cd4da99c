.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
CASES ?= 100000
EACH ?= 12
# Newer ones need Node.js 22. What it needs in turn is as of that day.
AZURITE := azurite@3.35.0 --before=2025-12-01
BASE ?= origin/main
PIP := -m pip install --quiet --disable-pip-version-check

# Each command that a test starts would compile the pack anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help check test facts provider-examples fuzz corpus messages mutation ecosystem try-packages try-runtimes bench lint lock vulnerabilities docs report-image preview release-check azurite \
	publish clean has-pulumi

help:  ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

check: .venv/cli-installed reference_stack/venv/installed  ## Judge all stacks of the reference stack, without the Pulumi CLI, an account or credentials: make check STACK=prod
	.venv/bin/python -m policypack check reference_stack $(if $(STACK),--stack $(STACK),--all-stacks)

test: .venv/dev-installed reference_stack/venv/installed  ## Run all tests.
	.venv/bin/python -m pytest --numprocesses=auto --dist=worksteal

fuzz: .venv/dev-installed  ## Judge generated stacks: make fuzz CASES=100000 SEED=1
	.venv/bin/python -m tests.fuzz $(CASES) $(if $(SEED),--seed $(SEED))

mutation: .venv/dev-installed  ## Judge mutants of rules and model by their tests: make mutation MODULES='model/fleets/*' EACH=2
	.venv/bin/python -m tests.mutation $(foreach module,$(MODULES),'$(module)') --each $(EACH) $(if $(SEED),--seed $(SEED))

ecosystem: .venv/dev-installed reference_stack/venv/installed  ## Print the verdicts that differ from another commit's: make ecosystem BASE=main
	@.venv/bin/python -m tests.ecosystem $(BASE)

corpus: .venv/dev-installed reference_stack/venv/installed  ## Write anew what tests keep of programs: stacks that generated ones start from, and what programs register.
	.venv/bin/python -m tests.fuzz.corpus
	.venv/bin/python -m tests.reference_stack.mutants
	.venv/bin/python -m tests.kept_programs

messages: .venv/dev-installed reference_stack/venv/installed  ## Write anew what tests keep of messages and reports.
	.venv/bin/python -m tests.rules.update_messages
	.venv/bin/python -m tests.report.update_golden

facts: | .venv/bin/python  ## Look for the sentences that verdicts stand on in the newest libraries of Google Cloud and Pulumi.
	test -x .facts/bin/python || .venv/bin/python -m venv .facts
	.facts/bin/python $(PIP) --upgrade google-cloud-compute google-cloud-run pulumi-gcp
	.facts/bin/python -m tests.facts

provider-examples: .venv/dev-installed reference_stack/venv/installed  ## Hold what is called refused against the examples of pulumi-gcp.
	.venv/bin/python -m tests.provider_examples

azurite:  ## Install Azurite, which stands for Azure Blob Storage in tests (needs npm).
	npm install --global --prefix .azurite --ignore-scripts --no-audit --no-fund --loglevel=error $(AZURITE)

try-packages: .venv/dev-installed  ## Install the pack and the command into clean environments, and try them.
	@scripts/try_packages.sh

try-runtimes: .venv/dev-installed  ## Try the pack with the oldest and newest pulumi-policy, on each Python at hand.
	@scripts/try_runtimes.sh

bench: .venv/dev-installed .bench/bin/checkov  ## Measure everything, beside Checkov and conftest (half an hour; conftest needs Go).
	@command -v go >/dev/null && { test -x .bench/bin/conftest || GOBIN=$(CURDIR)/.bench/bin go install github.com/open-policy-agent/conftest@v0.71.1; } || true
	PATH="$(CURDIR)/.bench/bin:$$PATH" .venv/bin/python -m benchmarks | tee benchmarks/results.txt

.bench/bin/checkov: | .venv/bin/python
	.venv/bin/python -m venv .bench
	.bench/bin/python $(PIP) checkov==3.3.30

lint: .venv/dev-installed reference_stack/venv/installed  ## Check style and types.
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy policypack tests benchmarks scripts
	cd reference_stack && ../.venv/bin/mypy --config-file ../pyproject.toml --python-executable venv/bin/python .

lock:  ## Pin what builds, tests and lints this anew, with hashes, in requirements-dev.txt (needs uv).
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --all-extras --group dev --upgrade \
		--custom-compile-command "make lock" --output-file requirements-dev.txt pyproject.toml

vulnerabilities:  ## Look for known vulnerabilities in what is pinned (needs pip-audit and a network).
	@scripts/vulnerabilities.sh

docs: .venv/cli-installed  ## Generate docs/rules, the tables of docs/formats.md and the reference stack's of what it hardens.
	.venv/bin/python -m policypack.authoring.pages
	.venv/bin/python -m tests.reference_stack.hardening
	cd reference_stack && ../.venv/bin/python -m llm_stack.schema

report-image: .venv/dev-installed reference_stack/venv/installed  ## Take docs/images/report.png anew, in Chromium.
	.venv/bin/python -m tests.report.make_image

preview: has-pulumi .venv/cli-installed reference_stack/venv/installed  ## Judge the reference stack in a real `pulumi preview`.
	@scripts/preview.sh $(or $(STACK),dev)

release-check:  ## Say what has to be set before publishing: make release-check TAG=v0.2.0
	@scripts/release.py check $(TAG)

publish: has-pulumi  ## Publish the pack to an organization of Pulumi Cloud: make publish ORG=acme
	@scripts/publish.sh "$(ORG)"

has-pulumi:
	@command -v pulumi >/dev/null || { echo "make $(MAKECMDGOALS) needs the Pulumi CLI on PATH: install it as https://www.pulumi.com/docs/install/ says (make check works without it)." >&2; exit 1; }

clean:  ## Remove everything that the other targets made.
	rm -rf .venv .azurite .bench .facts reference_stack/venv .pulumi-local .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/cli-installed: requirements.txt pyproject.toml | .venv/bin/python
	.venv/bin/python $(PIP) --editable '.[cli]'
	@touch $@

.venv/dev-installed: requirements-dev.txt pyproject.toml | .venv/bin/python
	@# Older ones do not find a pinned requirement again that is pinned with an extra.
	.venv/bin/python $(PIP) --upgrade 'pip>=25'
	.venv/bin/python $(PIP) --require-hashes --requirement requirements-dev.txt
	.venv/bin/python $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@ .venv/cli-installed

reference_stack/venv/installed: reference_stack/requirements.txt | .venv/bin/python
	test -x reference_stack/venv/bin/python || .venv/bin/python -m venv reference_stack/venv
	reference_stack/venv/bin/python $(PIP) -r reference_stack/requirements.txt
	@touch $@
