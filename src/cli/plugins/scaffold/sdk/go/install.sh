#!/usr/bin/env bash
# Builds {{id}} into dist. Nothing is installed elsewhere and nothing is turned on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

sdk=${OPENCLONE_SOURCE:?set it to a checkout of OpenClone, which contains the SDK}/clients/go
command -v go >/dev/null || { echo "install.sh: Go 1.26 or later is missing" >&2; exit 1; }
go mod edit -require github.com/PixxzR/openclone/clients/go@v0.0.0 -replace "github.com/PixxzR/openclone/clients/go=$sdk"
go mod tidy
go build -o dist/plugin .
echo "Ready. Switch it on with: openclone plugins enable {{id}}"
