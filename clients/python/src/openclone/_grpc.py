"""The gRPC stream: batches out, responses in.

The call is made without the generated stub, as requests are encoded already (see `_wire`): what goes in is what goes
over the wire. Responses, and at last the end of the stream, are handed to a callback on a thread of gRPC's.
"""

from __future__ import annotations

import ipaddress
import queue
import threading
from collections.abc import Iterator
from typing import Any, Callable, Optional
from urllib.parse import urlsplit

import grpc
from google.protobuf.message import DecodeError
from google.rpc import status_pb2

from . import _responses, _wire
from ._key import Key
from ._responses import Denied, Failed, Response
from ._version import USER_AGENT
from .v1.ingest_service_pb2 import IngestResponse

METHOD = "/openclone.v1.IngestService/Ingest"
_STATUS_DETAILS = "grpc-status-details-bin"

Deliver = Callable[["Stream", Optional[int], Response], None]
"""Called with the stream, the batch's sequence (`None`: the stream has ended) and the response (or why it ended)."""


class Stream:
    """One stream over a connection of its own."""

    def __init__(self, endpoint: str, key: Key, deliver: Deliver) -> None:
        self._deliver = deliver
        self._requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._channel = channel(endpoint)
        call: Any = self._channel.stream_stream(METHOD, request_serializer=None, response_deserializer=None)
        self._call = call(iter(self._requests.get, None), metadata=(("x-api-key", key.get()),))
        threading.Thread(target=self._read, name="openclone-responses", daemon=True).start()

    def submit(self, sequence: int, header: bytes, events: list[bytes]) -> None:
        """Sends a batch; its response is delivered later."""
        self._requests.put(_wire.encode_request(sequence, _wire.encode_batch(header, events)))

    def close(self) -> None:
        """Ends the stream at once; what has no response gets none."""
        self._requests.put(None)
        self._call.cancel()
        self._channel.close()

    def _read(self) -> None:
        try:
            self._read_responses()
            end: Response = Failed("the stream was ended by the server")
        except grpc.RpcError as error:
            end = _reason(error)
        except (DecodeError, ValueError) as error:
            # A closed channel raises ValueError.
            end = Failed(f"the stream broke: {error}")
        self._requests.put(None)
        self._deliver(self, None, end)

    def _read_responses(self) -> None:
        for message in self._call:
            response = IngestResponse.FromString(message)
            self._deliver(self, response.sequence, _responses.of_response(response))


def _reason(error: Any) -> Failed | Denied:
    status = status_pb2.Status(code=error.code().value[0], message=error.details() or "")
    for key, value in error.trailing_metadata() or ():
        if key == _STATUS_DETAILS:
            status.details.extend(_details(value))
    response = _responses.of_status(status)
    if isinstance(response, (Failed, Denied)):
        return response
    # Only batches are rejected, never a stream as a whole.
    return Failed(f"{error.code().name}: {error.details()}", _responses.retry_delay(status))


def _details(value: bytes) -> Iterator[Any]:
    try:
        yield from status_pb2.Status.FromString(value).details
    except DecodeError:
        return


def channel(endpoint: str) -> grpc.Channel:
    """A connection of its own."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options: list[tuple[str, Any]] = [
        # Each stream connects anew, at the moment that the client's own backoff has chosen.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_retries", 0),
        ("grpc.primary_user_agent", USER_AGENT),
        ("grpc.max_receive_message_length", 4 * 1024 * 1024),
        ("grpc.enable_http_proxy", 0 if _is_loopback(host) else 1),
    ]
    if parts.scheme == "https":
        return grpc.secure_channel(target, grpc.ssl_channel_credentials(), options)
    return grpc.insecure_channel(target, options)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
