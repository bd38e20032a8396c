#!/usr/bin/env bash
# Sends one event with Bash only: no curl, no jq.
set -euo pipefail
endpoint=${OPENCLONE_ENDPOINT:-http://127.0.0.1:8000}
: "${API_KEY:?set API_KEY to the key in ~/.openclone/.env}"
authority=${endpoint#http://}
now=$(date +%s)

body='{"source_type": "braindump", "platform": "linux", "device_id": "test-001", "plugin_id": "plain-http",
 "plugin_version": "1.0.0", "timestamp": '$now',
 "events": [{"timestamp": '$now', "data": {"text": "Hello from Bash!"}, "raw_ref": "bash-1"}]}'

exec 3<>"/dev/tcp/${authority%:*}/${authority##*:}"
LC_ALL=C
printf 'POST /api/v1/ingest HTTP/1.1\r\nHost: %s\r\nX-API-Key: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
  "$authority" "$API_KEY" "${#body}" "$body" >&3
answer=$(cat <&3)
echo "${answer##*$'\r\n\r\n'}"
[[ $answer == "HTTP/1.1 200"* ]]
