#!/usr/bin/env bash
# Checks what {{id}} needs. Nothing is installed elsewhere and nothing is turned on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

for tool in {{tools}}; do
  command -v "$tool" >/dev/null || { echo "install.sh: $tool is missing" >&2; exit 1; }
done
echo "Ready. Set openclone.enabled = true in $PWD/openclone.conf, then run: cd $PWD && {{run}}"
