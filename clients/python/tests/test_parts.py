"""Options, events, responses, waiting and routes, each by itself."""

import json
import math
import os
import time
import unittest
from datetime import datetime, timezone
from unittest import mock

from google.protobuf import duration_pb2
from google.rpc import error_details_pb2, status_pb2

from openclone import (
    Braindump,
    Calendar,
    Event,
    EventTooLarge,
    Gps,
    Health,
    InvalidEvent,
    InvalidOptions,
    _json_form,
    _options,
    _responses,
    _wire,
    consent,
    email,
)
from openclone._backoff import Backoff
from openclone._key import Key
from openclone._options import Options
from openclone._responses import Accepted, Denied, Failed, InvalidBatch
from openclone._route import Route
from openclone.events import PAYLOADS, Encoder
from openclone.v1.batch_pb2 import Batch
from openclone.v1.batch_pb2 import Event as WireEvent
from openclone.v1.ingest_service_pb2 import IngestRequest

GOOD = {
    "endpoint": "http://127.0.0.1:8000", "key": Key("secret-key", None), "plugin_id": "my-plugin", "plugin_version": "1.0.0",
    "source_types": ("braindump",), "platform": "linux", "why_off": None, "state_dir": "/nowhere", "max_batch_events": 100,
    "max_batch_age": 60.0, "spool_max_bytes": 1 << 20, "on_full": "block", "block_timeout": 30.0, "transport": "auto",
    "response_timeout": 30.0, "retry_base": 0.5, "retry_cap": 60.0, "clock_retry": 3600.0,
    "heartbeat_seconds": 0,
}
BAD = [
    ("endpoint", ["ftp://h", "h:1", "http://", "http://u:p@h", "http://h/x", "http://h:0", "http://h:99999", "http://h?a"]),
    ("plugin_id", ["", "A", "a_b", "-a", "a-", "a--b", "a" * 65, "a\n"]),
    ("plugin_version", ["", "1", "1.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "1.0.0\n", "1.0.0-" + "a" * 256]),
    ("source_types", [(), ("",), ("unspecified",), ("AUDIO_MIC",), ("notes", "thoughts"), ("notes", "notes")]),
    ("heartbeat_seconds", [1, 59, 86_401]),
    ("platform", ["", "amiga"]),
    ("max_batch_events", [0, 501, 1.5, True]),
    ("spool_max_bytes", [0, -1]),
    ("on_full", ["", "wait"]),
    ("transport", ["", "http"]),
    ("response_timeout", [0, -1, math.nan, math.inf]),
    ("retry_base", [-1, math.nan, math.inf]),
]


class OptionsTest(unittest.TestCase):
    def test_good_ones_are_taken(self):
        for name, value in [("plugin_version", "1.0.0-rc.1+build.7"), ("plugin_version", "1.0.0-0a"), ("plugin_id", "a" * 64),
                            ("endpoint", "https://[::1]:443/"), ("endpoint", "https://example.org"), ("max_batch_events", 500)]:
            Options(**(GOOD | {name: value}))

    def test_bad_ones_are_refused_by_name_and_without_the_key(self):
        for name, values in BAD:
            for value in values:
                with self.subTest(name, value=value), self.assertRaisesRegex(InvalidOptions, f"^{name.rstrip(chr(115))}") as rejected:
                    Options(**(GOOD | {name: value}))
                self.assertNotIn("secret-key", str(rejected.exception))

    def test_the_key_is_not_printed(self):
        for shown in (repr, str, "{}".format):
            self.assertNotIn("secret-key", shown(Options(**GOOD)))

    def test_sensitive_source_types_are_off(self):
        with mock.patch.dict(os.environ, clear=True):
            off = {name for name in _options.SOURCE_TYPES if consent.why_off("p", (name,), None, None)}
        self.assertEqual(off, {"audio_mic", "health", "email", "messaging"})
        for value, is_on in [("p", True), ("a, p", True), ("a", False), ("", False)]:
            with mock.patch.dict(os.environ, {"OPENCLONE_ENABLED": value}):
                self.assertIs(consent.why_off("p", ("health",), None, None) is None, is_on)
        with mock.patch.dict(os.environ, {"OPENCLONE_ENABLED": "true"}), self.assertRaisesRegex(InvalidOptions, "ids"):
            consent.why_off("p", ("health",), None, None)

    def test_bad_keys_are_refused(self):
        for key in ["a b", "a\nb", "é", lambda: ""]:
            with self.assertRaisesRegex(InvalidOptions, "^api_key"):
                Key(key, None)

    def test_names_are_those_of_the_contract(self):
        self.assertEqual((len(_options.SOURCE_TYPES), len(_options.PLATFORMS)), (15, 6))
        self.assertEqual(set(PAYLOADS), set(_options.SOURCE_TYPES))
        data = {field.name for field in WireEvent.DESCRIPTOR.oneofs_by_name["data"].fields}
        self.assertEqual(set(PAYLOADS) | {"json"}, data)
        self.assertIn(_options.default_platform(), _options.PLATFORMS)


def encode(data, timestamp=None, raw_ref=None, source_type="braindump"):
    payload, _ = Encoder(source_type).encode(Event(data, timestamp, raw_ref))
    return WireEvent.FromString(payload)


class EventsTest(unittest.TestCase):
    def test_typed_and_json(self):
        typed = encode(Braindump(text="x"), 1_700_000_000.25, "r")
        self.assertEqual((typed.braindump.text, typed.raw_ref), ("x", "r"))
        self.assertEqual((typed.timestamp.seconds, typed.timestamp.nanos), (1_700_000_000, 250_000_000))
        self.assertEqual(json.loads(encode({"text": "ñ🙂", "n": [1, None]}).json), {"text": "ñ🙂", "n": [1, None]})

    def test_timestamps(self):
        moment = datetime(2024, 2, 18, 12, 20, 0, 1, timezone.utc)
        self.assertEqual(encode({}, moment).timestamp.ToMicroseconds(), 1_708_258_800_000_001)
        self.assertEqual(encode({}, 1_577_836_800).timestamp.seconds, 1_577_836_800)
        for bad in (1_577_836_799.99, math.nan, math.inf, -math.inf, 1e18, "1700000000", True, datetime(2019, 1, 1)):
            with self.subTest(bad), self.assertRaises(InvalidEvent):
                encode({}, bad)

    def test_raw_refs(self):
        self.assertEqual(len({encode({}, None, ref).raw_ref for ref in (None, "", None)}), 3)
        self.assertEqual(encode({}, None, "é" * 128).raw_ref, "é" * 128)
        for bad in ("é" * 128 + "x", "x" * 257, "\ud800", 7):
            with self.subTest(bad), self.assertRaises(InvalidEvent):
                encode({}, None, bad)

    def test_data_that_is_no_object_of_the_source_type(self):
        deep = {}
        for _ in range(100_000):
            deep = {"a": deep}
        for bad in (None, 1, "text", [1], Calendar(title="x"), {"a": math.nan}, {"a": object()}, {"a": "\ud800"}, {(1,): 1}, deep):
            with self.assertRaises(InvalidEvent):
                encode(bad)
        with self.assertRaises(InvalidEvent):
            encode(Gps(lat=math.inf), source_type="gps")

    def test_what_the_service_would_reject_is_invalid(self):
        def deep(levels):
            return {} if levels == 1 else {"a": deep(levels - 1)}

        longest = "é" * 131_072
        for data in (
            deep(32), {str(number): number for number in range(256)}, {"k" * 128: 1}, {"a": [longest]},
            Braindump(text=longest),
        ):
            encode(data)
        for data in (
            deep(33), {str(number): number for number in range(257)}, {"k" * 129: 1}, {"a": [longest + "x"]},
            Braindump(text=longest + "x"),
        ):
            with self.assertRaises(InvalidEvent):
                encode(data)

    def test_a_time_ahead_of_this_device_is_invalid(self):
        encode({}, time.time() + 23 * 3600)
        with self.assertRaisesRegex(InvalidEvent, "24 h ahead"):
            encode({}, time.time() + 25 * 3600)
        with self.assertRaisesRegex(InvalidEvent, "looks like milliseconds"):
            encode({}, time.time() * 1000)

    def test_the_greatest_event(self):
        def parts(text):
            # One text alone would be too long.
            quarter = len(text) // 4
            return {"t": [text[:quarter], text[quarter : 2 * quarter], text[2 * quarter : 3 * quarter], text[3 * quarter :]]}

        shell = len(_json_form.event_json(encode(parts(""), 1_700_000_000, "r")))
        encode(parts("x" * (1_000_000 - shell)), 1_700_000_000, "r")
        encode(parts("\n" * ((1_000_000 - shell) // 2)), 1_700_000_000, "r")
        for data in (parts("x" * (1_000_001 - shell)), Braindump(text="\x01" * 170_000)):
            with self.assertRaises(EventTooLarge):
                encode(data, 1_700_000_000, "r")

    def test_documented_json(self):
        made = encode(Health(steps=2**53 + 1, heart_rate=61), 1_700_000_000.000001, 'a"b', "health")
        self.assertEqual(
            _json_form.event_json(made),
            '{"timestamp":1700000000.000001,"data":{"steps":9007199254740993,"heart_rate":61.0},"raw_ref":"a\\"b"}',
        )
        listed = json.loads(_json_form.event_json(encode(Calendar(title="t", attendees=["a", "b"]), source_type="calendar")))
        self.assertEqual(listed["data"], {"title": "t", "attendees": ["a", "b"]})
        self.assertEqual(json.loads(_json_form.event_json(encode(email(sender="a"), source_type="email")))["data"], {"from": "a"})

    def test_a_batch_put_together_is_the_message(self):
        header = Batch(source_type=15, platform=3, device_id="d", plugin_id="p", plugin_version="1.0.0")
        events = [encode({"text": "x" * size}, 1_700_000_000, f"e{size}") for size in (0, 100, 127, 128, 20_000)]
        encoded = _wire.encode_batch(header.SerializeToString(), [e.SerializeToString() for e in events], 1_700_000_000.5)
        header.events.extend(events)
        header.timestamp.FromMicroseconds(1_700_000_000_500_000)
        self.assertEqual(Batch.FromString(encoded), header)
        request = IngestRequest.FromString(_wire.encode_request(300, encoded))
        self.assertEqual((request.sequence, request.batch), (300, header))


class ResponsesTest(unittest.TestCase):
    def test_times_of_events_are_named(self):
        violations = error_details_pb2.BadRequest()
        violations.field_violations.add(field="events[2].timestamp", description="more than 24 h ahead")
        violations.field_violations.add(field="events[4].data", description="too deep")
        response = self.status(3, violations)
        self.assertEqual((response.is_clock, response.ahead), (False, {2}))

    def status(self, code, *details):
        status = status_pb2.Status(code=code, message="m")
        for detail in details:
            status.details.add().Pack(detail)
        return _responses.of_status(status)

    def test_grpc(self):
        violations = error_details_pb2.BadRequest()
        violations.field_violations.add(field="events[12].data.text", description="too long")
        violations.field_violations.add(field="events", description="too many")
        response = self.status(3, violations)
        self.assertEqual((response.events, response.is_clock), ({12: ["events[0].data.text: too long"]}, False))
        violations.field_violations.add(field="timestamp", description="too late")
        self.assertTrue(self.status(3, violations).is_clock)
        self.assertIsInstance(self.status(7), Denied)
        self.assertIsInstance(self.status(16), Denied)
        wait = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=2, nanos=500_000_000))
        for code in (1, 2, 4, 8, 10, 13, 14):
            self.assertEqual(self.status(code, wait).retry_after, 2.5)

    def test_http(self):
        self.assertEqual(_responses.of_http(200, {}, b'{"stored":2,"skipped":1,"file":"x"}'), Accepted(2, 1))
        self.assertIsInstance(_responses.of_http(200, {}, b"<html>log in</html>"), Failed)
        body = b'{"detail":[{"loc":["body","events",3,"timestamp"],"msg":"too late"},{"loc":["body","device_id"],"msg":"no"}]}'
        self.assertEqual(_responses.of_http(422, {}, body).events, {3: ["events[0].timestamp: too late"]})
        self.assertTrue(_responses.of_http(422, {}, b'{"detail":[{"loc":["body","timestamp"],"msg":"x"}]}').is_clock)
        for code in (400, 413, 422):
            self.assertEqual(_responses.of_http(code, {}, b"\xff").events, {})
            self.assertIsInstance(_responses.of_http(code, {}, b"\xff"), InvalidBatch)
        for code in (401, 403):
            self.assertIsInstance(_responses.of_http(code, {}, b""), Denied)
        for code in (404, 408, 429, 500, 502, 503, 504):
            self.assertEqual(_responses.of_http(code, {"retry-after": "7"}, b""), Failed(f"HTTP {code}", 7.0, is_limit=code == 429))

    def test_retry_after(self):
        for value, expected in [("-3", 0.0), ("soon", 0.0), ("nan", 0.0), ("1e12", 86_400.0), (None, 0.0)]:
            headers = {} if value is None else {"retry-after": value}
            self.assertEqual(_responses.of_http(429, headers, b"").retry_after, expected, value)
        self.assertEqual(_responses.of_http(429, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, b"").retry_after, 0.0)
        self.assertEqual(_responses.of_http(429, {"retry-after": "Wed, 21 Oct 2215 07:28:00 GMT"}, b"").retry_after, 86_400.0)


class BackoffTest(unittest.TestCase):
    def test_full_jitter_within_its_bounds(self):
        for attempt in range(200):
            bound = min(60.0, 0.5 * 2**attempt)
            for share in (0.0, 0.3, 0.999_999):
                backoff = Backoff(0.5, 60.0, lambda share=share: share)
                backoff.failures = attempt
                self.assertAlmostEqual(backoff.failed(), bound * share)

    def test_it_is_random_and_begins_anew(self):
        backoff = Backoff(1.0, 1.0)
        waits = [backoff.failed() for _ in range(500)]
        self.assertTrue(all(0.0 <= wait < 1.0 for wait in waits))
        self.assertTrue(min(waits) < 0.2 < 0.8 < max(waits))
        backoff.succeeded()
        self.assertEqual(backoff.failures, 0)

    def test_never_less_than_what_the_server_asks_for(self):
        self.assertEqual(Backoff(0.5, 60.0, lambda: 0.9).failed(at_least=100.0), 100.0)


class RouteTest(unittest.TestCase):
    def setUp(self):
        self.now = 0.0
        self.route = Route("auto", lambda: self.now)

    def fail(self, times):
        for _ in range(times):
            self.route.stream_ended(got_response=False)

    def test_json_after_two_failures_for_five_minutes(self):
        self.fail(1)
        self.assertFalse(self.route.is_json())
        self.fail(1)
        self.assertTrue(self.route.is_json())
        self.route.posted(got_response=True)
        self.now = 299.0
        self.route.posted(got_response=False)
        self.assertTrue(self.route.is_json())
        self.now = 300.0
        self.assertFalse(self.route.is_json())
        self.fail(1)
        self.assertFalse(self.route.is_json())

    def test_a_response_in_between_counts(self):
        self.fail(1)
        self.route.stream_ended(got_response=True)
        self.fail(1)
        self.assertFalse(self.route.is_json())

    def test_back_to_the_stream_when_json_fails_too(self):
        self.fail(2)
        self.route.posted(got_response=False)
        self.assertFalse(self.route.is_json())

    def test_too_many_requests_end_the_detour(self):
        self.fail(2)
        self.route.posted(got_response=True)
        self.assertTrue(self.route.is_detour())
        self.route.posted(got_response=True, is_limit=True)
        self.assertFalse(self.route.is_json())

    def test_forced(self):
        for transport in ("grpc", "json"):
            self.route = Route(transport)
            self.fail(5)
            self.assertEqual(self.route.is_json(), transport == "json")


if __name__ == "__main__":
    unittest.main()
