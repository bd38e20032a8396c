/**
 * The state directory: made for its owner alone, used by one client at a time (see `owner.ts`), and the home of the device's id.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { reasonOf, SpoolError, SpoolLocked } from "../core/errors.js";
import { isDeviceId } from "../core/options.js";
import { claim, release } from "./owner.js";

/** Where a plugin keeps its state if nothing else is said. */
export function defaultStateDir(pluginId: string): string {
  return path.join(os.homedir(), ".openclone-plugins", pluginId);
}

/** A state directory that this process holds. */
export class State {
  private constructor(
    readonly dir: string,
    readonly deviceId: string,
    private readonly owner: string,
  ) {}

  /**
   * Makes the directory if need be, and claims it.
   *
   * @throws {@link SpoolLocked}, {@link SpoolError}
   */
  static open(dir: string): State {
    const place = path.resolve(dir);
    try {
      fs.mkdirSync(path.join(place, "spool"), { recursive: true, mode: 0o700 });
      const owner = claim(path.join(place, "owners"));
      if (owner === undefined) {
        throw new SpoolLocked(`${place} is used by another client: close it, or give each its own state directory`);
      }
      try {
        return new State(place, deviceId(path.join(place, "device-id")), owner);
      } catch (error) {
        release(owner);
        throw error;
      }
    } catch (error) {
      if (error instanceof SpoolLocked) throw error;
      throw new SpoolError(`the state directory cannot be used: ${reasonOf(error)}`);
    }
  }

  /** Lets others have it. */
  close(): void {
    release(this.owner);
  }
}

function deviceId(file: string): string {
  try {
    const known = fs.readFileSync(file, "utf8").trim().toLowerCase();
    if (isDeviceId(known)) return known;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const made = randomUUID();
  writeWhole(file, `${made}\n`);
  return made;
}

function writeWhole(file: string, text: string): void {
  const beside = `${file}.new`;
  const handle = fs.openSync(beside, "w", 0o600);
  try {
    fs.writeSync(handle, text);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  fs.renameSync(beside, file);
}
