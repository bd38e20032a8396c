/**
 * Typed payloads: `payload.braindump({ text: "…" })`.
 *
 * @module
 */

import { create } from "@bufbuild/protobuf";

import { InvalidEvent } from "./errors.js";
import { type Payload, type PayloadFields, SCHEMAS, type SourceTypeName } from "./names.js";

function integer(name: string, value: bigint | number): bigint {
  if (typeof value === "bigint") return value;
  if (!Number.isSafeInteger(value)) throw new InvalidEvent(`data.${name} is not a whole number: ${value}`);
  return BigInt(value);
}

/** Makes the typed message of each source type; the compiler knows its fields. */
export const payload: { readonly [S in SourceTypeName]: (fields: PayloadFields<S>) => Payload<S> } = {
  audio_system: (fields) => create(SCHEMAS.audio_system, fields),
  audio_mic: (fields) => create(SCHEMAS.audio_mic, fields),
  screen_ocr: (fields) => create(SCHEMAS.screen_ocr, fields),
  journal: (fields) => create(SCHEMAS.journal, fields),
  web_browsing: (fields) => create(SCHEMAS.web_browsing, fields),
  music: (fields) => create(SCHEMAS.music, fields),
  health: ({ steps, ...fields }) =>
    create(SCHEMAS.health, { ...fields, ...(steps === undefined ? {} : { steps: integer("steps", steps) }) }),
  calendar: (fields) => create(SCHEMAS.calendar, fields),
  notes: (fields) => create(SCHEMAS.notes, fields),
  gps: (fields) => create(SCHEMAS.gps, fields),
  photos: (fields) => create(SCHEMAS.photos, fields),
  email: (fields) => create(SCHEMAS.email, fields),
  messaging: (fields) => create(SCHEMAS.messaging, fields),
  activity: (fields) => create(SCHEMAS.activity, fields),
  braindump: (fields) => create(SCHEMAS.braindump, fields),
};
