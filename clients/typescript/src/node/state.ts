/**
 * The state directory: made for its owner alone, used by one client at a time (see `owner.ts`), with its queue.
 *
 * @module
 */

import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { reasonOf, SpoolError, SpoolLocked } from "../core/errors.js";
import { claim, release } from "./owner.js";

/** Where a plugin keeps its state if nothing else is said. */
export function defaultStateDir(pluginId: string): string {
  return path.join(os.homedir(), ".openclone-plugins", pluginId);
}

/** A state directory that this process holds. */
export class State {
  private constructor(
    readonly dir: string,
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
      return new State(place, owner);
    } catch (error) {
      if (error instanceof SpoolLocked) throw error;
      throw new SpoolError(`the state directory cannot be used: ${reasonOf(error)}`);
    }
  }

  /** Source types that have a queue of their own, of whatever client. */
  sources(): string[] {
    return fs.readdirSync(this.dir).flatMap((name) => /^spool-(\w+)$/.exec(name)?.[1] ?? []);
  }

  /** Lets others have it. */
  close(): void {
    release(this.owner);
  }
}
