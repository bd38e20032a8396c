"""The JSON endpoint: one POST after the other over a connection that is kept."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from urllib.parse import urlsplit

from . import _json_form, _responses
from ._key import Key
from ._responses import Failed, Response
from ._version import USER_AGENT

PATH = "/api/v1/ingest"
MAX_BODY = 1024 * 1024
_MAX_RESPONSE = 4 * 1024 * 1024


class TooLarge(Exception):
    """The batch is over 1 MiB of JSON and is to be halved."""


class JsonConnection:
    """Posts batches."""

    def __init__(self, endpoint: str, key: Key, timeout: float) -> None:
        self._parts = urlsplit(endpoint)
        self._key = key
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None
        self.got_response = False
        """Whether the last batch got a response that came from the service, and not from a proxy before it."""

    def post(self, header: bytes, events: list[bytes]) -> Response:
        """Sends a batch and waits for the response. Raises `TooLarge`."""
        body = _json_form.batch_json(header, events)
        if len(body) > MAX_BODY and len(events) > 1:
            raise TooLarge
        self.got_response = False
        try:
            return self._post(body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Failed(f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """Lets go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def abort(self) -> None:
        """Ends a `post` that another thread waits for."""
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def _post(self, body: bytes) -> Response:
        is_kept = self._connection is not None
        try:
            response = self._request(body)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # The server may end a connection that nothing was sent over for long. Sending twice does no harm.
            self.close()
            if not is_kept:
                raise
            response = self._request(body)
        content = response.read(_MAX_RESPONSE)
        if not response.isclosed():
            self.close()
        self.got_response = response.status not in (502, 503, 504)
        headers = {name.lower(): value for name, value in response.getheaders()}
        return _responses.of_http(response.status, headers, content)

    def _request(self, body: bytes) -> http.client.HTTPResponse:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._connect()
        headers = {"Content-Type": "application/json", "X-API-Key": self._key.get(), "User-Agent": USER_AGENT}
        connection.request("POST", PATH, body, headers)
        return connection.getresponse()

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=context)
        return http.client.HTTPConnection(host, port, timeout=self._timeout)
