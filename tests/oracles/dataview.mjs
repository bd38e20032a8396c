// What Dataview reads in a list item: where the fields are, after its documentation, and what their values are, by its own
// parser from the npm package `obsidian-dataview`.
import { createRequire } from "node:module";
import Module from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);

/** Loads Dataview's parser; the package wants Obsidian itself, of which it needs nothing to parse. */
export function load(directory) {
  const resolve = Module._resolveFilename;
  const stub = path.join(import.meta.dirname, "obsidian-stub.cjs");
  Module._resolveFilename = (name, ...rest) => (name === "obsidian" ? stub : resolve.call(Module, name, ...rest));
  try {
    const dataview = require(path.join(directory, "lib/index.js"));
    return {
      value: (text) => dataview.parseField ? parseValue(dataview, text) : undefined,
      query: (text) => dataview.QUERY_LANGUAGE.query.tryParse(text),
    };
  } finally {
    Module._resolveFilename = resolve;
  }
}

function parseValue({ EXPRESSION }, text) {
  const parsed = EXPRESSION.inlineField.parse(text);
  return parsed.status ? parsed.value : text;
}

/** The inline fields of an item, each with key and text of the value. */
export function fields(item) {
  const line = item.split("\n").map((part) => part.trim()).join(" ");
  const found = [];
  for (const [open, close] of [["[", "]"], ["(", ")"]]) {
    for (let at = line.indexOf(open); at >= 0;) {
      const field = fieldAt(line, at, open, close);
      if (field) found.push(field);
      at = line.indexOf(open, field ? field.end : at + 1);
    }
  }
  found.sort((one, other) => one.start - other.start);
  // One that begins within another, or right behind it, does not count.
  return found.reduce((kept, field) => {
    if (kept.length === 0 || kept.at(-1).end < field.start) kept.push(field);
    return kept;
  }, []);
}

function fieldAt(line, start, open, close) {
  const separator = line.indexOf("::", start + 1);
  if (separator < 0) return undefined;
  const key = line.slice(start + 1, separator).trim();
  if (/[[\]()]/.test(key)) return undefined;
  let depth = 0;
  for (let at = separator + 2; at < line.length; at++) {
    const character = line[at];
    if (character === "\\") at++;
    else if (character === open) depth++;
    else if (character === close && depth-- === 0) {
      return { key, value: line.slice(separator + 2, at).trim(), start, end: at + 1 };
    }
  }
  return undefined;
}
