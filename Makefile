# `make` or `make help` says what there is.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help build test demo bench install tools rust

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: rust ## Build the binary for development: target/debug/draft-tasks
	@cargo build --locked

test: rust ## Check and test everything, up to the first step that fails
	@$(call step,install the tools,tests/tools/install)
	@$(call step,formatting,cargo fmt --all --check)
	@$(call step,lints,cargo clippy --locked --workspace --all-targets -- -D warnings)
	@$(call step,tests of the workspace,cargo test --locked --workspace)
	@$(call step,build,cargo build --locked)
	@$(call step,tests in Neovim,tests/editors/nvim/run test.lua)
	@$(call step,tests in the next Neovim,NVIM=.tools/bin/nvim-next tests/editors/nvim/run test.lua)
	@$(call step,Neovim on a screen,tests/editors/nvim/screen)
	@$(call step,tests in Emacs,tests/editors/emacs/run)
	@printf '\nmake test: all steps passed\n'

demo: build ## Open a real Neovim on the examples; without a terminal, print what it shows
	@tests/tools/install --quiet nvim
	@if [ -t 0 ] && [ -t 1 ]; then \
		tests/editors/nvim/run --terminal; \
	else \
		tests/editors/nvim/run demo.lua; \
	fi

bench: rust ## Measure the analysis, the executor, and the server beside its peers (takes long)
	@cargo bench --locked -p draft-tasks-analysis --bench parse
	@cargo bench --locked -p draft-tasks-executor
	@tests/tools/bench
	@tests/tools/run_bench.py target/release/draft-tasks

install: rust ## Install the binary where cargo installs programs
	@cargo install --path server/draft-tasks --locked

tools: ## Install what tests need, mostly below .tools/
	@tests/tools/install --quiet

rust:
	@command -v cargo >/dev/null || { echo "cargo is missing: install the Rust toolchain that Cargo.toml names" >&2; exit 1; }

# $(call step,what,command)
define step
printf '\n── %s: %s\n' '$(1)' '$(2)'; $(2) || { printf '\nmake test: stopped at: %s (%s)\n' '$(1)' '$(2)' >&2; exit 1; }
endef
