/**
 * What all plugins of a user have in common: the id of the device, consent and pause, in `$XDG_STATE_HOME/openclone` (by default
 * `~/.local/state/openclone`, on macOS `~/Library/Application Support/openclone`, on Windows `%LOCALAPPDATA%\openclone`).
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { InvalidOptions, reasonOf, SpoolError } from "../core/errors.js";
import { isDeviceId } from "../core/options.js";

/** After how long an empty file counts as that of a program that died before it wrote, in milliseconds. */
const EMPTY = 1000;

/** The directory. */
export function sharedHome(env: NodeJS.ProcessEnv = process.env): string {
  const given = env["XDG_STATE_HOME"];
  if (given) return path.join(given, "openclone");
  const home = os.homedir();
  if (process.platform === "darwin") return path.join(home, "Library", "Application Support", "openclone");
  if (process.platform === "win32") return path.join(env["LOCALAPPDATA"] || path.join(home, "AppData", "Local"), "openclone");
  return path.join(home, ".local", "state", "openclone");
}

/**
 * The id kept in `dir`; the first program that asks makes it.
 *
 * @throws {@link InvalidOptions}, {@link SpoolError}
 */
export async function deviceId(dir: string): Promise<string> {
  const file = path.join(dir, "device-id");
  try {
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (let until = Date.now() + EMPTY; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const kept = readOrMake(file);
      if (kept !== "") return checked(file, kept);
      if (Date.now() > until) fs.rmSync(file, { force: true });
    }
  } catch (error) {
    if (error instanceof InvalidOptions) throw error;
    throw new SpoolError(`${file} cannot be used: ${reasonOf(error)}`);
  }
}

/** Gives nothing while another program writes. */
function readOrMake(file: string): string {
  try {
    return fs.readFileSync(file, "utf8").trim();
  } catch (error) {
    if (!isCode(error, "ENOENT")) throw error;
  }
  const made = randomUUID();
  let handle: number;
  try {
    handle = fs.openSync(file, "wx", 0o600);
  } catch (error) {
    if (isCode(error, "EEXIST")) return "";
    throw error;
  }
  try {
    fs.writeSync(handle, `${made}\n`);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  return made;
}

function checked(file: string, id: string): string {
  if (isDeviceId(id.toLowerCase())) return id;
  throw new InvalidOptions(`${file} holds no UUID of version 4: put the old one back, or delete the file`);
}

/** Whether capture is paused now. When in doubt it is. */
export function isPaused(dir: string, now: number = Date.now()): boolean {
  let text: string;
  try {
    text = fs.readFileSync(path.join(dir, "pause"), "utf8").split("\n", 1)[0]?.trim() ?? "";
  } catch (error) {
    return !isCode(error, "ENOENT");
  }
  const end = text === "" ? NaN : Number(text);
  return Number.isNaN(end) || now / 1000 < end;
}

/** What was agreed to. */
export interface Consent {
  readonly sensitivity: string;
  readonly version: string;
}

/** The consent that the user has given to a plugin, if any. */
export function consentTo(dir: string, pluginId: string): Consent | undefined {
  try {
    const { sensitivity, version } = JSON.parse(fs.readFileSync(path.join(dir, "consent", `${pluginId}.json`), "utf8")) as Consent;
    return typeof sensitivity === "string" && typeof version === "string" ? { sensitivity, version } : undefined;
  } catch {
    return undefined;
  }
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
