#!/usr/bin/env bash
# Sends docs/examples/batch.json with curl. Tries again while the service is away: what is stored is never doubled.
set -euo pipefail
endpoint=${OPENCLONE_ENDPOINT:-http://127.0.0.1:8000}
: "${API_KEY:?set API_KEY to the key in ~/.openclone/.env}"

# The key goes through a file descriptor: arguments of a command are shown to everyone by ps.
curl --silent --show-error --fail-with-body --retry 5 --retry-connrefused --max-time 30 \
  --config <(printf 'header = "X-API-Key: %s"\n' "$API_KEY") \
  --header 'Content-Type: application/json' \
  --data-binary "@$(dirname "${BASH_SOURCE[0]}")/batch.json" \
  "$endpoint/api/v1/ingest"
echo
