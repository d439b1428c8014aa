.DEFAULT_GOAL := help
.PHONY: help run test lint setup build dev e2e bench fix

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Set up, build, and serve http://127.0.0.1:3000 with the example organisation
	@scripts/run

test: ## Set up, then every check: format, lints for both targets, docs, tests on both databases, browser
	@scripts/test

lint: ## Format, lints for both targets, docs: the quick half of `make test`
	@scripts/lint

setup: ## Install what building and testing need
	@scripts/setup test

build: ## Make target/release/causeway, one file with everything inside
	@scripts/build release

dev: ## Rebuild and restart on every change (needs cargo-leptos)
	cargo leptos watch -- serve --example

e2e: ## Walk the product in a real browser
	@scripts/e2e

bench: ## Print figures of speed and size, each beside what it is meant to be
	@scripts/bench

fix: ## Format, and mend what lints can mend
	cargo fmt --all
	cargo clippy --workspace --exclude frontend --all-targets --fix --allow-dirty --allow-staged
