"""{{name}}: sends {{source_type}} events to OpenClone."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import openclone
from openclone.consent import EXIT_NOT_ENABLED


def capture() -> Iterator[openclone.Event]:
    """Replace this by what your plugin captures."""
    yield openclone.Event({{python}}, raw_ref="hello-1")


def run_once(client: openclone.Client) -> None:
    """Captures once, unless the user has paused."""
    if not client.is_paused():
        client.send_all(capture())


def main() -> int:
    client = openclone.Client.from_manifest()
    if not client.enabled:
        print(client.why_disabled, file=sys.stderr)
        return EXIT_NOT_ENABLED
    try:
        with client:
            while True:
                run_once(client)
                time.sleep(client.config["interval"])
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
