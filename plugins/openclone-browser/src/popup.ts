/** The popup: what happens to this page, the switch for its site, pause. */

import type { Status } from "./messages.js";
import { blockedBy, changeSettings, isActive, readSettings, type Settings } from "./settings.js";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

async function currentPage(): Promise<{ url: string; title: string }> {
  const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
  return { url: tab?.url ?? "", title: tab?.title ?? "" };
}

function stateText(settings: Settings, blocked: string | null): string {
  if (!settings.enabled) return "Off. Switch it on in the options.";
  if (settings.apiKey === "") return "No key yet: see the options.";
  if (!isActive(settings, Date.now())) return `Paused until ${new Date(settings.pausedUntil).toLocaleTimeString()}.`;
  return blocked === null ? "This page is captured when you leave it." : `This page is not captured (${blocked}).`;
}

async function show(): Promise<void> {
  const [settings, page] = [await readSettings(), await currentPage()];
  const blocked = page.url === "" ? "scheme" : blockedBy(settings, page.url, page.title);
  element("state").textContent = stateText(settings, blocked);
  const site = element<HTMLInputElement>("site");
  site.checked = blocked === null;
  site.disabled = blocked !== null && blocked !== "your list";
  element("host").textContent = page.url === "" ? "this page" : new URL(page.url).hostname;
  const status = (await chrome.runtime.sendMessage({ kind: "status" })) as Status;
  element("queue").textContent = `${status.pending} pages open or pending, ${status.queued} waiting to be sent.`;
  element("problem").textContent = status.problem;
}

async function switchSite(isAllowed: boolean): Promise<void> {
  const host = new URL((await currentPage()).url).hostname;
  const others = (await readSettings()).blockedSites.filter((site) => site !== host);
  await changeSettings({ blockedSites: isAllowed ? others : [...others, host] });
}

function pauseUntil(time: number): () => Promise<void> {
  return async () => {
    await changeSettings({ pausedUntil: time });
    await show();
  };
}

element<HTMLInputElement>("site").addEventListener("change", (event) => {
  void switchSite((event.target as HTMLInputElement).checked).then(show);
});
element("pause15").addEventListener("click", () => void pauseUntil(Date.now() + 15 * 60_000)());
element("pause60").addEventListener("click", () => void pauseUntil(Date.now() + 60 * 60_000)());
element("pauseDay").addEventListener("click", () => void pauseUntil(new Date().setHours(24, 0, 0, 0))());
element("resume").addEventListener("click", () => void pauseUntil(0)());
element("options").addEventListener("click", () => void chrome.runtime.openOptionsPage());
void show();
