/** What the user has chosen, kept in the browser. */

import { ALWAYS_BLOCKED, titleGroup, urlGroup } from "./rules.js";

export interface Settings {
  /** Whether anything is captured. */
  enabled: boolean;
  endpoint: string;
  apiKey: string;
  /** Send the text of articles, too. */
  article: boolean;
  /** Keep the part of an address behind `?`. */
  keepQuery: boolean;
  /** Seconds of reading below which a visit is not sent. */
  minSeconds: number;
  /** Host names; their subdomains are blocked as well. */
  blockedSites: string[];
  /** Groups of the shared rules that are captured all the same, such as `mail`. */
  allowedGroups: string[];
  /** Unix milliseconds; 0 is no pause. */
  pausedUntil: number;
}

export const DEFAULTS: Settings = {
  enabled: false,
  endpoint: "http://127.0.0.1:8000",
  apiKey: "",
  article: false,
  keepQuery: false,
  minSeconds: 5,
  blockedSites: [],
  allowedGroups: [],
  pausedUntil: 0,
};

export async function readSettings(): Promise<Settings> {
  return { ...DEFAULTS, ...((await chrome.storage.local.get("settings"))["settings"] as Partial<Settings> | undefined) };
}

export async function changeSettings(change: Partial<Settings>): Promise<Settings> {
  const settings = { ...(await readSettings()), ...change };
  await chrome.storage.local.set({ settings });
  return settings;
}

/** Whether this plugin may capture at all. */
export function isActive(settings: Settings, now: number): boolean {
  return settings.enabled && settings.apiKey !== "" && now >= settings.pausedUntil;
}

/** Why a page is not captured; null if it may be. */
export function blockedBy(settings: Settings, url: string, title: string): string | null {
  const group = urlGroup(url);
  if (group !== null && (ALWAYS_BLOCKED.has(group) || !settings.allowedGroups.includes(group))) return group;
  const host = new URL(url).hostname.replace(/\.$/, "");
  if (settings.blockedSites.some((site) => host === site || host.endsWith(`.${site}`))) return "your list";
  // A page without a title is shown by its address; only private windows and the like are known by title.
  const titled = title.trim() === "" ? null : titleGroup(title);
  return titled !== null && ALWAYS_BLOCKED.has(titled) ? titled : null;
}

/** The address as it is kept: without user name, password and fragment, and without the query unless it is wanted. */
export function cleanUrl(url: string, keepQuery: boolean): string {
  const parts = new URL(url);
  parts.username = "";
  parts.password = "";
  parts.hash = "";
  if (!keepQuery) parts.search = "";
  return parts.href;
}
