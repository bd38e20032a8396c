/**
 * What the service responses, over gRPC or JSON, as one of five outcomes.
 *
 * @module
 */

import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";

import type { Status } from "../gen/google/rpc/status_pb.js";

/** What became of a batch, or of an attempt to send. */
export type Outcome =
  | { readonly kind: "taken"; readonly stored: number; readonly skipped: number }
  /** Some or all of its events break the rules. */
  | { readonly kind: "rejected"; readonly violations: readonly Violation[]; readonly reason: string }
  /** Timestamps are ahead of the service's clock: of `events`, or of the whole batch, which is the clock here, if undefined. */
  | { readonly kind: "clock"; readonly reason: string; readonly events: ReadonlySet<number> | undefined }
  /** The key is not good for this. */
  | { readonly kind: "denied"; readonly reason: string }
  /** Try again, not before `after` seconds. */
  | Failed;

/** Nothing is known of a batch. */
export interface Failed {
  readonly kind: "failed";
  readonly reason: string;
  /** Seconds that the service asks to wait. */
  readonly after: number;
  /** Whether the service itself responded. */
  readonly reached: boolean;
  /** Whether the service has had too many requests (429). */
  readonly isLimit?: boolean;
  /** Whether nothing listens there: no evidence that a proxy breaks HTTP/2. */
  readonly isUnreachable?: boolean;
}

/** One thing that is wrong with a batch. */
export interface Violation {
  /** Which event, from 0; undefined if it is the batch's own. */
  readonly index: number | undefined;
  /** Where inside of the event, such as `.timestamp`; or the field of the batch. */
  readonly path: string;
  /** What is wrong there. */
  readonly text: string;
}

/** How the service says that it cannot read the data, which nest too deeply. Other responses of 400 are not the service's. */
const UNREADABLE = "There was an error parsing the body";

/** Details of a gRPC status. */
interface Details {
  readonly violations: readonly Violation[];
  /** Seconds; 0 if nothing is said. */
  readonly after: number;
}

/** The outcome of an error in a stream's response. */
export function ofStatus(status: Status): Outcome {
  const details = readDetails(status.details.map(({ typeUrl, value }) => ({ type: typeUrl.replace(/^.*\//, ""), value })));
  return ofCode(status.code, status.message, details);
}

/** The outcome of a call or stream that ended with an error. */
export function ofError(error: unknown): Outcome {
  const failure = ConnectError.from(error);
  const readable = failure.details.flatMap((detail) => ("type" in detail ? [detail] : []));
  const outcome = ofCode(failure.code, failure.rawMessage, readDetails(readable));
  // Every error of the service has details; one of a proxy has none.
  return outcome.kind === "failed" ? { ...outcome, reached: readable.length > 0, isUnreachable: isUnreachable(failure) } : outcome;
}

/** Whether the system says that nothing listens there. */
export function isUnreachable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (/^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENETDOWN)$/.test(String((cause as NodeJS.ErrnoException).code))) return true;
    if (/ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENETDOWN/.test(cause.message)) return true;
  }
  return false;
}

/** The outcome of a response to `POST /api/v1/ingest`. */
export function ofResponse(status: number, body: string, retryAfter: string | null, now: number): Outcome {
  const json = parse(body);
  const reason = `HTTP ${status}${describe(json)}`;
  if (status === 200 && json !== undefined) {
    return { kind: "taken", stored: count(json["stored"]), skipped: count(json["skipped"]) };
  }
  if (status === 401 || status === 403) return { kind: "denied", reason };
  const isUnreadable = status === 400 && json?.["detail"] === UNREADABLE;
  if (status === 413 || status === 422 || isUnreadable) return ofViolations(jsonViolations(json), reason);
  const reached = ![502, 503, 504].includes(status);
  return { kind: "failed", reason, after: retryAfterSeconds(retryAfter, now), reached, isLimit: status === 429 };
}

function ofCode(code: number, message: string, { violations, after }: Details): Outcome {
  const reason = `${Code[code] ?? `code ${code}`}: ${message}`;
  if (code === Code.Unauthenticated || code === Code.PermissionDenied) return { kind: "denied", reason };
  if (code === Code.InvalidArgument || code === Code.OutOfRange) return ofViolations(violations, reason);
  return { kind: "failed", reason, after, reached: after > 0 };
}

function ofViolations(violations: readonly Violation[], reason: string): Outcome {
  const clock = violations.find(({ index, path }) => index === undefined && path === "timestamp");
  if (clock !== undefined) return { kind: "clock", reason: `timestamp: ${clock.text}`, events: undefined };
  // `send` has compared it with the clock here.
  const [ahead, ...others] = violations.filter(({ index, path }) => index !== undefined && path === ".timestamp");
  if (ahead !== undefined) {
    return { kind: "clock", reason: `timestamp: ${ahead.text}`, events: new Set([ahead, ...others].map(({ index }) => index ?? 0)) };
  }
  return { kind: "rejected", violations, reason };
}

/** `google.rpc.BadRequest` and `RetryInfo`, whose messages no package has that could be depended on. */
function readDetails(details: readonly { type: string; value: Uint8Array }[]): Details {
  let after = 0;
  const violations: Violation[] = [];
  for (const { type, value } of details) {
    if (type === "google.rpc.RetryInfo") after = readDelay(value);
    if (type === "google.rpc.BadRequest") {
      for (const violation of fieldsOf(value)) {
        const [field, text] = [1, 2].map((number) => textOf(violation.bytes, number));
        violations.push({ ...readPath(field ?? ""), text: text ?? "" });
      }
    }
  }
  return { violations, after };
}

function readDelay(info: Uint8Array): number {
  const duration = fieldsOf(info).find(({ number }) => number === 1)?.bytes ?? new Uint8Array();
  const parts = fieldsOf(duration);
  const part = (wanted: number) => parts.find(({ number }) => number === wanted)?.varint ?? 0;
  return Math.max(0, part(1) + part(2) / 1e9);
}

function textOf(message: Uint8Array, wanted: number): string {
  const found = fieldsOf(message).find(({ number }) => number === wanted);
  return new TextDecoder().decode(found?.bytes);
}

/** The fields of a small message as they stand in its encoding. */
function fieldsOf(message: Uint8Array): { number: number; bytes: Uint8Array; varint: number }[] {
  const reader = new BinaryReader(message);
  const fields = [];
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (wireType === 2) fields.push({ number, bytes: reader.bytes(), varint: 0 });
    else if (wireType === 0) fields.push({ number, bytes: new Uint8Array(), varint: Number(reader.int64()) });
    else reader.skip(wireType, number);
  }
  return fields;
}

/** `events[3].data.text` */
function readPath(field: string): { index: number | undefined; path: string } {
  const match = /^events\[(\d+)\](.*)$/s.exec(field);
  return match === null ? { index: undefined, path: field } : { index: Number(match[1]), path: match[2] ?? "" };
}

/** `{"detail": [{"loc": ["body", "events", 3, "timestamp"], "msg": "…"}]}` */
function jsonViolations(json: Record<string, unknown> | undefined): Violation[] {
  const list = Array.isArray(json?.["detail"]) ? (json["detail"] as unknown[]) : [];
  return list.flatMap((entry) => {
    const { loc, msg } = (entry ?? {}) as { loc?: unknown; msg?: unknown };
    if (!Array.isArray(loc)) return [];
    const steps = loc[0] === "body" ? loc.slice(1) : loc;
    const isEvent = steps[0] === "events" && typeof steps[1] === "number";
    const rest = (isEvent ? steps.slice(2) : steps).map(String);
    const path = isEvent ? rest.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`)).join("") : rest.join(".");
    return [{ index: isEvent ? (steps[1] as number) : undefined, path, text: String(msg) }];
  });
}

/** Seconds to wait: a number of them, or a date. */
export function retryAfterSeconds(header: string | null, now: number): number {
  if (header === null) return 0;
  const seconds = /^\s*\d+(?:\.\d+)?\s*$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function describe(json: Record<string, unknown> | undefined): string {
  const detail = json?.["detail"];
  return typeof detail === "string" ? `: ${detail}` : "";
}

function count(value: unknown): number {
  return typeof value === "number" && value >= 0 ? value : 0;
}
