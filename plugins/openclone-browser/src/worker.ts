/**
 * The service worker: decides what is kept of a visit, and delivers it.
 *
 * A page keeps its visit in the extension's storage. When it is over it becomes an event in the SDK's database, and only then is it
 * removed from the storage. The browser may end the worker at any moment: what is pending or queued is found by the next one, and
 * a visit that is queued twice has the same `raw_ref`, so it is stored once. Alarms wake the worker; it uses no timers.
 */

import { Client } from "openclone/web";
import { type Message, PREFIX, type Status, type Visit } from "./messages.js";
import { blockedBy, cleanUrl, readSettings, type Settings } from "./settings.js";

const ALARM = "deliver";
/** Milliseconds after which a visit whose page says nothing more is over. */
const SILENT = 10 * 60_000;

let opening: Promise<Client<"web_browsing">> | undefined;
let openedFor = "";
let problem = "";

async function client(settings: Settings): Promise<Client<"web_browsing">> {
  const wanted = `${settings.endpoint} ${settings.apiKey}`;
  if (opening !== undefined && openedFor !== wanted) {
    const before = opening;
    opening = undefined;
    await before.then((each) => each.close(0)).catch(() => undefined);
  }
  openedFor = wanted;
  opening ??= Client.open({
    endpoint: settings.endpoint,
    apiKey: settings.apiKey,
    pluginId: "openclone-browser",
    pluginVersion: chrome.runtime.getManifest().version,
    sourceType: "web_browsing",
    enabled: true,
    onError: (error) => {
      problem = `${error.name}: ${error.message}`;
    },
  }).catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return opening;
}

/** Queues the visits that are over, and sends what is queued. */
async function deliver(settings: Settings): Promise<void> {
  if (!settings.enabled || settings.apiKey === "") return;
  const opened = await client(settings);
  const open = new Set((await chrome.tabs.query({})).map((tab) => tab.url));
  for (const visit of await allPending()) {
    // A tab that is closed may not get to say so; then its address is in no tab any more.
    if (!visit.isOver && open.has(visit.url) && Date.now() - visit.reported < SILENT) continue;
    if (visit.seconds >= settings.minSeconds && blockedBy(settings, visit.url, visit.title) === null) await queue(opened, visit, settings);
    await chrome.storage.local.remove(PREFIX + visit.ref);
  }
}

async function queue(opened: Client<"web_browsing">, visit: Visit, settings: Settings): Promise<void> {
  const url = cleanUrl(visit.url, settings.keepQuery);
  const data: Record<string, string | number> = {
    url,
    title: visit.title,
    domain: new URL(url).hostname,
    reading_time: visit.seconds,
    scroll: Math.round(visit.scroll * 100) / 100,
  };
  if (settings.article && visit.text !== undefined) data["text"] = visit.text;
  await opened.send({ rawRef: visit.ref, timestamp: visit.began / 1000, data });
}

async function allPending(): Promise<Visit[]> {
  const entries = Object.entries(await chrome.storage.local.get(null));
  return entries.filter(([name]) => name.startsWith(PREFIX)).map(([, visit]) => visit as Visit);
}

async function flush(): Promise<void> {
  const settings = await readSettings();
  await deliver(settings);
  if (opening !== undefined) await (await opening).flush(20);
}

async function status(): Promise<Status> {
  const stats = opening === undefined ? { queued: 0, stored: 0 } : (await opening).stats;
  return { queued: stats.queued, stored: stats.stored, pending: (await allPending()).length, problem };
}

/** Problems are shown in the popup. */
function noting(work: Promise<void>): Promise<void> {
  return work.then(
    () => undefined,
    (error: unknown) => {
      problem = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    },
  );
}

// Work on pending visits is done one after the other: two at once could queue a visit that the other one has just removed.
let line: Promise<void> = Promise.resolve();
function inLine(work: () => Promise<void>): Promise<void> {
  line = line.then(() => noting(work()));
  return line;
}

chrome.runtime.onMessage.addListener((message: Message, _sender, reply) => {
  const work = { left: async () => deliver(await readSettings()), flush, status: async () => undefined }[message.kind];
  void inLine(work).then(status).then(reply);
  return true;
});
chrome.tabs.onRemoved.addListener(() => void inLine(async () => deliver(await readSettings())));
chrome.alarms.onAlarm.addListener(() => void inLine(flush));
void chrome.alarms.create(ALARM, { periodInMinutes: 0.5 });
