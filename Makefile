# Everything that people do with this project. `make help` explains each target.
SHELL := /bin/bash
JOBS ?= 2
PRESET ?= release
SECONDS ?= 0
SEED ?= 1
MINUTES ?= 1
CONFIG ?= config/minimal.yaml

KILLS ?= 300
SINK ?= sqlite

.PHONY: help deps build demo run test chaos fault-matrix bench kill-test fuzz check format sanitize hooks fresh-check compose-check clean
.DEFAULT_GOAL := help

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

deps: ## Install the Debian packages that anything here needs (sudo when not root)
	@scripts/install-deps

build: ## Build build/release/feedtree
	@scripts/install-deps build
	@scripts/build $(PRESET) $(JOBS) feedtree

demo: ## Real books in a minute: NATS, simulated venues over TLS, feedtree. SECONDS=20 ends by itself
	@scripts/install-deps build demo
	@scripts/build $(PRESET) $(JOBS) feedtree
	@scripts/demo $(SECONDS)

run: build ## Run the server: make run CONFIG=config/minimal.yaml
	build/$(PRESET)/feedtree run --config $(CONFIG)

test: ## Build and run all tests; ends with ctest's summary
	@scripts/install-deps build demo test
	@scripts/build $(PRESET) $(JOBS) all
	@scripts/test $(PRESET) $(JOBS)

chaos: ## Hostile venues, NATS and the server die: is anything missing? make chaos SEED=7 MINUTES=5
	@scripts/install-deps build demo test
	@scripts/build $(PRESET) $(JOBS) feedtree
	@scripts/chaos $(SEED) $(MINUTES)

fault-matrix: ## Every fault at every venue, as a table (FAULTS="drop mute"): noticed, repaired, neighbours
	@scripts/install-deps build demo test
	@scripts/build $(PRESET) $(JOBS) feedtree
	@PYTHONDONTWRITEBYTECODE=1 python3 tests/e2e/fault_matrix.py $(FAULTS)

bench: ## Measure: nanoseconds a frame per venue, events a second end to end
	@scripts/install-deps build demo test
	@scripts/build $(PRESET) $(JOBS) all
	@scripts/bench $(PRESET)

kill-test: ## Kill the delivery at random moments and compare sets: make kill-test KILLS=100 SINK=jetstream SEED=1
	@scripts/install-deps build demo test
	@scripts/build $(PRESET) $(JOBS) e2e_tests
	FEEDTREE_KILLS=$(KILLS) FEEDTREE_SEED=$(SEED) build/$(PRESET)/tests/e2e_tests --gtest_filter='kill.*_in_$(SINK)_once'

fuzz: deps ## Fuzz every venue decoder for a minute each (FUZZ_SECONDS=60)
	@scripts/fuzz $(JOBS)

sanitize: deps ## Build and test with AddressSanitizer + UBSan, then ThreadSanitizer; prove that they fire
	@scripts/sanitize $(JOBS)

check: deps ## Formatting, includes and clang-tidy, as in CI
	@scripts/check $(JOBS)

hooks: ## Run the format and lint checks of CI before every commit
	git config core.hooksPath scripts/hooks

fresh-check: ## In bare Debian 12 roots: the image's steps, make demo, make test; the program alone (as root)
	@scripts/fresh-check

compose-check: ## In a Docker engine of its own: the image, and each compose file brought up and looked at (as root)
	@scripts/compose-check

format: deps ## Format all sources
	@scripts/sources | xargs clang-format -i

clean: ## Remove what was built
	rm -rf build
