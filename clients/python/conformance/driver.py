"""Plays the conformance table's commands on a client: one JSON object a line in, one a line out."""

import dataclasses
import functools
import importlib
import json
import os
import sys
import threading
import time

import openclone
from openclone.events import PAYLOADS


class Driver:
    def __init__(self):
        self.client = None
        self.source_type = None
        self.errors = []
        self.rejected = []
        self.recovered = 0

    def play(self, command):
        return getattr(self, "do_" + command["do"])(command)

    def do_open(self, command):
        options = self.options = command["options"]
        manifest = command.get("manifest")
        make = functools.partial(openclone.Client.from_manifest, manifest) if manifest else openclone.Client
        self.client = make(
            **options,
            on_error=lambda error: self.errors.append(type(error).__name__),
            on_rejected=lambda rejected: self.rejected.append(rejected.raw_ref),
            on_recovered=self.recover,
        )
        self.source_type = options.get("source_type")
        return {}

    def recover(self):
        self.recovered += 1

    def do_config(self, _command):
        return {"config": dict(self.client.config), "device_id": self.client.device_id}

    def do_report_health(self, command):
        self.client.report_health(command["state"], command.get("reason", ""))
        return {}

    def do_paused(self, _command):
        return {"paused": self.client.is_paused()}

    def do_send(self, command):
        return self.send_each(
            openclone.Event(
                self.data(event), event.get("timestamp"), event.get("raw_ref"), event.get("source_type")
            )
            for event in command["events"]
        )

    def do_generate(self, command):
        has_text = "text" in PAYLOADS[self.source_type].DESCRIPTOR.fields_by_name
        names = (f"{command['prefix']}-{number}" for number in range(command["count"]))
        return self.send_each(
            openclone.Event(self.data({"data": {"text": name}, "typed": has_text}), time.time(), name) for name in names
        )

    def data(self, event):
        if not event.get("typed", False):
            return event["data"]
        return PAYLOADS[event.get("source_type") or self.source_type](**event["data"])

    def send_each(self, events):
        index = 0
        try:
            for event in events:
                self.client.send(event)
                index += 1
        except openclone.OpenCloneError as error:
            return failure(error) | {"index": index}
        return {}

    def do_flush(self, command):
        self.client.flush(command["timeout"])
        return {}

    def do_close(self, command):
        self.client.close(command["timeout"])
        return {}

    def do_stats(self, _command):
        return {"stats": dataclasses.asdict(self.client.stats())}

    def do_events(self, _command):
        return {"errors": self.errors, "rejected": self.rejected, "recovered": self.recovered}

    def do_rival(self, _command):
        """Another thread, then a second copy of the package, open the same state directory."""
        outcomes = []

        def attempt(package):
            try:
                package.Client(**self.options)
                outcomes.append({})
            except Exception as error:  # noqa: BLE001
                outcomes.append(failure(error))

        mine = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "openclone"}
        for name in mine:
            if not name.startswith("openclone.v1"):
                del sys.modules[name]
        copy = importlib.import_module("openclone")
        sys.modules.update(mine)
        assert copy.Client is not openclone.Client
        for package in (openclone, copy):
            thread = threading.Thread(target=attempt, args=(package,))
            thread.start()
            thread.join()
        return next((outcome for outcome in outcomes if outcome.get("error") != "SpoolLocked"), outcomes[0])

    def do_show(self, _command):
        return {"text": repr(self.client)}


def failure(error):
    return {"error": type(error).__name__, "message": str(error)}


def main():
    driver = Driver()
    for line in sys.stdin:
        try:
            response = driver.play(json.loads(line))
        except openclone.OpenCloneError as error:
            response = failure(error)
        print(json.dumps(response if "error" in response else {"ok": True, **response}), flush=True)
    # As a crash would: without closing anything.
    os._exit(0)


if __name__ == "__main__":
    main()
