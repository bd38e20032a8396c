"""How a plugin is set up: manifest, settings, consent, device, key; and the service in memory."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from unittest import mock

from support import KEY, Case

import openclone
from openclone import Braindump, Client, Event, Manifest, Notes, consent, pause
from openclone._device import device_id
from openclone.testing import MemoryTransport

MANIFEST = {
    "id": "unit-test", "name": "Unit test", "version": "1.2.0", "platform": ["linux"], "source_types": ["braindump", "notes"],
    "sensitivity": "LOW",
    "config_schema": {
        "openclone.enabled": {"type": "boolean", "default": False},
        "interval": {"type": "integer", "default": 60, "minimum": 10, "maximum": 100},
        "ratio": {"type": "number"},
        "mode": {"type": "string", "default": "slow", "enum": ["slow", "fast"]},
        "names": {"type": "array", "default": ["a"]},
    },
}
CONF = 'openclone.enabled = true\n# a comment\n\ninterval = 30.0\nratio=0.5\nmode = fast\nnames = ["x", "y"]\n'


class SetupTest(Case):
    def setUp(self):
        super().setUp()
        self.memory = MemoryTransport()
        self.plugin = self.state.parent / "plugin"
        self.plugin.mkdir(parents=True)

    def write(self, conf=CONF, **members):
        (self.plugin / "plugin.json").write_text(json.dumps(MANIFEST | members), "utf-8")
        (self.plugin / "openclone.conf").write_text(conf, "utf-8")

    def from_manifest(self, **options):
        client = Client.from_manifest(self.plugin, state_dir=self.state, api_key=KEY, endpoint="http://127.0.0.1:9", **options)
        self.addCleanup(self.end, client)
        return client

    def test_manifest_and_settings(self):
        self.write()
        client = self.from_manifest(transport=self.memory)
        self.assertEqual(client.config, {
            "openclone.enabled": True, "interval": 30, "ratio": 0.5, "mode": "fast", "names": ["x", "y"],
        })
        client.send(Braindump(text="a thought"))
        client.send(Notes(title="a note"))
        client.send({"text": "another"}, source_type="notes")
        with self.assertRaisesRegex(openclone.InvalidEvent, "source_type"):
            client.send({"text": "what is it?"})
        client.flush()
        self.assertEqual([event.source_type for event in self.memory.events], ["braindump", "notes", "notes"])
        self.assertEqual({batch["plugin_version"] for batch in self.memory.batches}, {"1.2.0"})

    def test_settings_that_cannot_be(self):
        for line, complaint in [
            ("interval = soon", "of type integer"), ("interval = 9", "at least 10"), ("interval = 101", "at most 100"),
            ("interval = true", "of type integer"), ("ratio = NaN", "of type number"), ("mode = other", "one of slow, fast"),
            ("colour = red", "there is no setting colour"), ("nonsense", "name = value"), ("names = a", "of type array"),
        ]:
            self.write(f"\n{line}\n")
            with self.assertRaisesRegex(openclone.InvalidOptions, f"openclone.conf:2: .*{complaint}"):
                self.from_manifest()

    def test_off_until_switched_on(self):
        self.write("")
        client = self.from_manifest()
        self.assertFalse(client.enabled)
        with self.assertRaisesRegex(openclone.NotEnabled, "openclone plugins enable unit-test"):
            client.send({}, source_type="notes")
        client.close()
        with mock.patch.dict(os.environ, {"OPENCLONE_ENABLED": "other,unit-test"}):
            self.assertTrue(self.from_manifest().enabled)

    def test_consent_is_void_when_sensitivity_or_major_version_rises(self):
        self.write(sensitivity="HIGH")
        with self.assertRaisesRegex(openclone.NotEnabled, "consent"):
            self.from_manifest().send({}, source_type="notes")
        manifest = Manifest.read(self.plugin)
        consent.give(manifest)
        self.assertEqual(consent.consent_file("unit-test").stat().st_mode & 0o777, 0o600)
        for members, is_given in [
            ({"sensitivity": "HIGH"}, True), ({"sensitivity": "HIGH", "version": "1.9.0"}, True),
            ({"sensitivity": "HIGH", "version": "2.0.0"}, False), ({"sensitivity": "CRITICAL"}, False),
            # Declared below its source type.
            ({"sensitivity": "LOW", "source_types": ["health"]}, True), ({"source_types": ["email"]}, False),
        ]:
            self.write(**members)
            self.assertIs(consent.is_given(Manifest.read(self.plugin)), is_given, members)

    def test_programs_that_start_at_once_agree_on_the_device(self):
        found = []
        threads = [threading.Thread(target=lambda: found.append(device_id(self.home))) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(found), len(set(found))), (16, 1))

    def test_a_renewed_key_needs_no_restart(self):
        def response(batch):
            return self.stored(batch) if "good" in keys else (401, {}, {"detail": "no"})

        keys, recovered = ["bad"], threading.Event()
        client = self.client(self.service(response), api_key=lambda: keys[-1], on_recovered=recovered.set)
        client.send({})
        with self.assertRaises(openclone.AccessDenied):
            client.flush()
        keys.append("good")
        self.assertTrue(recovered.wait(20))
        client.flush()
        self.assertEqual([type(error).__name__ for error in self.errors], ["AccessDenied"])

    def test_the_key_may_stand_in_a_file(self):
        file = self.state.parent / "key"
        with self.assertRaisesRegex(openclone.InvalidOptions, "the key cannot be had"):
            self.client(self.service(), api_key=None, api_key_file=file)
        file.write_text(f"{KEY}\n")
        with self.client(self.service(), api_key=None, api_key_file=file) as client:
            client.send({})

    def test_the_service_in_memory(self):
        options = {"plugin_id": "unit-test", "plugin_version": "1.0.0", "source_type": "health", "transport": self.memory}
        self.memory.rejects.add("bad")
        rejected = []
        with Client(**options, retry_base=0, on_rejected=rejected.append) as client:
            client.send_all([Event({"n": 1}, raw_ref="a"), Event({"n": 2}, raw_ref="bad"), Event({"n": 1}, raw_ref="a")])
            client.report_health("paused", "the user said so")
        self.assertEqual([(event.raw_ref, event.data) for event in self.memory.events], [("a", {"n": 1})])
        self.assertEqual([one.raw_ref for one in rejected], ["bad"])
        self.assertEqual(self.memory.health, [("paused", "the user said so")])
        self.assertFalse((self.home / "openclone").exists(), "nothing is left behind")

    def test_the_pause_of_this_machine(self):
        client = self.client(self.service())
        self.assertFalse(client.is_paused())
        file = pause.pause_file()
        file.parent.mkdir(parents=True, exist_ok=True)
        for text, is_paused in [("", True), (f"{time.time() + 60}", True), (f"{time.time() - 60}", False), ("?", True)]:
            file.write_text(text)
            self.assertIs(client.is_paused(), is_paused, text)

    def test_debug_shows_no_key_and_no_event(self):
        with self.assertLogs("openclone", "DEBUG") as logs, self.client(self.service(), debug=True) as client:
            client.send({"text": "private words"})
        text = "\n".join(logs.output)
        self.assertIn("posting 1 events", text)
        self.assertNotIn(KEY, text)
        self.assertNotIn("private", text)

    def test_ctrl_c_ends_the_program_soon_and_says_what_stays_queued(self):
        if os.name == "nt":
            self.skipTest("no SIGINT here")
        options = self.options(None, on_error=None, on_rejected=None, state_dir=str(self.state))
        for body in ("with client:\n    client.send({})\n    print('sent', flush=True)\n    time.sleep(60)",
                     "client.send({})\nprint('sent', flush=True)\ntime.sleep(60)"):
            script = f"import time, openclone\nclient = openclone.Client(**{options!r})\n{body}"
            with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
                program.stdout.readline()
                program.send_signal(signal.SIGINT)
                _, errors = program.communicate(timeout=20)
            self.assertRegex(errors.decode(), r"[12] events stay queued in .*state", body)
            self.assertTrue(pathlib.Path(self.state, "spool").iterdir())
