from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("version", "state", "detail", "totals")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    version: str
    state: str
    detail: str
    totals: Totals
    def __init__(self, version: _Optional[str] = ..., state: _Optional[str] = ..., detail: _Optional[str] = ..., totals: _Optional[_Union[Totals, _Mapping]] = ...) -> None: ...

class Totals(_message.Message):
    __slots__ = ("events", "ids_indexed", "ids_recent", "journal_bytes", "incomplete_groups")
    class EventsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    IDS_INDEXED_FIELD_NUMBER: _ClassVar[int]
    IDS_RECENT_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    INCOMPLETE_GROUPS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.ScalarMap[str, int]
    ids_indexed: int
    ids_recent: int
    journal_bytes: int
    incomplete_groups: int
    def __init__(self, events: _Optional[_Mapping[str, int]] = ..., ids_indexed: _Optional[int] = ..., ids_recent: _Optional[int] = ..., journal_bytes: _Optional[int] = ..., incomplete_groups: _Optional[int] = ...) -> None: ...
