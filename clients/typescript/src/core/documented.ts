/**
 * The documented JSON form of events and batches, made of their encodings: for the JSON endpoint and for `dead-letter/`.
 *
 * @module
 */

import { fromBinary, type Message } from "@bufbuild/protobuf";

import { type Batch, BatchSchema, type Event, EventSchema } from "../gen/openclone/v1/batch_pb.js";
import { nameOf, PLATFORMS, SCHEMAS, SOURCE_TYPES } from "./names.js";

/** Decodes an event of the spool. */
export function decodeEvent(bytes: Uint8Array): Event {
  return fromBinary(EventSchema, bytes);
}

/** The documented batch of encoded events, made at `now` (Unix milliseconds). */
export function documentedBatch(header: Uint8Array, events: readonly Uint8Array[], now: number): string {
  const texts = events.map((bytes) => documentedEvent(decodeEvent(bytes)));
  return batchText(fromBinary(BatchSchema, header), texts, now, "");
}

/** The documented batch of one event that was rejected, with the reasons as a member more. */
export function deadLetter(header: Uint8Array, event: Event, reasons: readonly string[], now: number): string {
  const rejected = `,"rejected":${JSON.stringify(reasons)}`;
  return `${batchText(fromBinary(BatchSchema, header), [documentedEvent(event)], now, rejected)}\n`;
}

/** Bytes of an encoded event's documented JSON form. */
export function documentedSize(bytes: Uint8Array): number {
  return new TextEncoder().encode(documentedEvent(decodeEvent(bytes))).length;
}

function batchText(header: Batch, events: readonly string[], now: number, more: string): string {
  const head = JSON.stringify({
    source_type: nameOf(SOURCE_TYPES, header.sourceType),
    platform: nameOf(PLATFORMS, header.platform),
    device_id: header.deviceId,
    plugin_id: header.pluginId,
    plugin_version: header.pluginVersion,
    timestamp: now / 1000,
  });
  return `${head.slice(0, -1)},"events":[${events.join(",")}]${more}}`;
}

function documentedEvent(event: Event): string {
  const seconds = event.timestamp?.seconds ?? 0n;
  const micros = Math.round((event.timestamp?.nanos ?? 0) / 1000);
  const fraction = String(micros).padStart(6, "0").replace(/0{1,5}$/, "");
  return `{"timestamp":${seconds}.${fraction},"data":${dataText(event)},"raw_ref":${JSON.stringify(event.rawRef ?? "")}}`;
}

function dataText({ data }: Event): string {
  if (data.case === undefined) return "{}";
  if (data.case === "json") return data.value;
  return payloadText(data.value);
}

/** Names and values as the contract has them; integers with every digit, as numbers. */
function payloadText(message: Message): string {
  const schema = Object.values(SCHEMAS).find((known) => known.typeName === message.$typeName);
  const values = message as unknown as Readonly<Record<string, unknown>>;
  const members: string[] = [];
  for (const field of schema?.fields ?? []) {
    const value = values[field.localName];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    const text = typeof value === "bigint" ? value.toString() : JSON.stringify(value);
    members.push(`${JSON.stringify(field.name)}:${text}`);
  }
  return `{${members.join(",")}}`;
}
