/**
 * JSON text of any value that a plugin may hand over. Differs from `JSON.stringify`: a bigint is written with every digit,
 * and what is not JSON (NaN, a cycle, a function as the whole) is an error and not a silent `null`.
 *
 * @module
 */

import { InvalidEvent } from "./errors.js";
import { MAX_DATA_DEPTH, MAX_DATA_KEY_BYTES, MAX_DATA_MEMBERS, MAX_DATA_STRING_BYTES, MAX_EVENT_JSON_BYTES } from "./rules.js";

/** A value that JSON can hold; bigints keep every digit. */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;

/** A JSON object. Members that are `undefined` are left out. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

const encoder = new TextEncoder();

/** Whether a string takes more than so many bytes of UTF-8. */
export function isLonger(value: string, bytes: number): boolean {
  return value.length > bytes || (value.length * 3 > bytes && encoder.encode(value).length > bytes);
}

/**
 * The JSON text of an object.
 *
 * @throws {@link InvalidEvent} when it is no JSON object.
 */
export function objectText(value: unknown): string {
  const plain = resolve(value);
  if (typeof plain !== "object" || plain === null || Array.isArray(plain)) {
    throw new InvalidEvent(`data is not a JSON object but ${kind(plain)}: give an object with named members`);
  }
  return text(plain, 1);
}

function text(value: unknown, depth: number): string {
  switch (typeof value) {
    case "string":
      // A string that alone makes the event too large is reported as that.
      if (isLonger(value, MAX_DATA_STRING_BYTES) && !isLonger(value, MAX_EVENT_JSON_BYTES)) {
        throw new InvalidEvent(`a string in data is longer than ${MAX_DATA_STRING_BYTES} bytes`);
      }
      return JSON.stringify(value);
    case "number":
      return numberText(value);
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return value.toString();
    case "object":
      return value === null ? "null" : containerText(value, depth);
    default:
      throw new InvalidEvent(`data is not JSON: it has ${kind(value)} in it`);
  }
}

function containerText(value: object, depth: number): string {
  if (depth > MAX_DATA_DEPTH) {
    throw new InvalidEvent(`data is over ${MAX_DATA_DEPTH} levels deep, or a cycle`);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => text(resolve(item) ?? null, depth + 1)).join(",")}]`;
  }
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    const plain = resolve(member);
    if (plain === undefined) continue;
    if (isLonger(key, MAX_DATA_KEY_BYTES)) throw new InvalidEvent(`a key in data is longer than ${MAX_DATA_KEY_BYTES} bytes`);
    members.push(`${JSON.stringify(key)}:${text(plain, depth + 1)}`);
  }
  if (members.length > MAX_DATA_MEMBERS) {
    throw new InvalidEvent(`an object in data has ${members.length} members, at most ${MAX_DATA_MEMBERS} are allowed`);
  }
  return `{${members.join(",")}}`;
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) {
    throw new InvalidEvent(`data is not JSON: ${value} is not a finite number`);
  }
  return Object.is(value, -0) ? "-0" : String(value);
}

/** What stands for a value in JSON: dates and the like say so themselves. */
function resolve(value: unknown): unknown {
  if (typeof value === "object" && value !== null && "toJSON" in value && typeof value.toJSON === "function") {
    return value.toJSON();
  }
  return value;
}

function kind(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  return value === null ? "null" : `a value of type ${typeof value}`;
}
