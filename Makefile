# Everything is built in the release profile, so that RocksDB (15 to 30 minutes on two cores) is compiled once.

TARGET := $(or $(CARGO_TARGET_DIR),target)
BINARY := $(TARGET)/release/openclone
VENV := $(TARGET)/venv
BUF := $(TARGET)/tools/buf
# Outside the checkout, so that a clean clone does not compile it again.
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/openclone/tools

.PHONY: help build run test test-rust test-python test-sdks test-examples test-clients lint fmt fuzz bench bench-clients

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

build: ## Build the command (target/release/openclone, or under CARGO_TARGET_DIR)
	@scripts/need build
	cargo build --release --workspace

run: ## Build and start the service; prints URL, key and a request to paste
	@scripts/need run
	cargo build --release --workspace
	@scripts/run $(BINARY)

test: test-rust test-python test-sdks test-examples ## Run all tests; says which SDKs it left out

test-rust: ## Run the Rust tests
	@scripts/need test
	cargo test --release --workspace

test-python: ## Stream 10,000 events from Python, with stubs generated on the spot
	@scripts/need test
	@scripts/venv $(VENV) tests/python/requirements.txt
# Not `cargo build`, which would compile some dependencies once more without the tests' features.
	cargo test --release --workspace --no-run --quiet
	$(VENV)/bin/python tests/python/stream_test.py --binary $(BINARY)

# The SDKs of other languages: those whose toolchain is here.
test-sdks: ## Run the SDKs' own tests and the table of cases, for the toolchains that are here
	@scripts/need test
	@scripts/test-sdks $(BINARY)

test-examples: ## Run docs/examples, for the interpreters that are here
	@BUF=$(BUF)/node_modules/.bin/buf scripts/test-examples $(BINARY)

test-clients: ## The same for all SDKs and examples: installs what is missing, and leaves nothing out
	@scripts/need clients
	@scripts/tools buf $(BUF)
	cargo test --release --workspace --no-run --quiet
	@scripts/test-sdks $(BINARY) --require-all
	@BUF=$(BUF)/node_modules/.bin/buf scripts/test-examples $(BINARY) --require-all

bench-clients: ## Events/s of each SDK, as a Markdown table
	cargo test --release --workspace --no-run --quiet
	@scripts/test-sdks $(BINARY) --speed

lint: ## Check formatting, clippy, the contract, and dependencies
	@scripts/need lint
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings
	@scripts/tools buf $(BUF)
	$(BUF)/node_modules/.bin/buf lint
	@scripts/tools cargo-deny $(TOOLS)
# No advisories: their database is a git repository, which a machine that only reaches registries cannot fetch.
	$(TOOLS)/bin/cargo-deny check bans licenses sources

fmt: ## Format the Rust code
	cargo fmt --all

bench: build ## Measure: starts a service for each row of a table and sends to it for some seconds
	$(TARGET)/release/openclone-bench run --binary $(BINARY)

fuzz: ## Feed random text to the escaping for ten million inputs (wants a nightly compiler)
	@scripts/need build
	@scripts/tools cargo-fuzz $(TOOLS)
	cd fuzz && PATH="$(TOOLS)/bin:$$PATH" cargo +nightly fuzz run --sanitizer none escape -- -runs=10000000 -max_len=256 -close_fd_mask=1
