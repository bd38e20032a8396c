#!/usr/bin/env bash
# Sends docs/examples/batch.json with curl, and retries while the service is unreachable: a stored event is never duplicated.
set -euo pipefail
endpoint=${OPENCLONE_ENDPOINT:-http://127.0.0.1:8000}
: "${API_KEY:?set API_KEY to the key in ~/.openclone/.env}"

# The key is passed through a file descriptor, because `ps` shows a command's arguments to every user.
curl --silent --show-error --fail-with-body --retry 5 --retry-connrefused --max-time 30 \
  --config <(printf 'header = "X-API-Key: %s"\n' "$API_KEY") \
  --header 'Content-Type: application/json' \
  --data-binary "@$(dirname "${BASH_SOURCE[0]}")/batch.json" \
  "$endpoint/api/v1/ingest"
echo
