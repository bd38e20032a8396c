#!/usr/bin/env bash
# Makes .venv with what {{id}} needs. Nothing is installed elsewhere and nothing is turned on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

sdk=${OPENCLONE_SOURCE:?set it to a checkout of OpenClone, which contains the SDK}/clients/python
command -v python3 >/dev/null || { echo "install.sh: python3 is missing" >&2; exit 1; }
python3 -m venv .venv
.venv/bin/pip install --quiet "$sdk"
echo "Ready. Switch it on with: openclone plugins enable {{id}}"
