// What is decided without a browser: the table of cases of the shared rules, addresses, reading time.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";

const home = new URL("..", import.meta.url).pathname;
const cases = JSON.parse(await readFile(new URL("../../lib/rules/cases.json", import.meta.url), "utf8"));
let out, rules, settings, reading;

before(async () => {
  out = await mkdtemp(`${tmpdir()}/openclone-browser-`);
  const entryPoints = ["rules", "settings", "reading"].map((name) => `${home}src/${name}.ts`);
  await build({ entryPoints, bundle: true, format: "esm", outdir: out, outExtension: { ".js": ".mjs" }, logLevel: "warning" });
  [rules, settings, reading] = await Promise.all(["rules", "settings", "reading"].map((name) => import(`${out}/${name}.mjs`)));
});
after(() => rm(out, { recursive: true }));

describe("the shared table of cases", () => {
  for (const { title, group } of cases.titles) test(`title ${title}`, () => assert.equal(rules.titleGroup(title), group));
  for (const { url, group } of cases.urls) test(`page ${url}`, () => assert.equal(rules.urlGroup(url), group));
});

test("local addresses in every notation are local", () => {
  for (const url of ["http://2130706433/", "http://0x7f.1/", "http://[::ffff:10.0.0.1]/", "http://[fd00::1]/", "http://[fe80::1]/", "http://169.254.1.1/"]) {
    assert.equal(rules.urlGroup(url), "local", url);
  }
  assert.equal(rules.urlGroup("http://[2a00:1450:4001::1]/"), null);
});

test("an address is kept without user, password, fragment and query", () => {
  const url = `https://${["ana", "hunter"].join(":")}@example.com/path?token=abc#part`;
  assert.equal(settings.cleanUrl(url, false), "https://example.com/path");
  assert.equal(settings.cleanUrl(url, true), "https://example.com/path?token=abc");
});

test("settings open a group, never one that is always blocked", () => {
  const allowed = { ...settings.DEFAULTS, allowedGroups: ["mail", "password_managers", "private_windows"] };
  assert.equal(settings.blockedBy(settings.DEFAULTS, "https://mail.google.com/", "Inbox"), "mail");
  assert.equal(settings.blockedBy(allowed, "https://mail.google.com/", "Inbox"), null);
  assert.equal(settings.blockedBy(allowed, "https://vault.bitwarden.com/", "Vault"), "password_managers");
  assert.equal(settings.blockedBy(allowed, "https://example.com/", "Example (Incognito)"), "private_windows");
  const listed = { ...settings.DEFAULTS, blockedSites: ["example.com"] };
  assert.equal(settings.blockedBy(listed, "https://www.example.com/", "Example"), "your list");
  assert.equal(settings.blockedBy(listed, "https://notexample.com/", "Example"), null);
});

test("reading time counts what is in front, and at most a minute without a sign of life", () => {
  const time = new reading.ReadingTime();
  time.active(0);
  time.active(30_000);
  time.away(40_000);
  assert.equal(time.seconds(1_000_000), 40);
  time.active(2_000_000);
  assert.equal(time.seconds(2_010_000), 50);
  assert.equal(time.seconds(9_000_000), 100);
  time.away(9_000_000);
  assert.equal(time.seconds(9_000_000), 100);
});

test("a clock that jumps back takes nothing away", () => {
  const time = new reading.ReadingTime();
  time.active(50_000);
  time.away(10_000);
  assert.equal(time.seconds(10_000), 0);
});
