# Everything is built in the release profile, so that RocksDB (15 to 30 minutes on two cores) is compiled once.

TARGET := $(or $(CARGO_TARGET_DIR),target)
BINARY := $(TARGET)/release/openclone
VENV := $(TARGET)/venv
BUF := $(TARGET)/tools/buf
GENERATORS := $(abspath $(TARGET))/tools/generators
# Outside the checkout, so that a clean clone does not compile it again.
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/openclone/tools

.PHONY: help build dist run test test-rust test-python lint fmt fuzz bench bench-full bench-results bench-check bench-micro ceiling flame reliability soak test-sdks test-examples test-clients bench-clients generate check-contract

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

build: ## Build the command (target/release/openclone, or under CARGO_TARGET_DIR)
	@scripts/need build
	cargo build --release --workspace

# Linked as a whole: a tenth to a fifth less processor time for small batches, and some minutes at each build.
PRODUCT := $(TARGET)/dist/openclone
dist: build ## Build the command as it is installed and measured (target/dist/openclone)
	scripts/rocksdb-of-release $(TARGET) cargo build --profile dist --package openclone --bin openclone

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

# The SDKs of other languages: those whose toolchain is here, or all with REQUIRE_ALL=1.
test-sdks: ## Run the SDKs' own tests and the table of cases, for the toolchains that are here
	@scripts/need $(if $(REQUIRE_ALL),clients,test)
	@scripts/test-sdks $(BINARY) $(if $(REQUIRE_ALL),--require-all)

test-examples: ## Run docs/examples, for the interpreters that are here
	@$(if $(REQUIRE_ALL),scripts/need clients && scripts/tools buf $(BUF),true)
	@BUF=$(BUF)/node_modules/.bin/buf scripts/test-examples $(BINARY) $(if $(REQUIRE_ALL),--require-all)

test-clients: ## The same for all SDKs and examples: installs what is missing, and leaves nothing out
	@scripts/need clients
	@scripts/tools buf $(BUF)
	cargo test --release --workspace --no-run --quiet
	@scripts/test-sdks $(BINARY) --require-all
	@BUF=$(BUF)/node_modules/.bin/buf scripts/test-examples $(BINARY) --require-all

bench-clients: ## Events/s of each SDK, as a Markdown table
	cargo test --release --workspace --no-run --quiet
	@scripts/test-sdks $(BINARY) --speed

lint: check-contract ## Check formatting, clippy, the contract, and dependencies
	@scripts/need lint
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings
	@scripts/tools buf $(BUF)
	$(BUF)/node_modules/.bin/buf lint
	@scripts/tools cargo-deny $(TOOLS)
# No advisories: their database is a git repository, which a machine that only reaches registries cannot fetch.
	$(TOOLS)/bin/cargo-deny check bans licenses sources

generate: ## Make the stubs of the SDKs from proto/
	@scripts/need generate
	@scripts/tools buf $(BUF)
	@scripts/venv $(VENV) tests/python/requirements.txt
	@scripts/tools generators $(GENERATORS) $(abspath $(VENV))
	@PATH="$(GENERATORS)/bin:$$PATH" scripts/generate $(BUF)/node_modules/.bin/buf

check-contract: generate ## Check that the stubs are those of proto/, and that proto/ breaks no client
	@scripts/check-contract $(BUF)/node_modules/.bin/buf

fmt: ## Format the Rust code
	cargo fmt --all

bench: dist ## Measure: a service for each row of a table, then escaping, rebuilding and redaction
	$(TARGET)/release/openclone-bench run --binary $(PRODUCT)
# What does not need a service: escaping, rebuilding the index, and what redaction finds.
	cargo run --release --quiet -p openclone-vault --example throughput
	cargo run --release --quiet -p openclone-vault --example reindex_rate
	cargo run --release --quiet -p openclone-redact --example redaction

soak: build ## Send for an hour (SOAK_SECONDS) through restarts, then read the vault: each event once
	$(TARGET)/release/openclone-bench soak --binary $(BINARY)

# The ceiling appends without dedup, journal and sync. It has a name of its own, so the product stays where it is; only the
# vault and the service are compiled once more, with the feature.
CEILING := $(TARGET)/dist/openclone-ceiling
BENCH := $(TARGET)/release/openclone-bench
FIGURES := bench/results
# Of which that counts in which a shared host took least of the processors.
ROUNDS := --rounds 3
# Ratios can be compared only between rows of one length: the longer, the more of them is disk.
LENGTH := --seconds 10

ceiling: dist
	scripts/rocksdb-of-release $(TARGET) cargo build --profile dist --package openclone --features ceiling --bin openclone-ceiling

bench-full: ceiling ## Measure everything: ceiling, peers, 100 million ids, 10,000 tenants, SDKs, an hour for one person
	@scripts/need bench
	$(BENCH) run --binary $(PRODUCT) --ceiling $(CEILING) $(ROUNDS) $(LENGTH) --json $(FIGURES)/figures.json
	$(BENCH) peers --binary $(PRODUCT) --installed $(TARGET)/peers $(ROUNDS) --json $(FIGURES)/peers.json
	$(BENCH) sweep --binary $(PRODUCT) $(ROUNDS) --json $(FIGURES)/sweep.json
	$(BENCH) scale --binary $(PRODUCT) --json $(FIGURES)/scale.json
	$(BENCH) tenants --binary $(PRODUCT) --json $(FIGURES)/tenants.json
	PERSON_SECONDS=$(or $(PERSON_SECONDS),3600) $(BENCH) person --binary $(PRODUCT) --json $(FIGURES)/person.json
	@$(MAKE) --no-print-directory bench-clients | tee $(TARGET)/clients.log
	@grep '^|' $(TARGET)/clients.log >$(FIGURES)/clients.md || rm -f $(FIGURES)/clients.md
	@$(MAKE) --no-print-directory flame || echo "no flame graph: see above"
	@$(MAKE) --no-print-directory bench-results

bench-results: build ## Draw the plots and write bench/results/RESULTS.md from the JSON that is there
	$(BENCH) plot --directory $(FIGURES)
	$(BENCH) results --directory $(FIGURES)

bench-check: ceiling ## Measure, and tell which ratios fell by more than 10 % against bench/results
	$(BENCH) run --binary $(PRODUCT) --ceiling $(CEILING) $(ROUNDS) $(LENGTH) --json $(TARGET)/figures.json
	$(BENCH) peers --only fastapi --binary $(PRODUCT) --installed $(TARGET)/peers $(ROUNDS) --json $(TARGET)/peers.json
	$(BENCH) check --base $(FIGURES) $(TARGET)

bench-micro: build ## Time the steps of an event, each alone (criterion)
	cargo bench --workspace --bench micro

flame: dist ## Draw where the time goes at full load (bench/results/flame.svg); needs perf
	@scripts/need flame
	@scripts/tools inferno $(TOOLS)
	@scripts/flame $(PRODUCT) $(BENCH) $(TOOLS) $(FIGURES)/flame.svg

fuzz: ## Feed the fuzz targets (or FUZZ=…) with RUNS inputs each, ten million if not said
	@scripts/need fuzz
	@scripts/tools cargo-fuzz $(TOOLS)
	@scripts/fuzz $(TARGET) $(TOOLS) $(or $(RUNS),10000000) $(FUZZ)

reliability: ## Run the long forms of all reliability tests and write docs/RELIABILITY.md (hours)
	@scripts/need reliability
	@scripts/reliability run
