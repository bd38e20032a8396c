"""Records how a FastAPI service that models the documented request answers bad requests.

    pip install fastapi==0.128.8 pydantic==2.12.5 httpx
    python record.py > ../data/recorded-422.json

Left out on purpose is what the contract wants otherwise: SemVer instead of three numbers, `data` deeper than 32, bodies
that are not UTF-8, numbers in `data` that no double holds, integers of more than 4,300 digits, and the prefix URN:UUID: in
capitals, which newer UUID parsers take.
"""

import json
import random
import re
import sys
import time
from enum import Enum
from typing import Annotated, Any, Literal, Optional

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from pydantic import UUID4, BaseModel, Field, WrapValidator, field_validator

SOURCE_TYPES = """audio_system audio_mic screen_ocr journal web_browsing music health calendar notes gps photos email
messaging activity braindump""".split()
SourceType = Enum("SourceType", {name: name for name in SOURCE_TYPES}, type=str)
EARLIEST = 1577836800.0


def test_device(value, handler):
    is_test = isinstance(value, str) and re.fullmatch(r"test-[a-z0-9-]{1,59}", value)
    return value if is_test else handler(value)


def in_range(value: float) -> float:
    if value < EARLIEST:
        raise ValueError("timestamp before 2020-01-01")
    if value > time.time() + 86400:
        raise ValueError("timestamp more than 24h in the future")
    return value


Seconds = Annotated[float, Field(allow_inf_nan=False)]


class Event(BaseModel):
    timestamp: Seconds
    data: dict[str, Any]
    raw_ref: Optional[str] = None
    check = field_validator("timestamp")(in_range)


class Batch(BaseModel):
    source_type: SourceType
    platform: Literal["macos", "windows", "linux", "ios", "android", "web"]
    device_id: Annotated[UUID4, WrapValidator(test_device)]
    plugin_id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    plugin_version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    timestamp: Seconds
    events: Annotated[list[Event], Field(min_length=1, max_length=500)]
    check = field_validator("timestamp")(in_range)


app = FastAPI()


@app.post("/api/v1/ingest")
async def ingest(batch: Batch):
    return {"stored": len(batch.events), "skipped": 0}


@app.exception_handler(RequestValidationError)
async def without_input(_, error):
    """The usual answer, but for `input`, which may be a number that JSON cannot hold."""
    faults = []
    for fault in error.errors():
        kept = {"type": fault["type"], "loc": list(fault["loc"]), "msg": fault["msg"]}
        if "ctx" in fault and fault["type"] != "value_error":
            kept["ctx"] = fault["ctx"]
        faults.append(kept)
    return JSONResponse(status_code=422, content={"detail": faults})


SOUND = {
    "source_type": '"journal"',
    "platform": '"macos"',
    "device_id": '"550e8400-e29b-41d4-a716-446655440000"',
    "plugin_id": '"my-plugin"',
    "plugin_version": '"1.0.0"',
    "timestamp": "1708258800.0",
}
EVENT = {"timestamp": "1708258800.5", "data": '{"text":"hi"}', "raw_ref": '"r1"'}
WRONG = """null true false 0 -1 7 1.5 "" " " "x" [] {} [1] {"a":1} ["journal"] "null" -0 1e3 "1e3" 1e400 "\\ud800" "\\u0000" "é"
 123456789012345678901234567890 "journal\\n" "A" """.split(" ")
NUMBERS = """1708258800 "1708258800" " 1708258800 " "\\t1708258800\\n" "1_708_258_800" " 1_708_258_800" "_1708258800" "1708258800_"
 "1__708258800" "1_.5" "1._5" "1e9" "1708258800e0" "17082588e2" "1E400" "0x10" "0b1" "1,5" "1.5.5" "+1708258800" "-1708258800" ".5" "5."
 "." "e5" "1e" "+" "-" "--1" "nan" "NaN" "-nan" "inf" "-inf" "Infinity" "INF" "infinity_" "1708258800f" "1708258800\\u00a0" "\\u0661" NaN
 Infinity -Infinity 1e400 -1e400 1577836799.9999998 1577836799 1577836800 "1577836799.9999998" 4102444800 9007199254740993 0 -0.0 1e-400 1e308 true false
 "true" [1708258800] {"seconds":1708258800} 1708258800000 "1708258800.123456789" """.split()
DEVICES = """550e8400e29b41d4a716446655440000 550E8400-E29B-41D4-A716-446655440000 urn:uuid:550e8400-e29b-41d4-a716-446655440000
 urn:uuid:550e8400e29b41d4a716446655440000 {550e8400-e29b-41d4-a716-446655440000}
 {550e8400e29b41d4a716446655440000} {urn:uuid:550e8400-e29b-41d4-a716-446655440000} {550e8400-e29b-41d4-a716-446655440000
 550e8400-e29b-41d4-a716-446655440000} 00000000-0000-0000-0000-000000000000 ffffffff-ffff-ffff-ffff-ffffffffffff
 550e8400-e29b-11d4-a716-446655440000 550e8400-e29b-21d4-a716-446655440000 550e8400-e29b-31d4-a716-446655440000
 550e8400-e29b-51d4-a716-446655440000 550e8400-e29b-61d4-a716-446655440000 550e8400-e29b-71d4-a716-446655440000
 550e8400-e29b-81d4-a716-446655440000 550e8400-e29b-01d4-a716-446655440000 550e8400-e29b-41d4-0716-446655440000
 550e8400-e29b-41d4-8716-446655440000 550e8400-e29b-41d4-b716-446655440000 550e8400-e29b-41d4-c716-446655440000
 550e8400-e29b-41d4-e716-446655440000 550e8400-e29b-41d4-f716-446655440000 550e8400-e29b41d4-a716-446655440000
 550e8400e29b-41d4-a716-446655440000 550e8400-e29b-41d4-a716-44665544000 550e8400-e29b-41d4-a716-4466554400000
 550e840-0e29b-41d4-a716-446655440000 550e8400_e29b_41d4_a716_446655440000 g50e8400-e29b-41d4-a716-446655440000
 test-001 test- test-A test-a_b test-- Test-001 test-é test-\\n laptop ñ""".split()
BODIES = ["", " ", "null", "true", "false", "0", "1.5", '"x"', "[]", "[{}]", "{}", "{", "}", "[", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}',
          '{"a" 1}', "{'a':1}", "{a:1}", "{1:2}", '{"a":01}', '{"a":1.}', '{"a":.5}', '{"a":+1}', '{"a":-}', '{"a":1e}', '{"a":tru}', '{"a":True}', '{"a":None}',
          '{"a":"\t"}', '{"a":"\\x"}', '{"a":"\\u12"}', '{"a":"\\u12G4"}', '{"a":"b}', '{"a":1}{', '{"a":1} x', '{"a":1}\0', "\0", "\f{}", "\u00a0{}", "// x\n{}",
          '{"a":[1,]}', '{"a":[,1]}', '{"a":[1 2]}', "NaN", "Infinity", "-Infinity", "nan", "\ufeff{}", "\ufeff", '{"a":undefined}', "[" * 5000, '{"a":' * 5000,
          '"\\ud800"', "-0", "01", "1_000", "0x10"]
CONTENT_TYPES = [None, "", "text/plain", "application/json; charset=latin-1", "APPLICATION/JSON", "application/vnd.api+json", "application/+json",
                 "application/x-www-form-urlencoded", "json", "text/json", "application/jsonx", "multipart/form-data; boundary=x", "application/json;",
                 "application/ json", "a/b/c", "application/json, text/plain", "application/geo+json+x", "image/svg+json", '"application/json"',
                 "application/json/x", "application/json ; x=y", ";", "application/", "/json"]


def written(members, extra=""):
    return "{" + ",".join(f'"{name}":{value}' for name, value in members.items() if value is not None) + extra + "}"


def batch(events=None, extra="", **members):
    events = events if events is not None else "[" + written(EVENT) + "]"
    return written({**SOUND, "events": events, **members}, extra)


def event(**members):
    return written({**EVENT, **members})


def cases():
    for field in [*SOUND, "events"]:
        yield f"{field} missing", batch(**{field: None})
        for value in WRONG:
            yield f"{field} = {value}", batch(**{field: value})
        yield f"{field} twice, the last bad", batch(extra=f',"{field}":[]')
        yield f"{field} twice, the first bad", "{" + f'"{field}":[],' + batch()[1:]
    for field in EVENT:
        yield f"event: {field} missing", batch("[" + event(**{field: None}) + "]")
        for value in WRONG:
            yield f"event: {field} = {value}", batch("[" + event(**{field: value}) + "]")
    for value in NUMBERS:
        yield f"timestamp {value}", batch(timestamp=value)
        yield f"event timestamp {value}", batch("[" + event(timestamp=value) + "]")
    for length in (309, 310, 400):
        yield f"timestamp of {length} digits", batch(timestamp="1" + "0" * (length - 1))
        yield f"timestamp of -{length} digits", batch(timestamp="-1" + "0" * (length - 1))
        yield f"timestamp of {length} digits in a string", batch(timestamp='"1' + "0" * (length - 1) + '"')
    for value in DEVICES:
        yield f"device {value}", batch(device_id=f'"{value}"')
    for length in (59, 60):
        yield f"test device of {length}", batch(device_id='"test-' + "a" * length + '"')
    for value in ["a", "7", "a-b", "a--b", "-a", "a-", "a_b", "A", "a b", "ñ", "a" * 64, "a" * 65, "ñ" * 64, "ñ" * 65, "A" * 65, "a\\n", "\\n" * 65]:
        yield f"plugin {value[:20]} of {len(value)}", batch(plugin_id=f'"{value}"')
    for value in ["1", "1.0", "1.0.0.0", "v1.0.0", "1.0.x", "a.b.c", "1..0", ".1.0", "1.0.", " 1.0.0", "1.0.0\\n", "10.20.30", "0.0.0"]:
        yield f"version {value}", batch(plugin_version=f'"{value}"')
    sound, empty = written({"timestamp": EVENT["timestamp"], "data": "{}"}), "{}"
    lists = {
        "none": [], "all sorts": ["null", "true", "1", '"x"', "[]", empty, sound], "second bad": [sound, event(timestamp='"x"')],
        "three bad of five": [sound, event(data="[]"), sound, event(raw_ref="1"), event(timestamp="null", data="null", raw_ref="[]")],
        "500": [sound] * 500, "501": [sound] * 501, "502": [sound] * 502, "501 empty": [empty] * 501, "3 empty of 501": [empty] * 3 + [sound] * 498,
        "501st empty": [sound] * 500 + [empty], "40 empty": [empty] * 40, "1000 numbers": ["1"] * 1000,
    }
    for name, events in lists.items():
        yield f"events: {name}", batch("[" + ",".join(events) + "]")
    yield "event with extra", batch("[" + event()[:-1] + ',"color":"red"}]')
    yield "event: data twice", batch("[" + event()[:-1] + ',"data":7}]')
    yield "event: timestamp twice", batch('[{"timestamp":"x",' + event()[1:] + "]")
    yield "raw_ref null", batch("[" + event(raw_ref="null") + "]")
    yield "events in an object", batch('{"0":' + sound + "}")
    yield "all bad", batch(events="7", **{field: "[]" for field in SOUND})
    yield "members in reverse", "{" + ",".join(reversed([f'"{name}":[]' for name in [*SOUND, "events"]])) + "}"
    yield "names escaped", batch().replace('"platform"', '"pl\\u0061tform"').replace("macos", "x")
    yield "names in capitals", batch().upper()
    yield "deep and unknown", batch(extra=',"x":' + "[" * 800 + "]" * 800)
    yield "too deep and unknown", batch(extra=',"x":' + "[" * 5_000 + "]" * 5_000)
    yield "space around", " \r\n\t" + batch().replace(",", " , ").replace(":", " : ") + "\n "
    yield "mark before", "\ufeff" + batch()
    for body in BODIES:
        yield f"body {body[:20]!r} of {len(body)}", body
    chance = random.Random(2020)
    values = [*WRONG, *NUMBERS]
    for number in range(150):
        members = {field: chance.choice([None, SOUND[field], *chance.sample(values, 2)]) for field in SOUND}
        events = [written({field: chance.choice([None, EVENT[field], EVENT[field], chance.choice(values)]) for field in EVENT})
                  for _ in range(chance.randrange(4))]
        if members["plugin_version"] in ('"1.5.5"',):
            members["plugin_version"] = None
        yield f"random {number}", batch("[" + ",".join(events) + "]", **members)


def main():
    client = TestClient(app, raise_server_exceptions=False)
    recorded = []

    def record(name, body, content_type="application/json"):
        headers = {} if content_type is None else {"content-type": content_type}
        answer = client.post("/api/v1/ingest", content=body.encode(), headers=headers)
        if answer.status_code == 500:
            print(f"left out, no answer: {name}", file=sys.stderr)
            return
        recorded.append({"name": name, "body": body, "content_type": content_type, "status": answer.status_code,
                         "answer": answer.json()})

    for name, body in cases():
        record(name, body)
    for content_type in CONTENT_TYPES:
        for name, body in (("sound", batch()), ("broken", "{"), ("empty", "")):
            record(f"{name} as {content_type!r}", body, content_type)
    print("[\n" + ",\n".join(json.dumps(pair, ensure_ascii=True) for pair in recorded) + "\n]")


if __name__ == "__main__":
    main()
