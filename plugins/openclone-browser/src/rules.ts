/** Decides which pages are never captured, by the rules that all capture plugins share (`plugins/lib/rules`). */

import document from "../../lib/rules/rules.json";

const TITLE_GROUPS = Object.entries(document.window_titles).map(([group, patterns]) => [group, patterns.map(normalise)] as const);
const DOMAIN_GROUPS = Object.entries(document.domains).map(([group, domains]) => [group, new Set(domains.map(normalise))] as const);

/** Groups that no setting opens. */
export const ALWAYS_BLOCKED: ReadonlySet<string> = new Set(["own", "untitled", "scheme", "password_managers", "private_windows", "secrets"]);

/** The form in which titles are compared: NFC, lower case, no blanks at either end. */
export function normalise(text: string): string {
  return text.normalize("NFC").toLowerCase().trim();
}

/** The group of a window with this title, or null. */
export function titleGroup(title: string): string | null {
  const text = normalise(title);
  if (text === "") return "untitled";
  return TITLE_GROUPS.find(([, patterns]) => patterns.some((pattern) => text.includes(pattern)))?.[0] ?? null;
}

/** The group of a page, or null. */
export function urlGroup(url: string): string | null {
  const parts = parse(url);
  if (parts === null || !document.schemes.includes(parts.protocol.slice(0, -1))) return "scheme";
  const host = parts.hostname.replace(/\.$/, "");
  if (host === "") return "scheme";
  return isLocal(host) ? "local" : domainGroup(host);
}

function parse(url: string): URL | null {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}

function domainGroup(host: string): string | null {
  const labels = host.split(".");
  const suffixes = labels.map((_, start) => labels.slice(start).join("."));
  const group = DOMAIN_GROUPS.find(([, domains]) => suffixes.some((suffix) => domains.has(suffix)))?.[0];
  if (group !== undefined) return group;
  for (const label of labels.slice(0, -1)) {
    const word = document.domain_words.find((each) => label.endsWith(each));
    if (word !== undefined) return word === "webmail" ? "mail" : "banks";
  }
  return null;
}

function isLocal(host: string): boolean {
  if (host.startsWith("[")) return !isGlobalV6(host.slice(1, -1));
  // The URL parser writes every form of an IPv4 address as four decimal numbers.
  const parts = /^(\d+)\.(\d+)\.\d+\.\d+$/.exec(host);
  if (parts !== null) return !isGlobalV4(Number(parts[1]), Number(parts[2]));
  const { local_names, local_suffixes } = document.hosts;
  return local_names.includes(host) || local_suffixes.some((suffix) => host.endsWith(suffix)) || !host.includes(".");
}

function isGlobalV4(a: number, b: number): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false;
  if (a === 100) return b < 64 || b > 127;
  if (a === 169) return b !== 254;
  if (a === 172) return b < 16 || b > 31;
  if (a === 198) return b !== 18 && b !== 19;
  return !(a === 192 && (b === 168 || b === 0));
}

/** Only 2000::/3 is global; addresses that carry an IPv4 one are left out as well, whichever it is. */
function isGlobalV6(address: string): boolean {
  return /^[23][0-9a-f]{3}:/.test(address) && !address.startsWith("2002:") && !address.startsWith("2001:db8:");
}
