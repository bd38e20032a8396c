// The extension in Firefox ESR, against a web site and the real service.
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { after, before, describe, test } from "node:test";
import puppeteer from "puppeteer-core";
import { missing, Service, site, waitFor } from "./peers.mjs";

const FIREFOX = "/usr/bin/firefox-esr";
const extension = new URL("../dist/firefox", import.meta.url).pathname;
const skip = missing(FIREFOX, process.env.OPENCLONE_BINARY);

/** A copy of the extension that sets its options at the start: the driver may not open an extension's pages in Firefox. */
async function configured(settings) {
  const directory = await mkdtemp(`${tmpdir()}/openclone-firefox-`);
  await cp(extension, directory, { recursive: true });
  const code = await readFile(`${directory}/worker.js`, "utf8");
  await writeFile(`${directory}/worker.js`, `chrome.storage.local.set(${JSON.stringify({ settings })});\n${code}`);
  return directory;
}

describe("Firefox", { skip, timeout: 600_000 }, () => {
  let server, service, browser, copy;

  before(async () => {
    [server, service] = [await site(), await Service.make()];
    copy = await configured({ enabled: true, endpoint: service.endpoint, apiKey: service.key, minSeconds: 1 });
    browser = await puppeteer.launch({
      browser: "firefox",
      executablePath: FIREFOX,
      headless: true,
      extraPrefsFirefox: {
        "network.dns.localDomains": "orchard.example",
        "network.proxy.allow_hijacking_localhost": true,
      },
    });
    await browser.installExtension(copy);
  });
  after(async () => {
    await browser.close();
    await service.end();
    server.close();
    await rm(copy, { recursive: true });
  });

  test("a page that is read is in the vault once", async () => {
    const page = await browser.newPage();
    await page.goto(`http://orchard.example:${server.address().port}/firefox?token=geheim`);
    await page.bringToFront();
    for (let step = 0; step < 3; step += 1) {
      await page.mouse.move(50 + step, 50);
      await new Promise((resolve) => setTimeout(resolve, 1100));
    }
    await page.close();
    // Delivered by the extension's own alarm, every half minute.
    await waitFor(async () => (await service.count()) === 1, "the visit's delivery", 120);
    const text = await service.vault();
    assert.match(text, /Orchard firefox/);
    assert.doesNotMatch(text, /geheim/);
  });
});
