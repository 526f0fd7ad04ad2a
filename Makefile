# `make` or `make help` says what there is.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help build test test-all demo bench install dist release-check windows tools rust

step := tests/tools/step

# Most tests wait for processes, so more of them run at once than there are cores.
export RUST_TEST_THREADS ?= 8

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: rust ## Build the binary for development: target/debug/draft-tasks
	@cargo build --locked

test: rust ## Formatting, lints, all tests of cargo, a headless Neovim; takes minutes and no root
	@$(step) --begin
	@$(step) 'install Neovim' tests/tools/install nvim parsers
	@$(step) formatting cargo fmt --all --check
	@$(step) 'formatting of rules' rustfmt --check --edition 2024 server/analysis/src/rules/*.rs server/draft-tasks/src/lsp/commands/*.rs
	@$(step) lints cargo clippy --locked --workspace --all-targets -- -D warnings
	@$(step) 'build the tests' cargo test --locked --workspace --no-run
	@$(step) 'tests of the workspace' cargo test --locked --workspace
	@$(step) 'tests in Neovim' tests/editors/nvim/run test.lua
	@$(step) --end test

test-all: test ## That, and licences, another Neovim, a screen, Emacs, VS Code and Kubernetes; as root it installs them
	@$(step) 'install the other tools' tests/tools/install
	@$(step) 'what other programs read' env DRAFT_TASKS_TEST_TOOLS=installed cargo test --locked -p draft-tasks --test cli -- check_formats run_formats completions export man::
	@$(step) 'processes where there is no /proc' tests/tools/portable
	@$(step) licences .tools/bin/cargo-deny check licenses bans sources
	@$(step) 'workflows, action and hooks' tests/tools/workflows
	@$(step) 'the book' tests/tools/book
	@$(step) 'a hostile folder under strace' cargo test --locked -p draft-tasks --test lsp hostile -- --ignored
	@$(step) 'a notice of a long run' cargo test --locked -p draft-tasks --test cli the_end_of_a_long_run_is_a_notice -- --ignored
	@$(step) 'compile what the fuzzer runs' tests/tools/fuzz --check
	@$(step) 'a real disk that becomes full' sh -c 'unshare --mount true || { echo "this user may mount nothing" >&2; exit 77; }; exec cargo test --locked -p draft-tasks --test cli on_a_real_disk'
	@$(step) 'tests in the next Neovim' env NVIM=.tools/bin/nvim-next tests/editors/nvim/run test.lua
	@$(step) 'Neovim on a screen' tests/editors/nvim/screen
	@$(step) 'tests in Emacs' tests/editors/emacs/run
	@$(step) 'tests in VS Code' tests/editors/vscode/run
	@$(step) 'tests on a real Kubernetes' env DRAFT_TASKS_TEST_TOOLS=installed tests/kubernetes/run
	@$(step) --end test-all

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
	@cargo test --locked -p draft-tasks --test cli -- --ignored --nocapture export::bench::
	@tests/tools/bench
	@tests/tools/run_bench.py target/release/draft-tasks
	@tests/tools/cli_bench target/release/draft-tasks

install: rust ## Install the binary where cargo installs programs
	@cargo install --path server/draft-tasks --locked

dist: rust ## Build the packages that users install, in dist/ (takes long)
	@tests/tools/install --quiet packaging extension
	@packaging/dist

release-check: rust ## That, and install, use and remove each; compile for other systems; pack for crates.io
	@$(step) --begin
	@$(step) 'install what makes packages' tests/tools/install packaging extension nvim workflows
	@$(step) 'build the packages' packaging/dist
	@$(step) 'install, use and remove each' packaging/check
	@$(step) 'compile for Windows and macOS' packaging/compile
	@$(step) 'pack for crates.io, and build from that' cargo publish --dry-run --workspace --locked
	@$(step) --end release-check

windows: ## Compile for Windows, and use the program under Wine; on Debian, as root
	@tests/windows/run

tools: ## Install what all tests need, mostly below .tools/
	@tests/tools/install --quiet

rust:
	@command -v cargo >/dev/null || { echo "cargo is missing: install the Rust toolchain that Cargo.toml names" >&2; exit 1; }
