// The extension in Debian's Chromium, against a web site and the real service.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { missing, Service, site, waitFor } from "./peers.mjs";

const CHROMIUM = "/usr/bin/chromium";
const extension = new URL("../dist/chromium", import.meta.url).pathname;
const skip = missing(CHROMIUM, process.env.OPENCLONE_BINARY);

describe("Chromium", { skip, timeout: 600_000 }, () => {
  let server, service, profile, browser, worker;

  before(async () => {
    server = await site();
  });
  after(() => server.close());

  beforeEach(async () => {
    service = await Service.make();
    profile = await mkdtemp(`${tmpdir()}/openclone-chromium-`);
    const { port } = server.address();
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      headless: false,
      args: [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", `--disable-extensions-except=${extension}`, `--load-extension=${extension}`,
        `--host-resolver-rules=MAP *.example 127.0.0.1:${port}`,
      ],
      ignoreDefaultArgs: ["--disable-extensions"],
    });
    worker = browser.serviceWorkers()[0] ?? (await browser.waitForEvent("serviceworker"));
    await configure({ enabled: true, endpoint: service.endpoint, apiKey: service.key, minSeconds: 1 });
  });
  afterEach(async () => {
    await browser.close();
    await service.end();
    await rm(profile, { recursive: true, force: true });
  });

  async function currentWorker() {
    return browser.serviceWorkers().at(-1) ?? browser.waitForEvent("serviceworker");
  }

  async function configure(change) {
    await (await currentWorker()).evaluate(async (change) => {
      const { settings } = await chrome.storage.local.get("settings");
      await chrome.storage.local.set({ settings: { ...settings, ...change } });
    }, change);
  }

  /** Reads a page for two seconds, and leaves it. */
  async function visit(url, leave = true) {
    const page = await browser.newPage();
    await page.goto(url);
    await page.bringToFront();
    for (let step = 0; step < 3; step += 1) {
      await page.mouse.move(50 + step, 50);
      await page.mouse.wheel(0, 200);
      await page.waitForTimeout(900);
    }
    if (leave) await page.close({ runBeforeUnload: false });
    return page;
  }

  /** Lets the extension deliver now instead of at its next alarm. */
  async function flush() {
    const [background] = browser.backgroundPages();
    assert.equal(background, undefined);
    const id = new URL((await currentWorker()).url()).host;
    const page = await browser.newPage();
    await page.goto(`chrome-extension://${id}/popup.html`);
    const status = await page.evaluate(() => chrome.runtime.sendMessage({ kind: "flush" }));
    await page.close();
    return status;
  }

  test("a page that is read is in the vault once, with its time and without its query", async () => {
    await visit("http://orchard.example/apples?token=geheim#part");
    await waitFor(async () => (await flush(), (await service.count()) === 1), "the visit's delivery");
    const text = await service.vault();
    assert.match(text, /Orchard apples/);
    assert.match(text, /reading_time:: [1-9]/);
    assert.doesNotMatch(text, /geheim|token|#part/);
    assert.doesNotMatch(text, /harvest of the northern orchards/);
    await flush();
    assert.equal(await service.count(), 1);
  });

  test("nothing is captured before it is switched on, while paused, or on blocked pages", async () => {
    await configure({ enabled: false });
    await visit("http://orchard.example/off");
    await configure({ enabled: true, pausedUntil: Date.now() + 3_600_000 });
    await visit("http://orchard.example/paused");
    await configure({ pausedUntil: 0, blockedSites: ["private.example"] });
    await visit("http://www.private.example/blocked");
    await visit("http://online.mybank.example/account");
    await visit("http://127.0.0.1:" + server.address().port + "/local");
    await visit("http://orchard.example/kept");
    await waitFor(async () => (await flush(), (await service.count()) >= 1), "the visit's delivery");
    const text = await service.vault();
    assert.match(text, /Orchard kept/);
    assert.equal(await service.count(), 1, text);
  });

  test("the text of an article is kept only if it is wanted", async () => {
    await configure({ article: true });
    await visit("http://orchard.example/article");
    await waitFor(async () => (await flush(), (await service.count()) === 1), "the visit's delivery");
    assert.match(await service.vault(), /harvest of the northern orchards/);
  });

  test("a visit survives the death of the worker and a service that is away", async () => {
    await service.stop();
    const page = await visit("http://orchard.example/first", false);
    await visit("http://orchard.example/second");
    const session = await browser.newCDPSession(page);
    const { targetInfos } = await session.send("Target.getTargets");
    const target = targetInfos.find(({ type }) => type === "service_worker");
    await session.send("Target.closeTarget", { targetId: target.targetId });
    await page.close();
    await visit("http://orchard.example/third");
    await service.start();
    await waitFor(async () => (await flush(), (await service.count()) === 3), "the delivery of three visits", 120);
    for (const name of ["first", "second", "third"]) assert.match(await service.vault(), new RegExp(`Orchard ${name}`));
  });

  test("a page that changes its address by script is several visits", async () => {
    const page = await visit("http://orchard.example/one", false);
    await page.evaluate(() => {
      history.pushState(null, "", "/two");
      document.title = "Orchard two";
    });
    for (let step = 0; step < 3; step += 1) {
      await page.mouse.move(80 + step, 80);
      await page.waitForTimeout(1100);
    }
    await page.close({ runBeforeUnload: false });
    await waitFor(async () => (await flush(), (await service.count()) === 2), "the delivery of two visits");
    assert.match(await service.vault(), /orchard\.example\/one[\s\S]*orchard\.example\/two|orchard\.example\/two[\s\S]*orchard\.example\/one/);
  });

  test("the options page saves and tests address and key", async () => {
    const id = new URL((await currentWorker()).url()).host;
    const page = await browser.newPage();
    await page.goto(`chrome-extension://${id}/options.html`);
    await page.fill("#apiKey", "wrong");
    await page.click("#save");
    await page.waitForFunction(() => document.getElementById("result").textContent.includes("does not know this key"));
    await page.fill("#apiKey", service.key);
    await page.click("#save");
    await page.waitForFunction(() => document.getElementById("result").textContent === "Saved. The service answers.");
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/options.png` });
  });
});
