#!/usr/bin/env bash
# Builds {{id}} into dist. Nothing is installed elsewhere and nothing is turned on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

source=${OPENCLONE_SOURCE:?set it to a checkout of OpenClone, which contains the SDK}
command -v cargo >/dev/null || { echo "install.sh: cargo is missing" >&2; exit 1; }
mkdir -p .cargo
# Until the SDK is on crates.io.
cat >.cargo/config.toml <<END
[patch.crates-io]
openclone-client.path = "$source/clients/rust"
openclone-core.path = "$source/core"
END
cargo build --release --target-dir target
mkdir -p dist
cp target/release/plugin dist/plugin
echo "Ready. Switch it on with: openclone plugins enable {{id}}"
