/** The options page: settings, and a test of address and key. */

import { changeSettings, readSettings, type Settings } from "./settings.js";

const input = (id: string): HTMLInputElement => document.getElementById(id) as HTMLInputElement;
const groups = (): HTMLInputElement[] => [...document.querySelectorAll<HTMLInputElement>('input[name="group"]')];

function fill(settings: Settings): void {
  for (const name of ["enabled", "article", "keepQuery"] as const) input(name).checked = settings[name];
  for (const name of ["endpoint", "apiKey"] as const) input(name).value = settings[name];
  input("minSeconds").value = String(settings.minSeconds);
  input("blockedSites").value = settings.blockedSites.join("\n");
  for (const group of groups()) group.checked = settings.allowedGroups.includes(group.value);
}

function entered(): Partial<Settings> {
  const sites = input("blockedSites").value.split("\n").map((line) => line.trim().toLowerCase());
  return {
    enabled: input("enabled").checked,
    article: input("article").checked,
    keepQuery: input("keepQuery").checked,
    endpoint: new URL(input("endpoint").value).origin,
    apiKey: input("apiKey").value.trim(),
    minSeconds: Number(input("minSeconds").value),
    blockedSites: sites.filter((site) => site !== ""),
    allowedGroups: groups().filter((group) => group.checked).map((group) => group.value),
  };
}

/** What the service says to this address and key. */
async function test({ endpoint, apiKey }: Settings): Promise<string> {
  try {
    const response = await fetch(`${endpoint}/api/v1/source-types`, { headers: { "X-API-Key": apiKey } });
    if (response.ok) return "Saved. The service answers.";
    return response.status === 401 ? "Saved, but the service does not know this key." : `Saved, but the service answers ${response.status}.`;
  } catch {
    return `Saved, but nothing answers at ${endpoint}: is the service running?`;
  }
}

async function save(): Promise<void> {
  const result = document.getElementById("result") as HTMLElement;
  try {
    result.textContent = await test(await changeSettings(entered()));
  } catch (error) {
    result.textContent = `Not saved: ${error instanceof Error ? error.message : String(error)}`;
  }
}

(document.getElementById("form") as HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void save();
});
void readSettings().then(fill);
