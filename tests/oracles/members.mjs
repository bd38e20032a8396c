// Checks that every member of an event's data comes back from Dataview with its value and type, or stands in the text.
import { DateTime } from "luxon";

import { fields } from "./dataview.mjs";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
const OURS = new Set(["at", "ref", "via", "device", "source", "more", "sent", "topics"]);
const LONG = 200;

/** Panics if a member is lost or has another value. */
export function check({ source_type: sourceType, data, item }, dataview) {
  const found = new Map(fields(item).map((field) => [field.key, field.value]));
  const read = (key) => (found.has(key) ? dataview.value(found.get(key)) : undefined);
  const more = found.has("more") ? nested(read("more")) : {};
  const visible = words(unescaped(item.split(" <!-- [")[0]));
  for (const [key, value] of Object.entries(data)) {
    const name = fieldName(sourceType, key);
    if (found.has(name) && !(OURS.has(name) && name === key)) same(key, value, read(name), sourceType);
    else if (key in more) {
      if (!agrees(value, more[key])) throw new Error(`${key}: ${JSON.stringify(value)} is ${JSON.stringify(more[key])} in more`);
    } else if (typeof value === "string" && (key === "text" || key === "preview" || [...value].length > LONG)) {
      const wanted = words(clean(value));
      if (!visible.includes(wanted)) throw new Error(`${key}: ${JSON.stringify(wanted)} is not in ${JSON.stringify(visible)}`);
    } else throw new Error(`${key} is lost`);
  }
  if (!DateTime.isDateTime(read("at"))) throw new Error(`at is ${read("at")}`);
}

function fieldName(sourceType, key) {
  if (sourceType === "notes" && key === "tags") return "topics";
  if (sourceType === "email" && key === "date") return "sent";
  return key;
}

function same(key, value, read, sourceType) {
  const fail = () => { throw new Error(`${key}: ${JSON.stringify(value)} came back as ${JSON.stringify(read)}`); };
  const isTime = (typeof value === "string" && TIME.test(value) && DateTime.fromISO(value).isValid)
    || (sourceType === "email" && key === "date") || (sourceType === "photos" && key === "timestamp");
  if (isTime && DateTime.isDateTime(read)) {
    const expected = typeof value === "number" ? DateTime.fromSeconds(value)
      : TIME.test(value) ? DateTime.fromISO(value) : DateTime.fromRFC2822(value);
    return Math.abs(expected.toMillis() - read.toMillis()) < 1 || fail();
  }
  if (value === null || (Array.isArray(value) && value.length === 0)) return read === "" || read === null || fail();
  if (Array.isArray(value) && value.every((entry) => entry === null || typeof entry !== "object")) {
    return (Array.isArray(read) && read.length === value.length && value.every((entry, at) => agrees(entry, read[at]))) || fail();
  }
  if (typeof value === "object") return agrees(value, nested(read)) || fail();
  return agrees(value, read) || fail();
}

function agrees(sent, read) {
  if (typeof sent === "string" && typeof read === "string") {
    return sent === read || oneLine(sent) === read || bare(oneLine(sent)) === bare(read) || sent.replace(/[\u2028\u2029]/g, " ") === read;
  }
  if (typeof sent === "number") return Object.is(sent, read) || sent === read;
  if (sent === null || typeof sent !== "object") return sent === read;
  if (read === null || typeof read !== "object") return false;
  const keys = Object.keys(sent);
  return keys.length === Object.keys(read).length
    && keys.every((key, at) => agrees(sent[key], read[key] ?? Object.values(read)[at]));
}

/** Without what is written into a value because somebody would act on it even in a comment. */
const unguarded = (text) => text.replace(/-\\(?=-)/g, "-").replace(/<\\%/g, "<%").replace(/\{\\(?=\{)/g, "{")
  .replace(/(\d{4})\\-/g, "$1-").replace(/ \\\^oc-/g, " ^oc-");

/** The nested value; its brackets have backslashes only if no brackets could hold it otherwise. */
function nested(text) {
  const plain = unguarded(String(text));
  try {
    return JSON.parse(plain);
  } catch {
    return JSON.parse(plain.replace(/\\([[\]])/g, "$1"));
  }
}

const bare = (text) => text.replace(/\\/g, "");

const clean = (text) => text
  .replace(/\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x00-\x1f\x7f-\x9f]*(\x07|\x1b\\|\x9c)|\x9b[0-?]*[ -/]*[@-~]/g, "")
  .replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n")
  .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu, "")
  .normalize("NFC");

const oneLine = (text) => clean(text).replace(/\t/g, " ").replace(/\s*\n\s*/g, " ");

const unescaped = (markdown) => markdown.replace(/&lt;/g, "<").replace(/&amp;/g, "&");

/** Without backslashes, which are escapes or not, and white space. */
const words = (text) => text.replace(/\\/g, "").replace(/\s+/g, "");
