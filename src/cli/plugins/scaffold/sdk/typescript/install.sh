#!/usr/bin/env bash
# Installs what {{id}} needs into node_modules, and builds it into dist. Nothing is turned on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

sdk=${OPENCLONE_SOURCE:?set it to a checkout of OpenClone, which contains the SDK}/clients/typescript
command -v npm >/dev/null || { echo "install.sh: Node 20 or later with npm is missing" >&2; exit 1; }
[ -d "$sdk/dist" ] || (cd "$sdk" && npm install --no-audit --no-fund --loglevel=error && npm run --silent build)
npm install --no-save --no-audit --no-fund --loglevel=error "$sdk"
npm run --silent build
echo "Ready. Switch it on with: openclone plugins enable {{id}}"
