# `make` or `make help` says what there is.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help build test demo bench install tools rust

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: rust ## Build the binary for development: target/debug/draft-tasks
	@cargo build --locked

test: rust ## Check and test everything, up to the first step that fails
	@rm -f $(not_run)
	@$(call step,install the tools,tests/tools/install)
	@$(call step,formatting,cargo fmt --all --check && rustfmt --check --edition 2024 server/analysis/src/rules/*.rs)
	@$(call step,lints,cargo clippy --locked --workspace --all-targets -- -D warnings)
	@$(call step,tests of the workspace,cargo test --locked --workspace)
	@$(call step,build,cargo build --locked)
	@$(call step,tests in Neovim,tests/editors/nvim/run test.lua)
	@$(call step,tests in the next Neovim,NVIM=.tools/bin/nvim-next tests/editors/nvim/run test.lua)
	@$(call step,Neovim on a screen,tests/editors/nvim/screen)
	@$(call step,tests in Emacs,tests/editors/emacs/run)
	@$(call step,tests in VS Code,tests/editors/vscode/run)
	@$(call step,tests on a real Kubernetes,tests/kubernetes/run)
	@if [ -s $(not_run) ]; then \
		printf '\nmake test: all steps passed that run here; not run (the reasons are above):\n' && sed 's/^/  /' $(not_run); \
	else \
		printf '\nmake test: all steps passed\n'; \
	fi

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
	@cargo test --locked -p draft-tasks --test kubernetes -- --ignored --nocapture --test-threads 1 bench::
	@tests/tools/bench
	@tests/tools/run_bench.py target/release/draft-tasks

install: rust ## Install the binary where cargo installs programs
	@cargo install --path server/draft-tasks --locked

tools: ## Install what tests need, mostly below .tools/
	@tests/tools/install --quiet

rust:
	@command -v cargo >/dev/null || { echo "cargo is missing: install the Rust toolchain that Cargo.toml names" >&2; exit 1; }

# The steps that this machine cannot run, one a line.
not_run := target/not-run

# $(call step,what,command): exit status 77 says that the command cannot run here and has said why.
define step
printf '\n── %s: %s\n' '$(1)' '$(2)'; code=0; $(2) || code=$$?; \
if [ $$code -eq 77 ]; then mkdir -p $(dir $(not_run)) && echo '$(1)' >>$(not_run); \
elif [ $$code -ne 0 ]; then printf '\nmake test: stopped at: %s (%s)\n' '$(1)' '$(2)' >&2; exit 1; fi
endef
