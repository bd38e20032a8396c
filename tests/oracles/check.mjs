// Checks items of the vault with parsers that know nothing of it:
//   node check.mjs ITEMS DATAVIEW
// ITEMS has a JSON object a line: {name, source_type, data, item, reading, is_whole}; DATAVIEW is the unpacked npm package.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

import { load } from "./dataview.mjs";
import * as markdownIt from "./markdown-it.mjs";
import { check } from "./members.mjs";
import * as remark from "./remark.mjs";

const [items, directory] = process.argv.slice(2);
const dataview = load(directory);
const parsers = { "remark-gfm + math": remark, "markdown-it": markdownIt };
const failures = new Map();
const counts = new Map();
let members = 0;

const fail = (oracle, name, message) => {
  const list = failures.get(oracle) ?? [];
  list.push(`${name}: ${message}`);
  failures.set(oracle, list);
};

for await (const line of createInterface({ input: createReadStream(items) })) {
  const record = JSON.parse(line);
  for (const [name, parser] of Object.entries(parsers)) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const comparable = parser.comparable ?? ((pieces) => pieces);
    const seen = JSON.stringify(comparable(parser.read(record.item)));
    const expected = JSON.stringify(comparable(record.reading));
    if (seen !== expected) fail(name, record.name, `\n  ${JSON.stringify(record.item)}\n  is read as ${seen}\n  and not as ${expected}`);
  }
  if (record.data) {
    members += Object.keys(record.data).length;
    try {
      check(record, dataview);
    } catch (error) {
      fail("Dataview", record.name, `${error.message}\n  ${JSON.stringify(record.item)}`);
    }
  }
}
for (const [name, count] of counts) console.log(`${name}: ${count} items, ${failures.get(name)?.length ?? 0} differ`);
console.log(`Dataview: ${members} members, ${failures.get("Dataview")?.length ?? 0} differ`);
for (const [name, list] of failures) for (const failure of list.slice(0, 8)) console.log(`${name}: ${failure}`);
process.exitCode = failures.size > 0 ? 1 : 0;
