import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HealthState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HEALTH_STATE_UNSPECIFIED: _ClassVar[HealthState]
    HEALTH_STATE_CAPTURING: _ClassVar[HealthState]
    HEALTH_STATE_PAUSED: _ClassVar[HealthState]
    HEALTH_STATE_FAILING: _ClassVar[HealthState]
    HEALTH_STATE_STOPPED: _ClassVar[HealthState]
HEALTH_STATE_UNSPECIFIED: HealthState
HEALTH_STATE_CAPTURING: HealthState
HEALTH_STATE_PAUSED: HealthState
HEALTH_STATE_FAILING: HealthState
HEALTH_STATE_STOPPED: HealthState

class GetAccessRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetAccessResponse(_message.Message):
    __slots__ = ("tenant", "label", "scopes", "limits", "expires_at", "plugin_id")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    PLUGIN_ID_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    label: str
    scopes: _containers.RepeatedScalarFieldContainer[str]
    limits: RateLimits
    expires_at: _timestamp_pb2.Timestamp
    plugin_id: str
    def __init__(self, tenant: _Optional[str] = ..., label: _Optional[str] = ..., scopes: _Optional[_Iterable[str]] = ..., limits: _Optional[_Union[RateLimits, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., plugin_id: _Optional[str] = ...) -> None: ...

class RateLimits(_message.Message):
    __slots__ = ("requests_per_minute", "burst", "remaining", "reset_at", "events_per_second", "max_body_bytes")
    REQUESTS_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    BURST_FIELD_NUMBER: _ClassVar[int]
    REMAINING_FIELD_NUMBER: _ClassVar[int]
    RESET_AT_FIELD_NUMBER: _ClassVar[int]
    EVENTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    MAX_BODY_BYTES_FIELD_NUMBER: _ClassVar[int]
    requests_per_minute: int
    burst: int
    remaining: int
    reset_at: _timestamp_pb2.Timestamp
    events_per_second: int
    max_body_bytes: int
    def __init__(self, requests_per_minute: _Optional[int] = ..., burst: _Optional[int] = ..., remaining: _Optional[int] = ..., reset_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., events_per_second: _Optional[int] = ..., max_body_bytes: _Optional[int] = ...) -> None: ...

class ReportHealthRequest(_message.Message):
    __slots__ = ("plugin_id", "plugin_version", "device_id", "state", "reason", "last_capture", "heartbeat_seconds", "queued")
    PLUGIN_ID_FIELD_NUMBER: _ClassVar[int]
    PLUGIN_VERSION_FIELD_NUMBER: _ClassVar[int]
    DEVICE_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    LAST_CAPTURE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    plugin_id: str
    plugin_version: str
    device_id: str
    state: HealthState
    reason: str
    last_capture: _timestamp_pb2.Timestamp
    heartbeat_seconds: int
    queued: int
    def __init__(self, plugin_id: _Optional[str] = ..., plugin_version: _Optional[str] = ..., device_id: _Optional[str] = ..., state: _Optional[_Union[HealthState, str]] = ..., reason: _Optional[str] = ..., last_capture: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., heartbeat_seconds: _Optional[int] = ..., queued: _Optional[int] = ...) -> None: ...

class ReportHealthResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
