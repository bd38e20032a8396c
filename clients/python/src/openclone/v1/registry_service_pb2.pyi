import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from openclone.v1 import access_service_pb2 as _access_service_pb2
from openclone.v1 import batch_pb2 as _batch_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Sensitivity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SENSITIVITY_UNSPECIFIED: _ClassVar[Sensitivity]
    SENSITIVITY_LOW: _ClassVar[Sensitivity]
    SENSITIVITY_MEDIUM: _ClassVar[Sensitivity]
    SENSITIVITY_HIGH: _ClassVar[Sensitivity]
    SENSITIVITY_CRITICAL: _ClassVar[Sensitivity]

class PluginStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PLUGIN_STATUS_UNSPECIFIED: _ClassVar[PluginStatus]
    PLUGIN_STATUS_STABLE: _ClassVar[PluginStatus]
    PLUGIN_STATUS_BETA: _ClassVar[PluginStatus]
    PLUGIN_STATUS_PLANNED: _ClassVar[PluginStatus]
SENSITIVITY_UNSPECIFIED: Sensitivity
SENSITIVITY_LOW: Sensitivity
SENSITIVITY_MEDIUM: Sensitivity
SENSITIVITY_HIGH: Sensitivity
SENSITIVITY_CRITICAL: Sensitivity
PLUGIN_STATUS_UNSPECIFIED: PluginStatus
PLUGIN_STATUS_STABLE: PluginStatus
PLUGIN_STATUS_BETA: PluginStatus
PLUGIN_STATUS_PLANNED: PluginStatus

class ListPluginsRequest(_message.Message):
    __slots__ = ("platform", "source_type")
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    SOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    platform: _batch_pb2.Platform
    source_type: _batch_pb2.SourceType
    def __init__(self, platform: _Optional[_Union[_batch_pb2.Platform, str]] = ..., source_type: _Optional[_Union[_batch_pb2.SourceType, str]] = ...) -> None: ...

class ListPluginsResponse(_message.Message):
    __slots__ = ("plugins", "rejected")
    PLUGINS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    plugins: _containers.RepeatedCompositeFieldContainer[Plugin]
    rejected: _containers.RepeatedCompositeFieldContainer[RejectedManifest]
    def __init__(self, plugins: _Optional[_Iterable[_Union[Plugin, _Mapping]]] = ..., rejected: _Optional[_Iterable[_Union[RejectedManifest, _Mapping]]] = ...) -> None: ...

class GetPluginRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetPluginResponse(_message.Message):
    __slots__ = ("plugin",)
    PLUGIN_FIELD_NUMBER: _ClassVar[int]
    plugin: Plugin
    def __init__(self, plugin: _Optional[_Union[Plugin, _Mapping]] = ...) -> None: ...

class ListSourceTypesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListSourceTypesResponse(_message.Message):
    __slots__ = ("source_types",)
    SOURCE_TYPES_FIELD_NUMBER: _ClassVar[int]
    source_types: _containers.RepeatedCompositeFieldContainer[SourceTypeInfo]
    def __init__(self, source_types: _Optional[_Iterable[_Union[SourceTypeInfo, _Mapping]]] = ...) -> None: ...

class SourceTypeInfo(_message.Message):
    __slots__ = ("source_type", "name", "folder", "sensitivity", "typical_fields")
    SOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    SENSITIVITY_FIELD_NUMBER: _ClassVar[int]
    TYPICAL_FIELDS_FIELD_NUMBER: _ClassVar[int]
    source_type: _batch_pb2.SourceType
    name: str
    folder: str
    sensitivity: Sensitivity
    typical_fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, source_type: _Optional[_Union[_batch_pb2.SourceType, str]] = ..., name: _Optional[str] = ..., folder: _Optional[str] = ..., sensitivity: _Optional[_Union[Sensitivity, str]] = ..., typical_fields: _Optional[_Iterable[str]] = ...) -> None: ...

class Plugin(_message.Message):
    __slots__ = ("id", "name", "version", "platforms", "source_types", "sensitivity", "requires_permissions", "manifest_json", "folders", "consent_required", "status", "installed", "warnings", "activity", "description", "health")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PLATFORMS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_TYPES_FIELD_NUMBER: _ClassVar[int]
    SENSITIVITY_FIELD_NUMBER: _ClassVar[int]
    REQUIRES_PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_JSON_FIELD_NUMBER: _ClassVar[int]
    FOLDERS_FIELD_NUMBER: _ClassVar[int]
    CONSENT_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    INSTALLED_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    version: str
    platforms: _containers.RepeatedScalarFieldContainer[_batch_pb2.Platform]
    source_types: _containers.RepeatedScalarFieldContainer[_batch_pb2.SourceType]
    sensitivity: Sensitivity
    requires_permissions: _containers.RepeatedScalarFieldContainer[str]
    manifest_json: str
    folders: _containers.RepeatedScalarFieldContainer[str]
    consent_required: bool
    status: PluginStatus
    installed: bool
    warnings: _containers.RepeatedScalarFieldContainer[str]
    activity: PluginActivity
    description: str
    health: _containers.RepeatedCompositeFieldContainer[PluginHealth]
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., version: _Optional[str] = ..., platforms: _Optional[_Iterable[_Union[_batch_pb2.Platform, str]]] = ..., source_types: _Optional[_Iterable[_Union[_batch_pb2.SourceType, str]]] = ..., sensitivity: _Optional[_Union[Sensitivity, str]] = ..., requires_permissions: _Optional[_Iterable[str]] = ..., manifest_json: _Optional[str] = ..., folders: _Optional[_Iterable[str]] = ..., consent_required: bool = ..., status: _Optional[_Union[PluginStatus, str]] = ..., installed: bool = ..., warnings: _Optional[_Iterable[str]] = ..., activity: _Optional[_Union[PluginActivity, _Mapping]] = ..., description: _Optional[str] = ..., health: _Optional[_Iterable[_Union[PluginHealth, _Mapping]]] = ...) -> None: ...

class PluginHealth(_message.Message):
    __slots__ = ("device_id", "plugin_version", "state", "reason", "last_capture", "reported_at", "heartbeat_seconds", "is_silent", "queued")
    DEVICE_ID_FIELD_NUMBER: _ClassVar[int]
    PLUGIN_VERSION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    LAST_CAPTURE_FIELD_NUMBER: _ClassVar[int]
    REPORTED_AT_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    IS_SILENT_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    device_id: str
    plugin_version: str
    state: _access_service_pb2.HealthState
    reason: str
    last_capture: _timestamp_pb2.Timestamp
    reported_at: _timestamp_pb2.Timestamp
    heartbeat_seconds: int
    is_silent: bool
    queued: int
    def __init__(self, device_id: _Optional[str] = ..., plugin_version: _Optional[str] = ..., state: _Optional[_Union[_access_service_pb2.HealthState, str]] = ..., reason: _Optional[str] = ..., last_capture: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reported_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., heartbeat_seconds: _Optional[int] = ..., is_silent: bool = ..., queued: _Optional[int] = ...) -> None: ...

class PluginActivity(_message.Message):
    __slots__ = ("last_seen", "stored", "skipped", "rejected", "clock_skew_seconds")
    LAST_SEEN_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    CLOCK_SKEW_SECONDS_FIELD_NUMBER: _ClassVar[int]
    last_seen: _timestamp_pb2.Timestamp
    stored: int
    skipped: int
    rejected: int
    clock_skew_seconds: float
    def __init__(self, last_seen: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., stored: _Optional[int] = ..., skipped: _Optional[int] = ..., rejected: _Optional[int] = ..., clock_skew_seconds: _Optional[float] = ...) -> None: ...

class RejectedManifest(_message.Message):
    __slots__ = ("path", "faults")
    PATH_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    path: str
    faults: _containers.RepeatedCompositeFieldContainer[ManifestFault]
    def __init__(self, path: _Optional[str] = ..., faults: _Optional[_Iterable[_Union[ManifestFault, _Mapping]]] = ...) -> None: ...

class ManifestFault(_message.Message):
    __slots__ = ("path", "reason")
    PATH_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    path: str
    reason: str
    def __init__(self, path: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...
