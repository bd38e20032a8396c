#!/usr/bin/env python3
"""What a plugin author does in Python: stubs from proto/, a stream of batches, and a look into the vault.

    python tests/python/stream_test.py --binary target/release/openclone

Needs grpcio and grpcio-tools. The stubs are generated into a temporary directory each time, so that the test sees the
contract as it is. Each test starts the real binary on a free loopback port with a home of its own, and ends it with
SIGTERM, which has to succeed.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import grpc
import grpc_tools
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
DATA = ROOT / "tests" / "data"
BINARY = None

EVENTS = 10_000
BATCH = 500


def generate_stubs(target):
    """Generates the stubs of all of proto/ into `target` and makes them importable."""
    files = [str(path.relative_to(PROTO)) for path in sorted(PROTO.rglob("*.proto"))]
    bundled = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    arguments = [f"--proto_path={PROTO}", f"--proto_path={bundled}", f"--python_out={target}", f"--grpc_python_out={target}"]
    if protoc.main(["protoc", *arguments, *files]) != 0:
        raise SystemExit("the stubs could not be generated")
    sys.path.insert(0, str(target))


class Server:
    """The real binary on a free port, with a new home; limits off."""

    def __enter__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="openclone-test-"))
        self.log = open(self.home / "test.log", "w+b")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("OPENCLONE_") and k != "API_KEY"}
        self.process = subprocess.Popen(
            [BINARY, "serve", "--home", str(self.home), "--listen", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env=inherited | {"OPENCLONE_LIMITS__REQUESTS_PER_MINUTE": "0"},
        )
        try:
            self.address = self._wait_for_address()
            self.key = self._key()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        self.channel = grpc.insecure_channel(self.address)
        return self

    def __exit__(self, kind, error, trace):
        self.channel.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if kind is not None or code != 0:
            sys.stderr.write(self._text())
        self.log.close()
        shutil.rmtree(self.home)
        if kind is None and code != 0:
            raise AssertionError(f"SIGTERM ended the server with {code}")

    def metadata(self):
        return [("x-api-key", self.key)]

    def vault(self):
        """Everything in the vault as one text."""
        return "".join(path.read_text("utf-8") for path in sorted((self.home / "vault").rglob("*.md")))

    def _text(self):
        return (self.home / "test.log").read_text("utf-8", "replace")

    def _wait_for_address(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := re.search(r"listening on http://(\S+)", self._text()):
                return found.group(1)
            time.sleep(0.02)
        raise AssertionError(f"the server does not listen:\n{self._text()}")

    def _key(self):
        return re.search(r"^API_KEY=(\S+)", (self.home / ".env").read_text(), re.MULTILINE).group(1)


def batch(events, plugin_id="stream-test"):
    from openclone.v1 import batch_pb2

    made = batch_pb2.Batch(
        source_type=batch_pb2.SOURCE_TYPE_BRAINDUMP,
        platform=batch_pb2.PLATFORM_LINUX,
        device_id="550e8400-e29b-41d4-a716-446655440000",
        plugin_id=plugin_id,
        plugin_version="1.0.0",
        events=events,
    )
    made.timestamp.GetCurrentTime()
    return made


def event(number):
    """Typed if even, JSON if odd: both forms are one to the vault."""
    from openclone.v1 import batch_pb2

    made = batch_pb2.Event(raw_ref=f"stream-{number:05}")
    made.timestamp.GetCurrentTime()
    text = f"thought number {number}"
    if number % 2 == 0:
        made.braindump.text = text
    else:
        made.json = json.dumps({"text": text})
    return made


def requests():
    from openclone.v1 import ingest_service_pb2

    for sequence in range(EVENTS // BATCH):
        events = [event(number) for number in range(sequence * BATCH, (sequence + 1) * BATCH)]
        yield ingest_service_pb2.IngestRequest(sequence=sequence, batch=batch(events))


def ingest_stub(server):
    from openclone.v1 import ingest_service_pb2_grpc

    return ingest_service_pb2_grpc.IngestServiceStub(server.channel)


class StreamTest(unittest.TestCase):
    def answers(self, server, sent):
        return list(ingest_stub(server).Ingest(sent, metadata=server.metadata(), timeout=120))

    def total(self, answers):
        self.assertEqual([answer.sequence for answer in answers], list(range(EVENTS // BATCH)))
        self.assertEqual({answer.WhichOneof("outcome") for answer in answers}, {"result"})
        return sum(a.result.stored for a in answers), sum(a.result.skipped for a in answers)

    def test_ten_thousand_events_are_each_in_the_vault_once(self):
        with Server() as server:
            self.assertEqual(self.total(self.answers(server, requests())), (EVENTS, 0))
            self.assertEqual(self.total(self.answers(server, requests())), (0, EVENTS))
            self.each_once(server.vault())

    def each_once(self, vault):
        references = collections.Counter(re.findall(r"\[ref:: (stream-\d{5})\]", vault))
        self.assertEqual(references, {f"stream-{number:05}": 1 for number in range(EVENTS)})
        ids = re.findall(r" \^oc-([a-z2-7]{26})$", vault, re.MULTILINE)
        self.assertEqual((len(ids), len(set(ids))), (EVENTS, EVENTS))

    def test_a_bad_batch_is_answered_in_its_place(self):
        from openclone.v1 import ingest_service_pb2

        batches = [batch([event(0)]), batch([event(1)], plugin_id="Not Kebab"), batch([event(2)])]
        sent = [ingest_service_pb2.IngestRequest(sequence=7 + i, batch=b) for i, b in enumerate(batches)]
        with Server() as server:
            first, bad, last = self.answers(server, iter(sent))
            vault = server.vault()
        self.assertEqual([answer.sequence for answer in (first, bad, last)], [7, 8, 9])
        self.assertEqual((first.result.stored, last.result.stored), (1, 1))
        self.assertEqual(bad.error.code, grpc.StatusCode.INVALID_ARGUMENT.value[0])
        kinds = {detail.type_url.rpartition("/")[2] for detail in bad.error.details}
        self.assertLessEqual({"google.rpc.BadRequest", "google.rpc.ErrorInfo"}, kinds)
        self.assertNotIn("stream-00001", vault)

    def test_unary_and_a_wrong_key(self):
        from openclone.v1 import ingest_service_pb2

        request = ingest_service_pb2.IngestBatchRequest(batch=batch([event(0), event(0), event(1)]))
        with Server() as server:
            stub = ingest_stub(server)
            first = stub.IngestBatch(request, metadata=server.metadata(), timeout=30).result
            again = stub.IngestBatch(request, metadata=server.metadata(), timeout=30).result
            with self.assertRaises(grpc.RpcError) as refused:
                stub.IngestBatch(request, metadata=[("x-api-key", "wrong-key")], timeout=30)
        self.assertEqual((first.stored, first.skipped), (2, 1))
        self.assertRegex(first.file, r"^Braindump/\d{4}-\d{2}-\d{2}\.md$")
        self.assertEqual((again.stored, again.skipped), (0, 3))
        self.assertEqual(refused.exception.code(), grpc.StatusCode.UNAUTHENTICATED)

    def test_documented_json_of_every_source_type(self):
        files = sorted(DATA.glob("*.json"))
        self.assertEqual(len(files), 15)
        with Server() as server:
            for expected in ("stored", "skipped"):
                for path in files:
                    with self.subTest(path.stem, expected=expected):
                        body = path.read_bytes()
                        self.assertEqual(self.post(server, body)[expected], len(json.loads(body)["events"]))
            vault = server.vault()
        for path in files:
            for made in json.loads(path.read_bytes())["events"]:
                self.assertEqual(vault.count(f"[ref:: {made['raw_ref']}]"), 1, made["raw_ref"])

    def post(self, server, body):
        headers = {"Content-Type": "application/json", "X-API-Key": server.key}
        request = urllib.request.Request(f"http://{server.address}/api/v1/ingest", body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def main():
    global BINARY
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=os.environ.get("OPENCLONE_BINARY"), help="the openclone command")
    options, rest = parser.parse_known_args()
    if not options.binary or not os.access(options.binary, os.X_OK):
        raise SystemExit(f"no openclone command at {options.binary}: run `make build` and give its path with --binary")
    BINARY = str(pathlib.Path(options.binary).resolve())
    with tempfile.TemporaryDirectory(prefix="openclone-stubs-") as stubs:
        generate_stubs(stubs)
        unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
