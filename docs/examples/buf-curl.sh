#!/usr/bin/env bash
# Sends one event over gRPC with `buf curl`, which reads the messages from the service by reflection.
set -euo pipefail
endpoint=${OPENCLONE_ENDPOINT:-http://127.0.0.1:8000}
: "${API_KEY:?set API_KEY to the key in ~/.openclone/.env}"
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)

"${BUF:-buf}" curl --protocol grpc --http2-prior-knowledge --header "x-api-key: $API_KEY" \
  --data '{"batch": {"sourceType": "SOURCE_TYPE_BRAINDUMP", "platform": "PLATFORM_LINUX", "deviceId": "test-001",
    "pluginId": "plain-http", "pluginVersion": "1.0.0", "timestamp": "'"$now"'",
    "events": [{"timestamp": "'"$now"'", "rawRef": "buf-1", "braindump": {"text": "Hello from buf!"}}]}}' \
  "$endpoint/openclone.v1.IngestService/IngestBatch"
