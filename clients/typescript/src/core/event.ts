/**
 * An event: what a plugin hands over, how it is checked, and its encoding as `openclone.v1.Event`.
 *
 * An event is encoded once, when it is sent; spool and batches hold these bytes. Its `raw_ref` and timestamp are fixed
 * from then on, so a resend is a duplicate.
 *
 * @module
 */

import { type DescField, type Message, ScalarType, toBinary } from "@bufbuild/protobuf";

import { EventSchema } from "../gen/openclone/v1/batch_pb.js";
import { EventTooLarge, InvalidEvent } from "./errors.js";
import { documentedSize } from "./documented.js";
import { isLonger, type JsonObject, objectText } from "./json.js";
import { type Payload, SCHEMAS, type SourceTypeName } from "./names.js";
import { EARLIEST_SECONDS, MAX_AHEAD_SECONDS, MAX_DATA_STRING_BYTES, MAX_EVENT_JSON_BYTES, MAX_RAW_REF_BYTES } from "./rules.js";
import { Writer } from "./writer.js";

/** One thing seen, heard, read or done. */
export interface Event<S extends SourceTypeName = SourceTypeName> {
  /** When it was captured: Unix seconds, or a Date; not before 2020. Default: now. */
  readonly timestamp?: number | Date | undefined;
  /** Your own stable id for this event, at most 256 bytes: what was stored once under it is never stored twice. Default: a random UUID. */
  readonly rawRef?: string | undefined;
  /** The typed message of the client's source type (`payload.braindump({ text })`), or any JSON object. */
  readonly data: Payload<S> | JsonObject;
  /** What it is. Only needed for JSON objects of a client with several source types. */
  readonly sourceType?: S | undefined;
}

/** No value grows more than sevenfold from its encoding to JSON, so that smaller events need not be measured. */
const SURELY_SMALL = 100_000;

const FIELD = EventSchema.field;
const TYPED = new Map(
  Object.entries(SCHEMAS).map(([name, schema]) => [
    schema.typeName as string,
    { name, schema, number: EventSchema.fields.find((field) => field.message === schema)?.number ?? 0 },
  ]),
);

const writer = new Writer();

/**
 * Checks an event and encodes it.
 *
 * @param newRef - makes the `raw_ref` of an event that has none
 * @returns the encoding, valid until the next call
 * @throws {@link InvalidEvent}, {@link EventTooLarge}
 */
export function encodeEvent(event: Event, sourceType: SourceTypeName, newRef: () => string): Uint8Array {
  if (typeof event !== "object" || event === null) {
    throw new InvalidEvent("an event is an object with data, and perhaps timestamp and rawRef");
  }
  const micros = timestampOf(event.timestamp);
  const rawRef = event.rawRef === undefined || event.rawRef === "" ? newRef() : checkedRef(event.rawRef);
  writer.reset();
  writer.varint(tag(FIELD.timestamp.number, 2)).nested(() => writeTimestamp(micros));
  writer.varint(tag(FIELD.rawRef.number, 2)).string(rawRef);
  writeData(event.data, sourceType);
  const bytes = writer.written;
  if (bytes.length > SURELY_SMALL) checkSize(bytes);
  return bytes;
}

/** Seconds and microseconds of a moment. */
interface Timestamp {
  readonly seconds: number;
  readonly micros: number;
}

function timestampOf(value: number | Date | undefined): Timestamp {
  const seconds = value === undefined ? Date.now() / 1000 : value instanceof Date ? value.getTime() / 1000 : value;
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) {
    throw new InvalidEvent("timestamp is not a finite number of Unix seconds, nor a valid Date");
  }
  if (seconds < EARLIEST_SECONDS) {
    throw new InvalidEvent(`timestamp ${seconds} is before 2020-01-01: give Unix seconds`);
  }
  if (seconds > latest()) {
    const isMilliseconds = seconds / 1000 >= EARLIEST_SECONDS && seconds / 1000 <= latest();
    const hint = isMilliseconds ? ", and this looks like milliseconds: divide Date.now() by 1000, or give a Date" : "";
    throw new InvalidEvent(`timestamp ${seconds} is more than 24 h ahead of this device's clock: it is in seconds${hint}`);
  }
  const whole = Math.floor(seconds);
  const micros = Math.round((seconds - whole) * 1e6);
  return micros === 1e6 ? { seconds: whole + 1, micros: 0 } : { seconds: whole, micros };
}

/** The latest timestamp that the service takes, by the clock of this device. */
function latest(): number {
  return Date.now() / 1000 + MAX_AHEAD_SECONDS;
}

function checkedRef(value: unknown): string {
  if (typeof value !== "string") throw new InvalidEvent("rawRef is not a string");
  if (isLonger(value, MAX_RAW_REF_BYTES)) {
    throw new InvalidEvent(`rawRef is longer than ${MAX_RAW_REF_BYTES} bytes`);
  }
  return value;
}

function writeTimestamp({ seconds, micros }: Timestamp): void {
  writer.varint(tag(1, 0));
  writer.varint(seconds);
  if (micros > 0) writer.varint(tag(2, 0)).varint(micros * 1000);
}

function writeData(data: unknown, sourceType: SourceTypeName): void {
  const typed = typedOf(data);
  if (typed === undefined) {
    writer.varint(tag(FIELD.json.number, 2)).string(objectText(data));
    return;
  }
  if (typed.name !== sourceType) {
    throw new InvalidEvent(`data is the payload of ${typed.name}, but this client sends ${sourceType}`);
  }
  writer.varint(tag(typed.number, 2)).nested(() => writePayload(typed.schema.fields, typed.schema, data as Message));
}

/** The source type of a typed message; undefined for anything else. */
export function sourceTypeOf(data: unknown): SourceTypeName | undefined {
  return typedOf(data)?.name as SourceTypeName | undefined;
}

function typedOf(data: unknown) {
  if (typeof data !== "object" || data === null || !("$typeName" in data)) return undefined;
  return TYPED.get(String(data.$typeName));
}

function writePayload(fields: readonly DescField[], schema: (typeof SCHEMAS)[SourceTypeName], data: Message): void {
  const values = data as unknown as Readonly<Record<string, unknown>>;
  for (const field of fields) {
    const value = values[field.localName];
    if (value === undefined) continue;
    if (field.fieldKind === "list") {
      for (const item of value as readonly string[]) writer.varint(tag(field.number, 2)).string(checkedText(item, field));
    } else if (field.fieldKind === "scalar" && field.scalar === ScalarType.STRING) {
      writer.varint(tag(field.number, 2)).string(checkedText(value, field));
    } else if (field.fieldKind === "scalar" && field.scalar === ScalarType.DOUBLE) {
      writer.varint(tag(field.number, 1)).double(checkedNumber(value, field));
    } else if (field.fieldKind === "scalar" && field.scalar === ScalarType.INT64) {
      writer.varint(tag(field.number, 0)).int64(checkedInteger(value, field));
    } else {
      // A kind of field that the contract has not had so far: the generated code knows it.
      writer.raw(toBinary(schema as never, { $typeName: schema.typeName, [field.localName]: value } as never));
    }
  }
}

function checkedText(value: unknown, field: DescField): string {
  if (typeof value !== "string") throw new InvalidEvent(`data.${field.name} is not a string`);
  if (isLonger(value, MAX_DATA_STRING_BYTES) && !isLonger(value, MAX_EVENT_JSON_BYTES)) {
    throw new InvalidEvent(`data.${field.name} is longer than ${MAX_DATA_STRING_BYTES} bytes`);
  }
  return value;
}

function checkedNumber(value: unknown, field: DescField): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new InvalidEvent(`data.${field.name} is not a finite number`);
}

function checkedInteger(value: unknown, field: DescField): bigint {
  const integer = typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value;
  if (typeof integer === "bigint" && BigInt.asIntN(64, integer) === integer) return integer;
  throw new InvalidEvent(`data.${field.name} is not an integer of 64 bits`);
}

function checkSize(bytes: Uint8Array): void {
  const size = documentedSize(bytes);
  if (size > MAX_EVENT_JSON_BYTES) {
    throw new EventTooLarge(`the event takes ${size} bytes as JSON, at most ${MAX_EVENT_JSON_BYTES} are taken: split it`);
  }
}

function tag(number: number, wireType: number): number {
  return number * 8 + wireType;
}
