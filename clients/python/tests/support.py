"""A stand-in for the JSON endpoint that says what a test wants it to say, and a client of it."""

import contextlib
import http.server
import json
import os
import pathlib
import tempfile
import threading
import unittest
from unittest import mock

import openclone
from openclone import Client

KEY = "oc_key_that_nobody_may_see"


class Service:
    """Remembers each batch; `response(batch)` gives status, headers and body, or `None` to hang up."""

    def __init__(self, response=None):
        self.batches = []
        self.connections = set()
        self.response = response or self.store
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65_536

            def do_POST(self):
                service.connections.add(self.client_address)
                batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.batches.append(batch)
                response = service.response(batch)
                if response is None:
                    self.close_connection = True
                    return
                code, headers, body = response
                content = json.dumps(body).encode()
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def store(self, batch):
        return 200, {}, {"stored": len(batch["events"]), "skipped": 0, "file": "x"}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def refs(batch):
    return [event["raw_ref"] for event in batch["events"]]


class Case(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.state = pathlib.Path(directory.name, "a", "state")
        self.home = pathlib.Path(directory.name, "home")
        environment = mock.patch.dict(os.environ, {"XDG_STATE_HOME": str(self.home)})
        environment.start()
        self.addCleanup(environment.stop)
        self.errors, self.rejected = [], []

    def service(self, response=None):
        service = Service(response)
        self.addCleanup(service.close)
        return service

    def options(self, service, **options):
        return {
            "endpoint": service.url if service else "http://127.0.0.1:9", "api_key": KEY, "plugin_id": "unit-test",
            "plugin_version": "1.0.0", "source_type": "braindump", "platform": "linux", "state_dir": self.state,
            "transport": "json", "retry_base": 0.01, "retry_cap": 0.02, "clock_retry": 0.05,
            "on_error": self.errors.append, "on_rejected": self.rejected.append,
        } | options

    def client(self, service, **options):
        client = Client(**self.options(service, **options))
        self.addCleanup(self.end, client)
        return client

    def end(self, client):
        with contextlib.suppress(openclone.OpenCloneError):
            client.close(0.2)

    def spool(self):
        return list((self.state / "spool").iterdir())

    def stored(self, batch):
        return 200, {}, {"stored": len(batch["events"]), "skipped": 0}
