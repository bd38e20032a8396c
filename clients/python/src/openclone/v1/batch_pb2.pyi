import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SourceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SOURCE_TYPE_UNSPECIFIED: _ClassVar[SourceType]
    SOURCE_TYPE_AUDIO_SYSTEM: _ClassVar[SourceType]
    SOURCE_TYPE_AUDIO_MIC: _ClassVar[SourceType]
    SOURCE_TYPE_SCREEN_OCR: _ClassVar[SourceType]
    SOURCE_TYPE_JOURNAL: _ClassVar[SourceType]
    SOURCE_TYPE_WEB_BROWSING: _ClassVar[SourceType]
    SOURCE_TYPE_MUSIC: _ClassVar[SourceType]
    SOURCE_TYPE_HEALTH: _ClassVar[SourceType]
    SOURCE_TYPE_CALENDAR: _ClassVar[SourceType]
    SOURCE_TYPE_NOTES: _ClassVar[SourceType]
    SOURCE_TYPE_GPS: _ClassVar[SourceType]
    SOURCE_TYPE_PHOTOS: _ClassVar[SourceType]
    SOURCE_TYPE_EMAIL: _ClassVar[SourceType]
    SOURCE_TYPE_MESSAGING: _ClassVar[SourceType]
    SOURCE_TYPE_ACTIVITY: _ClassVar[SourceType]
    SOURCE_TYPE_BRAINDUMP: _ClassVar[SourceType]

class Platform(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PLATFORM_UNSPECIFIED: _ClassVar[Platform]
    PLATFORM_MACOS: _ClassVar[Platform]
    PLATFORM_WINDOWS: _ClassVar[Platform]
    PLATFORM_LINUX: _ClassVar[Platform]
    PLATFORM_IOS: _ClassVar[Platform]
    PLATFORM_ANDROID: _ClassVar[Platform]
    PLATFORM_WEB: _ClassVar[Platform]
SOURCE_TYPE_UNSPECIFIED: SourceType
SOURCE_TYPE_AUDIO_SYSTEM: SourceType
SOURCE_TYPE_AUDIO_MIC: SourceType
SOURCE_TYPE_SCREEN_OCR: SourceType
SOURCE_TYPE_JOURNAL: SourceType
SOURCE_TYPE_WEB_BROWSING: SourceType
SOURCE_TYPE_MUSIC: SourceType
SOURCE_TYPE_HEALTH: SourceType
SOURCE_TYPE_CALENDAR: SourceType
SOURCE_TYPE_NOTES: SourceType
SOURCE_TYPE_GPS: SourceType
SOURCE_TYPE_PHOTOS: SourceType
SOURCE_TYPE_EMAIL: SourceType
SOURCE_TYPE_MESSAGING: SourceType
SOURCE_TYPE_ACTIVITY: SourceType
SOURCE_TYPE_BRAINDUMP: SourceType
PLATFORM_UNSPECIFIED: Platform
PLATFORM_MACOS: Platform
PLATFORM_WINDOWS: Platform
PLATFORM_LINUX: Platform
PLATFORM_IOS: Platform
PLATFORM_ANDROID: Platform
PLATFORM_WEB: Platform

class Batch(_message.Message):
    __slots__ = ("source_type", "platform", "device_id", "plugin_id", "plugin_version", "timestamp", "events")
    SOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    DEVICE_ID_FIELD_NUMBER: _ClassVar[int]
    PLUGIN_ID_FIELD_NUMBER: _ClassVar[int]
    PLUGIN_VERSION_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    source_type: SourceType
    platform: Platform
    device_id: str
    plugin_id: str
    plugin_version: str
    timestamp: _timestamp_pb2.Timestamp
    events: _containers.RepeatedCompositeFieldContainer[Event]
    def __init__(self, source_type: _Optional[_Union[SourceType, str]] = ..., platform: _Optional[_Union[Platform, str]] = ..., device_id: _Optional[str] = ..., plugin_id: _Optional[str] = ..., plugin_version: _Optional[str] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("timestamp", "raw_ref", "json", "audio_system", "audio_mic", "screen_ocr", "journal", "web_browsing", "music", "health", "calendar", "notes", "gps", "photos", "email", "messaging", "activity", "braindump")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    RAW_REF_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    AUDIO_SYSTEM_FIELD_NUMBER: _ClassVar[int]
    AUDIO_MIC_FIELD_NUMBER: _ClassVar[int]
    SCREEN_OCR_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_FIELD_NUMBER: _ClassVar[int]
    WEB_BROWSING_FIELD_NUMBER: _ClassVar[int]
    MUSIC_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    GPS_FIELD_NUMBER: _ClassVar[int]
    PHOTOS_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    MESSAGING_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_FIELD_NUMBER: _ClassVar[int]
    BRAINDUMP_FIELD_NUMBER: _ClassVar[int]
    timestamp: _timestamp_pb2.Timestamp
    raw_ref: str
    json: str
    audio_system: AudioSystem
    audio_mic: AudioMic
    screen_ocr: ScreenOcr
    journal: Journal
    web_browsing: WebBrowsing
    music: Music
    health: Health
    calendar: Calendar
    notes: Notes
    gps: Gps
    photos: Photos
    email: Email
    messaging: Messaging
    activity: Activity
    braindump: Braindump
    def __init__(self, timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., raw_ref: _Optional[str] = ..., json: _Optional[str] = ..., audio_system: _Optional[_Union[AudioSystem, _Mapping]] = ..., audio_mic: _Optional[_Union[AudioMic, _Mapping]] = ..., screen_ocr: _Optional[_Union[ScreenOcr, _Mapping]] = ..., journal: _Optional[_Union[Journal, _Mapping]] = ..., web_browsing: _Optional[_Union[WebBrowsing, _Mapping]] = ..., music: _Optional[_Union[Music, _Mapping]] = ..., health: _Optional[_Union[Health, _Mapping]] = ..., calendar: _Optional[_Union[Calendar, _Mapping]] = ..., notes: _Optional[_Union[Notes, _Mapping]] = ..., gps: _Optional[_Union[Gps, _Mapping]] = ..., photos: _Optional[_Union[Photos, _Mapping]] = ..., email: _Optional[_Union[Email, _Mapping]] = ..., messaging: _Optional[_Union[Messaging, _Mapping]] = ..., activity: _Optional[_Union[Activity, _Mapping]] = ..., braindump: _Optional[_Union[Braindump, _Mapping]] = ...) -> None: ...

class AudioSystem(_message.Message):
    __slots__ = ("text", "duration", "app_name", "confidence")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    APP_NAME_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    text: str
    duration: float
    app_name: str
    confidence: float
    def __init__(self, text: _Optional[str] = ..., duration: _Optional[float] = ..., app_name: _Optional[str] = ..., confidence: _Optional[float] = ...) -> None: ...

class AudioMic(_message.Message):
    __slots__ = ("text", "duration", "confidence")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    text: str
    duration: float
    confidence: float
    def __init__(self, text: _Optional[str] = ..., duration: _Optional[float] = ..., confidence: _Optional[float] = ...) -> None: ...

class ScreenOcr(_message.Message):
    __slots__ = ("text", "app_name", "window_title", "url")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    APP_NAME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_TITLE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    text: str
    app_name: str
    window_title: str
    url: str
    def __init__(self, text: _Optional[str] = ..., app_name: _Optional[str] = ..., window_title: _Optional[str] = ..., url: _Optional[str] = ...) -> None: ...

class Journal(_message.Message):
    __slots__ = ("text", "duration")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    text: str
    duration: float
    def __init__(self, text: _Optional[str] = ..., duration: _Optional[float] = ...) -> None: ...

class WebBrowsing(_message.Message):
    __slots__ = ("url", "title", "domain", "reading_time")
    URL_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    READING_TIME_FIELD_NUMBER: _ClassVar[int]
    url: str
    title: str
    domain: str
    reading_time: float
    def __init__(self, url: _Optional[str] = ..., title: _Optional[str] = ..., domain: _Optional[str] = ..., reading_time: _Optional[float] = ...) -> None: ...

class Music(_message.Message):
    __slots__ = ("track", "artist", "album", "duration")
    TRACK_FIELD_NUMBER: _ClassVar[int]
    ARTIST_FIELD_NUMBER: _ClassVar[int]
    ALBUM_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    track: str
    artist: str
    album: str
    duration: float
    def __init__(self, track: _Optional[str] = ..., artist: _Optional[str] = ..., album: _Optional[str] = ..., duration: _Optional[float] = ...) -> None: ...

class Health(_message.Message):
    __slots__ = ("steps", "heart_rate", "sleep_hours")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    HEART_RATE_FIELD_NUMBER: _ClassVar[int]
    SLEEP_HOURS_FIELD_NUMBER: _ClassVar[int]
    steps: int
    heart_rate: float
    sleep_hours: float
    def __init__(self, steps: _Optional[int] = ..., heart_rate: _Optional[float] = ..., sleep_hours: _Optional[float] = ...) -> None: ...

class Calendar(_message.Message):
    __slots__ = ("title", "start", "end", "attendees", "location")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    ATTENDEES_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    title: str
    start: str
    end: str
    attendees: _containers.RepeatedScalarFieldContainer[str]
    location: str
    def __init__(self, title: _Optional[str] = ..., start: _Optional[str] = ..., end: _Optional[str] = ..., attendees: _Optional[_Iterable[str]] = ..., location: _Optional[str] = ...) -> None: ...

class Notes(_message.Message):
    __slots__ = ("title", "text", "tags")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    title: str
    text: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, title: _Optional[str] = ..., text: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ...) -> None: ...

class Gps(_message.Message):
    __slots__ = ("lat", "lon", "accuracy", "place_name")
    LAT_FIELD_NUMBER: _ClassVar[int]
    LON_FIELD_NUMBER: _ClassVar[int]
    ACCURACY_FIELD_NUMBER: _ClassVar[int]
    PLACE_NAME_FIELD_NUMBER: _ClassVar[int]
    lat: float
    lon: float
    accuracy: float
    place_name: str
    def __init__(self, lat: _Optional[float] = ..., lon: _Optional[float] = ..., accuracy: _Optional[float] = ..., place_name: _Optional[str] = ...) -> None: ...

class Photos(_message.Message):
    __slots__ = ("filename", "location", "timestamp")
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    filename: str
    location: str
    timestamp: float
    def __init__(self, filename: _Optional[str] = ..., location: _Optional[str] = ..., timestamp: _Optional[float] = ...) -> None: ...

class Email(_message.Message):
    __slots__ = ("subject", "to", "date")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    subject: str
    to: _containers.RepeatedScalarFieldContainer[str]
    date: str
    def __init__(self, subject: _Optional[str] = ..., to: _Optional[_Iterable[str]] = ..., date: _Optional[str] = ..., **kwargs) -> None: ...

class Messaging(_message.Message):
    __slots__ = ("platform", "preview")
    PLATFORM_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    platform: str
    preview: str
    def __init__(self, platform: _Optional[str] = ..., preview: _Optional[str] = ..., **kwargs) -> None: ...

class Activity(_message.Message):
    __slots__ = ("app_name", "duration", "category")
    APP_NAME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    app_name: str
    duration: float
    category: str
    def __init__(self, app_name: _Optional[str] = ..., duration: _Optional[float] = ..., category: _Optional[str] = ...) -> None: ...

class Braindump(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class IngestResult(_message.Message):
    __slots__ = ("stored", "skipped", "file", "files", "redacted")
    STORED_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    REDACTED_FIELD_NUMBER: _ClassVar[int]
    stored: int
    skipped: int
    file: str
    files: _containers.RepeatedScalarFieldContainer[str]
    redacted: int
    def __init__(self, stored: _Optional[int] = ..., skipped: _Optional[int] = ..., file: _Optional[str] = ..., files: _Optional[_Iterable[str]] = ..., redacted: _Optional[int] = ...) -> None: ...
