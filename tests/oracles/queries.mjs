// Runs the Dataview queries of the documentation over the realistic corpus, and compares their results with what the events'
// own data says:
//   node queries.mjs ITEMS DATAVIEW PAGE
// Queries and values are parsed by Dataview; what the queries mean is evaluated here, after Dataview's documentation.
import { createReadStream, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { createInterface } from "node:readline";

import { DateTime } from "luxon";

import { fields, load } from "./dataview.mjs";

const FOLDERS = {
  audio_system: "Audio", audio_mic: "Audio", screen_ocr: "Screen", journal: "Journal", web_browsing: "Web", music: "Music",
  health: "Health", calendar: "Calendar", notes: "Notes", gps: "Location", photos: "Photos", email: "Email",
  messaging: "Messages", activity: "Activity", braindump: "Braindump",
};

const [items, directory, page] = process.argv.slice(2);
const dataview = load(directory);
const events = await read(items);
const queries = [...readFileSync(page, "utf8").matchAll(/```dataview\n([^]*?)```/g)].map((match) => match[1].trim());

/** `Map.groupBy`, which Node has only from 21 on. */
function groupBy(list, key) {
  const map = new Map();
  for (const each of list) map.set(key(each), [...(map.get(key(each)) ?? []), each]);
  return map;
}

/** Events of a type, in order. */
const of = (type, wanted = () => true) => events.filter((event) => event.type === type && wanted(event.data));
const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);
const groups = (list, key, row) => [...groupBy(list, key)].map(([name, members]) => row(name, members));
const by = (index, order = 1) => (one, other) => order * compare(one[index], other[index]);
const time = (text) => DateTime.fromISO(text).toMillis();

/** What each query of the page is to give, from the data as it was sent. */
const EXPECTED = [
  // Appointments in order.
  () => of("calendar").map(({ data }) => [data.title, time(data.start), data.location, data.attendees]).sort(by(1)),
  // Seconds in each program.
  () => groups(of("activity"), ({ data }) => data.app_name, (name, all) => [name, sum(all.map(({ data }) => data.duration))]).sort(by(1, -1)),
  // Long reads.
  () => of("web_browsing", (data) => data.reading_time > 600).map(({ data }) => [data.title, data.url, data.reading_time]).sort(by(2, -1)),
  // Tracks of each artist.
  () => groups(of("music"), ({ data }) => data.artist, (name, all) => [name, all.length]).sort(by(1, -1)),
  // Steps and average heart rate.
  () => [[sum(of("health").map(({ data }) => data.steps)), sum(of("health").map(({ data }) => data.heart_rate)) / of("health").length]],
  // Mails of a sender.
  () => of("email", (data) => data.from.includes("Ada")).map(({ data }) => [data.from, data.subject, time("2026-02-26T14:00:00+01:00")]),
  // What was heard badly.
  () => of("audio_system", (data) => data.confidence < 0.8).map(({ data }) => [data.app_name, data.confidence, data.duration]),
  // Notes with a topic.
  () => of("notes", (data) => data.tags.includes("work")).map(({ data }) => [data.title, data.tags]),
  // Where one was, when it was known well.
  () => of("gps", (data) => data.accuracy <= 20).map(({ data }) => [data.place_name, data.lat, data.lon]),
  // Messages of one hour, by person.
  () => groups(
    of("messaging").filter(({ at }) => at >= time("2026-02-26T10:00:00+01:00") && at < time("2026-02-26T11:00:00+01:00")),
    ({ data }) => data.from, (name, all) => [name, all.length],
  ).sort(by(1, -1)),
];

let failed = 0;
if (queries.length !== EXPECTED.length) {
  console.log(`${page} has ${queries.length} queries, and not ${EXPECTED.length}`);
  failed++;
}
queries.forEach((text, index) => {
  const rows = run(dataview.query(text)).map((row) => row.map(comparable));
  const expected = (EXPECTED[index]?.() ?? []).map((row) => row.map(comparable));
  const sorted = (list) => list.map((row) => JSON.stringify(row)).sort();
  if (rows.length === 0 || !isDeepStrictEqual(sorted(rows), sorted(expected))) {
    const differing = sorted(rows).find((row, at) => row !== sorted(expected)[at]);
    console.log(`query ${index + 1}: ${rows.length} rows, and not the ${expected.length} expected; first: ${differing}\n${text}`);
    failed++;
  }
});
console.log(`queries: ${queries.length} run, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

async function read(file) {
  const found = [];
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const record = JSON.parse(line);
    if (record.name !== record.source_type) continue;
    const item = Object.fromEntries(fields(record.item).map(({ key, value }) => [key.toLowerCase(), dataview.value(value)]));
    found.push({ type: record.source_type, data: record.data, item, at: item.at.toMillis() });
  }
  return found;
}

function comparable(value) {
  if (DateTime.isDateTime(value)) return value.toMillis();
  // An empty list is written as nothing; a run of hyphens has a backslash within it.
  if (Array.isArray(value)) return value.length > 0 ? value.map(comparable) : "";
  return typeof value === "string" ? value.replace(/-\\(?=-)/g, "-") : value;
}

/** The rows of a TABLE query. */
function run({ header, source, operations }) {
  let rows = [{ file: { lists: events.filter((event) => FOLDERS[event.type] === source.folder).map((event) => event.item) } }];
  for (const operation of operations) rows = apply(operation, rows);
  return rows.map((row) => header.fields.map(({ field }) => evaluate(field, row)));
}

function apply(operation, rows) {
  switch (operation.type) {
    case "where": return rows.filter((row) => truthy(evaluate(operation.clause, row)));
    case "flatten":
      return rows.flatMap((row) => {
        const value = evaluate(operation.field.field, row);
        return (Array.isArray(value) ? value : [value]).map((each) => ({ ...row, [operation.field.name]: each }));
      });
    case "group": {
      const key = (row) => evaluate(operation.field.field, row);
      return [...groupBy(rows, key)].map(([name, members]) => ({ key: name, rows: members }));
    }
    case "sort": {
      const order = ({ field, direction }, one, other) =>
        (direction === "descending" ? -1 : 1) * compare(evaluate(field, one), evaluate(field, other));
      return [...rows].sort((one, other) => operation.fields.reduce((found, field) => found || order(field, one, other), 0));
    }
    case "limit": return rows.slice(0, evaluate(operation.amount, {}));
    default: throw new Error(`no operation ${operation.type}`);
  }
}

function evaluate(field, row) {
  switch (field.type) {
    case "literal": return field.value;
    case "variable": return row[field.name] ?? null;
    case "index": return index(evaluate(field.object, row), evaluate(field.index, row));
    case "binaryop": return binary(field.op, evaluate(field.left, row), evaluate(field.right, row));
    case "negated": return !truthy(evaluate(field.child, row));
    case "function": return call(field.func.name, field.arguments.map((argument) => evaluate(argument, row)));
    default: throw new Error(`no field ${field.type}`);
  }
}

/** A list's members all have what is asked of the list. */
function index(object, key) {
  if (object === null || object === undefined) return null;
  if (Array.isArray(object) && typeof key === "string") return object.map((each) => index(each, key));
  return object[typeof key === "string" && !(key in object) ? key.toLowerCase() : key] ?? null;
}

function binary(operator, left, right) {
  switch (operator) {
    case "&": return truthy(left) && truthy(right);
    case "|": return truthy(left) || truthy(right);
    case "=": return compare(left, right) === 0;
    case "!=": return compare(left, right) !== 0;
    case ">": return compare(left, right) > 0;
    case ">=": return compare(left, right) >= 0;
    case "<": return compare(left, right) < 0;
    case "<=": return compare(left, right) <= 0;
    case "/": return left / right;
    default: throw new Error(`no operator ${operator}`);
  }
}

function call(name, [first, second]) {
  switch (name) {
    case "sum": return sum(first);
    case "length": return first.length;
    case "average": return sum(first) / first.length;
    case "contains": return Array.isArray(first) ? first.some((each) => call("contains", [each, second])) : (first ?? "").includes(second);
    default: throw new Error(`no function ${name}`);
  }
}

/** As Dataview orders values: those of different types by the names of these. */
function compare(one, other) {
  const type = (value) => (value === null ? "null" : DateTime.isDateTime(value) ? "date" : typeof value);
  if (type(one) !== type(other)) return type(one) < type(other) ? -1 : 1;
  if (typeof one === "string") return one < other ? -1 : one > other ? 1 : 0;
  return one < other ? -1 : one > other ? 1 : 0;
}

function truthy(value) {
  return DateTime.isDateTime(value) || (Array.isArray(value) ? value.length > 0 : Boolean(value));
}
