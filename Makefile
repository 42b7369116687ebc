# Everything a person or a build machine does here. `make` alone lists it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
# --locked: what is built is what Cargo.lock says.
CARGO_FLAGS ?= --locked

.PHONY: help run test peers lint bench docs openapi openapi-baseline image up

help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

run: ## Build and start a working shop (SQLite; an empty shop gets sample data and an owner's one-time password)
	$(CARGO) run $(CARGO_FLAGS) -p tradepost-api -- serve --demo

test: ## Run every test on both engines (installs PostgreSQL's server where it may, or takes TEST_DATABASE_URL)
	scripts/ensure-postgres
	$(CARGO) build $(CARGO_FLAGS) --workspace
	$(CARGO) test $(CARGO_FLAGS) --workspace

peers: ## Check against what others wrote (installs it: linters, client generators, a fuzzer, shells, image builders …)
	for peer in scripts/peers/*; do echo "== $$peer"; "$$peer"; done

lint: ## Check formatting, lints, documentation links and shell scripts
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(CARGO_FLAGS) --workspace --no-deps --quiet
	for script in $$(find scripts .ci -type f \( -perm -u+x -o -name "*.sh" \)); do bash -n "$$script"; done

bench: ## Measure sales and reads against their baselines (prints a table, keeps nothing; PostgreSQL's server needed)
	scripts/ensure-postgres --server
	$(CARGO) build $(CARGO_FLAGS) --release -p tradepost-api
	$(CARGO) bench $(CARGO_FLAGS) -p tradepost-tests --bench sales

image: ## Build the container image (docker or podman)
	scripts/containers image

up: ## Start a shop in containers: two servers on PostgreSQL behind a proxy, or PROFILE=sqlite: one on a file
	scripts/containers up $(PROFILE)

docs: ## Build the documentation of the crates (target/doc)
	$(CARGO) doc $(CARGO_FLAGS) --workspace --no-deps

openapi: ## Write the contract to docs/openapi.json
	$(CARGO) run $(CARGO_FLAGS) --quiet -p tradepost-api -- openapi > docs/openapi.json

openapi-baseline: openapi ## Take the contract of today as what this version promises
	cp docs/openapi.json docs/openapi.baseline.json
