#!/usr/bin/env bash
# {{name}}: sends {{source_type}} events to OpenClone. Needs curl 7.76 or later.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

endpoint=${OPENCLONE_ENDPOINT:-http://127.0.0.1:8000}
version=$(sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' plugin.json)
case $(uname) in Darwin) platform=macos ;; *) platform=linux ;; esac

is_enabled() {
  grep -Eq '^openclone\.enabled *= *true *$' openclone.conf
}

# The same for all events from this device.
device_id() {
  if [ ! -s device-id ]; then
    { cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen; } | tr '[:upper:]' '[:lower:]' >device-id
  fi
  cat device-id
}

# Replace this by what your plugin captures: events, separated by commas.
capture() {
  cat <<END
{"timestamp": $(date +%s), "raw_ref": "hello-1", "data": {{data}}}
END
}

# Prints the answer. Tries again, later and later, when OpenClone is busy or away: nothing is stored twice.
send() {
  curl --silent --show-error --fail-with-body --max-time 30 --retry 4 --retry-connrefused \
    --header "Content-Type: application/json" \
    --header @<(printf 'X-API-Key: %s\n' "${API_KEY:-}") \
    --data-binary @- "$endpoint/api/v1/ingest" <<END
{
  "source_type": "{{source_type}}", "platform": "$platform", "device_id": "$(device_id)",
  "plugin_id": "{{id}}", "plugin_version": "$version", "timestamp": $(date +%s),
  "events": [$1]
}
END
  echo
}

if ! is_enabled; then
  echo "{{id}} is off: set openclone.enabled = true in openclone.conf"
  exit 0
fi
send "$(capture)"
