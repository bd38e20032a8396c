"""The client as a whole, against a stand-in for the JSON endpoint that says what a test wants it to say.

The real service and the gRPC stream are the conformance table's part.
"""

import asyncio
import hashlib
import io
import json
import logging
import threading
import time
import traceback
import unittest

from support import KEY, Case, refs

import openclone
from openclone import AsyncClient, Braindump, Event


class ClientTest(Case):
    def test_batches_are_full_and_the_connection_is_kept(self):
        service = self.service()
        with self.client(service, max_batch_events=40) as client:
            client.send_all({"text": str(number)} for number in range(100))
            client.flush()
            self.assertEqual(client.stats().stored, 100)
        self.assertEqual([len(batch["events"]) for batch in service.batches], [40, 40, 20])
        self.assertEqual(len(service.connections), 1)
        self.assertEqual({batch["device_id"] for batch in service.batches}, {(self.home / "openclone" / "device-id").read_text().strip()})
        self.assertEqual(self.spool(), [])

    def test_halving_finds_the_events_that_nobody_names(self):
        for bad in [{0}, {99}, {3, 4}, set(range(0, 100, 9)), set(range(100)), set()]:
            with self.subTest(bad=bad):
                self.errors, self.rejected = [], []
                bad_refs = {f"e{number}" for number in bad}
                stored = []

                def response(batch, stored=stored, bad_refs=bad_refs):
                    if bad_refs & set(refs(batch)):
                        return 422, {}, {"detail": "no"}
                    stored.extend(refs(batch))
                    return 200, {}, {"stored": len(batch["events"]), "skipped": 0}

                service = self.service(response)
                with self.client(service, max_batch_events=100) as client:
                    client.send_all(Event({"text": "x"}, raw_ref=f"e{number}") for number in range(100))
                    client.flush()
                    self.assertEqual(client.stats().rejected, len(bad))
                self.assertEqual(stored, [f"e{number}" for number in range(100) if number not in bad])
                self.assertEqual({rejected.raw_ref for rejected in self.rejected}, bad_refs)
                # A binary search: each bad event costs at most two requests a level.
                self.assertLessEqual(len(service.batches), 1 + 2 * 7 * max(len(bad), 1))

    def test_named_events_are_set_aside_as_documented_batches(self):
        def response(batch):
            violations = [
                {"loc": ["body", "events", index, "raw_ref"], "msg": "too long"}
                for index, event in enumerate(batch["events"]) if event["raw_ref"].startswith("bad")
            ]
            return (422, {}, {"detail": violations}) if violations else self.stored(batch)

        service = self.service(response)
        with self.client(service) as client:
            client.send_all(Event({"n": number}, raw_ref=ref) for number, ref in enumerate(["a", "bad1", "b", "bad/2", "c"]))
        self.assertEqual([refs(batch) for batch in service.batches], [["a", "bad1", "b", "bad/2", "c"], ["a", "b", "c"]])
        for rejected, number in zip(self.rejected, (1, 3)):
            name = hashlib.sha256(rejected.raw_ref.encode()).hexdigest()[:32]
            self.assertEqual(rejected.path, self.state / "dead-letter" / f"{name}.json")
            document = json.loads(rejected.path.read_text())
            self.assertEqual(document["rejected"], ["events[0].raw_ref: too long"])
            self.assertEqual([event["data"] for event in document["events"]], [{"n": number}])
            self.assertEqual(rejected.path.stat().st_mode & 0o777, 0o600)

    def test_retry_after_is_waited_for(self):
        times = []

        def response(batch):
            times.append(time.monotonic())
            return (429, {"Retry-After": "1"}, {"detail": "slow"}) if len(times) == 1 else self.stored(batch)

        with self.client(self.service(response)) as client:
            client.send({"text": "x"})
        self.assertGreaterEqual(times[1] - times[0], 1.0)

    def test_a_failure_that_lasts_is_told_once_until_an_response(self):
        failures = iter([True] * 6 + [False] + [True] * 6 + [False])
        service = self.service(lambda batch: (503, {}, {}) if next(failures) else self.stored(batch))
        with self.client(service) as client:
            client.send({})
            client.flush()
            client.send({})
            client.flush()
        self.assertEqual([type(error) for error in self.errors], [openclone.Unavailable] * 2)

    def test_a_refused_key_stops_sending_and_loses_nothing(self):
        service = self.service(lambda _batch: (401, {}, {"detail": "no"}))
        client = self.client(service)
        client.send({"text": "x"})
        with self.assertRaises(openclone.AccessDenied):
            client.flush()
        client.send({"text": "y"})
        time.sleep(0.1)
        with self.assertRaises(openclone.AccessDenied):
            client.close()
        self.assertEqual((len(service.batches), len(self.spool()), [type(e).__name__ for e in self.errors]), (1, 2, ["AccessDenied"]))
        with self.client(self.service()) as again:
            again.flush()
            self.assertEqual(again.stats().stored, 2)

    def test_a_wrong_clock_keeps_the_batch(self):
        responses = iter([(422, {}, {"detail": [{"loc": ["body", "timestamp"], "msg": "late"}, {"loc": ["body", "events", 0, "timestamp"], "msg": "late"}]})] * 3)
        with self.client(self.service(lambda batch: next(responses, None) or self.stored(batch))) as client:
            client.send({})
            client.flush()
            self.assertEqual((client.stats().stored, client.stats().rejected), (1, 0))
        self.assertEqual([type(error) for error in self.errors], [openclone.Clock])

    def test_an_event_ahead_of_the_service_waits_and_the_others_go_on(self):
        is_right = []

        def respond(batch):
            refs = [event["raw_ref"] for event in batch["events"]]
            if "ahead" in refs and not is_right:
                return 422, {}, {"detail": [{"loc": ["body", "events", refs.index("ahead"), "timestamp"], "msg": "ahead"}]}
            return self.stored(batch)

        with self.client(self.service(respond), max_batch_age=0.01) as client:
            for raw_ref in ("a", "ahead", "b"):
                client.send({}, raw_ref=raw_ref)
            with self.assertRaisesRegex(openclone.Timeout, "ahead of its clock"):
                client.flush(0.5)
            stats = client.stats()
            self.assertEqual((stats.queued, stats.stored, stats.rejected), (1, 2, 0))
            is_right.append(True)
            client.flush()
        self.assertIn(openclone.Clock, [type(error) for error in self.errors])
        self.assertFalse(list((self.state / "dead-letter").iterdir()))

    def test_flush_says_what_kept_it_and_close_keeps_the_rest(self):
        client = self.client(self.service(lambda _batch: (503, {}, {"detail": "starting"})))
        client.send({})
        with self.assertRaisesRegex(openclone.Timeout, "1 events were not sent within 0.2 s: Unavailable: HTTP 503: starting"):
            client.flush(0.2)
        with self.assertRaises(TimeoutError):
            client.close(0.1)
        for call in (lambda: client.send({}), client.flush):
            with self.assertRaises(openclone.Closed):
                call()
        client.close()
        self.assertEqual(len(self.spool()), 1)

    def test_a_service_that_does_not_response_is_given_up(self):
        waiting = threading.Event()
        self.addCleanup(waiting.set)
        first = iter([True])
        service = self.service(lambda batch: waiting.wait(10) and None if next(first, False) else self.stored(batch))
        with self.client(service, response_timeout=0.2) as client:
            client.send({})
            client.flush(5)
            self.assertEqual(client.stats().stored, 1)

    def test_the_key_is_nowhere(self):
        logged = io.StringIO()
        handler = logging.StreamHandler(logged)
        logging.getLogger("openclone").addHandler(handler)
        self.addCleanup(logging.getLogger("openclone").removeHandler, handler)
        client = self.client(self.service(lambda _batch: (403, {}, {"detail": "no"})), on_error=None)
        client.send({})
        try:
            client.flush()
        except openclone.AccessDenied:
            logged.write(traceback.format_exc())
        logged.write(repr(client) + str(client) + str(client.stats()))
        self.assertIn("AccessDenied", logged.getvalue())
        self.assertNotIn(KEY, logged.getvalue())
        for path in self.state.rglob("*"):
            self.assertTrue(path.is_dir() or KEY.encode() not in path.read_bytes(), path)

    def test_options_before_anything_is_touched(self):
        with self.assertRaises(openclone.InvalidOptions):
            self.client(None, plugin_version="1")
        self.assertFalse(self.state.exists())

    def test_one_client_at_a_time(self):
        service = self.service()
        with self.client(service) as client:
            device = client.device_id
            with self.assertRaises(openclone.SpoolLocked):
                self.client(service)
        with self.client(service) as client:
            self.assertEqual(client.device_id, device)
        kept = self.home / "openclone" / "device-id"
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        kept.write_text("nonsense")
        with self.assertRaises(openclone.InvalidOptions):
            self.client(service)

    def test_not_enabled(self):
        with self.client(self.service(), source_type="health") as client, self.assertRaisesRegex(openclone.NotEnabled, "OPENCLONE_ENABLED"):
            client.send({"steps": 1})

    def test_a_full_spool_blocks_until_there_is_room(self):
        gate = threading.Event()
        service = self.service(lambda batch: gate.wait(10) and self.stored(batch))
        with self.client(service, spool_max_bytes=3000, block_timeout=5) as client:
            threading.Timer(0.3, gate.set).start()
            client.send_all({"text": "x" * 100} for _ in range(60))
            self.assertLessEqual(client.stats().spool_bytes, 3000)
            client.flush()
            self.assertEqual(client.stats().stored, 60)

    def test_an_event_that_can_never_fit(self):
        for on_full in ("block", "reject", "drop_oldest"):
            with self.client(self.service(), spool_max_bytes=3000, on_full=on_full) as client:
                client.send({})
                with self.assertRaises(openclone.SpoolFull):
                    client.send({"text": "x" * 4000})
                client.flush()
                self.assertEqual((client.stats().stored, client.stats().dropped), (1, 0))

    def test_threads(self):
        service = self.service()
        with self.client(service) as client:
            threads = [
                threading.Thread(target=lambda t=thread: client.send_all(Event({}, raw_ref=f"{t}-{n}") for n in range(200)))
                for thread in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        sent = [ref for batch in service.batches for ref in refs(batch)]
        self.assertEqual(sorted(sent), sorted(f"{t}-{n}" for t in range(4) for n in range(200)))


class AsyncClientTest(Case):
    def test_events_their_data_and_asynchronous_iterators(self):
        service = self.service()

        async def thoughts():
            for number in range(5):
                yield Braindump(text=str(number))

        async def run():
            async with AsyncClient(**self.options(service)) as client:
                await client.send(Braindump(text="x"), raw_ref="first")
                self.assertEqual(await client.send_all(thoughts()), 5)
                self.assertEqual(await client.send_all([{"text": "y"}]), 1)
                await client.flush()
                self.assertEqual(client.stats().stored, 7)
                self.assertIn("AsyncClient", repr(client))

        asyncio.run(run())
        self.assertEqual(refs(service.batches[0])[0], "first")

    def test_waiting_for_room_does_not_hold_up_the_loop(self):
        gate = threading.Event()
        service = self.service(lambda batch: gate.wait(10) and self.stored(batch))

        async def run():
            async with AsyncClient(**self.options(service, spool_max_bytes=3000)) as client:
                # Runs only if the loop does while the spool is full.
                asyncio.get_running_loop().call_later(0.2, gate.set)
                await client.send_all({"text": "x" * 100} for _ in range(60))
                await client.flush()
                self.assertEqual(client.stats().stored, 60)

        asyncio.run(run())


if __name__ == "__main__":
    unittest.main()
