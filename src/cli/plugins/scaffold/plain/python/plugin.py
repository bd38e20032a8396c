#!/usr/bin/env python3
"""{{name}}: sends {{source_type}} events to OpenClone. Needs Python 3.8 or later and nothing else."""

import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request
import uuid

HERE = pathlib.Path(__file__).resolve().parent
ENDPOINT = os.environ.get("OPENCLONE_ENDPOINT", "http://127.0.0.1:8000").rstrip("/")
PLATFORM = {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")


def capture():
    """Replace this by what your plugin captures."""
    return [{"timestamp": time.time(), "raw_ref": "hello-1", "data": {{data}}}]


def is_enabled():
    lines = (HERE / "openclone.conf").read_text("utf-8").splitlines()
    return any(line.replace(" ", "") == "openclone.enabled=true" for line in lines)


def device_id():
    """The same for all events from this device."""
    path = HERE / "device-id"
    if not path.exists():
        path.write_text(str(uuid.uuid4()), "utf-8")
    return path.read_text("utf-8").strip()


def send(events):
    """The answer. Tries again, later and later, when OpenClone is busy or away: nothing is stored twice."""
    manifest = json.loads((HERE / "plugin.json").read_text("utf-8"))
    batch = {
        "source_type": "{{source_type}}",
        "platform": PLATFORM,
        "device_id": device_id(),
        "plugin_id": manifest["id"],
        "plugin_version": manifest["version"],
        "timestamp": time.time(),
        "events": events,
    }
    headers = {"Content-Type": "application/json", "X-API-Key": os.environ.get("API_KEY", "")}
    request = urllib.request.Request(ENDPOINT + "/api/v1/ingest", json.dumps(batch).encode(), headers)
    for attempt in range(5):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            problem = f"{error.code} {error.read().decode()}"
            if error.code not in (429, 500, 503):
                break
        except urllib.error.URLError as error:
            problem = str(error.reason)
        if attempt < 4:
            time.sleep(2**attempt)
    sys.exit(f"{ENDPOINT}: {problem}")


if __name__ == "__main__":
    if is_enabled():
        print(send(capture()))
    else:
        print("{{id}} is off: set openclone.enabled = true in openclone.conf")
