/**
 * `dead-letter/`: what the service has rejected, one file for each event, and copies of damaged segments.
 *
 * @module
 */

import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { deadLetter, decodeEvent } from "../core/documented.js";

/** The directory, made when it is first needed. */
export class DeadLetters {
  constructor(readonly dir: string) {}

  /** Writes the documented batch of one event, synced: it is deleted from the spool next. */
  async write(header: Uint8Array, bytes: Uint8Array, reasons: readonly string[]): Promise<{ rawRef: string; place: string }> {
    const event = decodeEvent(bytes);
    const rawRef = event.rawRef ?? "";
    const name = createHash("sha256").update(rawRef).digest("hex").slice(0, 32);
    const place = path.join(this.dir, `${name}.json`);
    this.#make();
    const beside = `${place}.${process.pid}.new`;
    try {
      await writeSynced(beside, deadLetter(header, event, reasons, Date.now()));
      await fs.promises.rename(beside, place);
    } catch (error) {
      await fs.promises.rm(beside, { force: true });
      throw error;
    }
    return { rawRef, place };
  }

  /** Copies a segment, unless the same bytes are there already: it is looked at again by each start until it is sent. */
  async copy(segment: string): Promise<string> {
    this.#make();
    const bytes = await fs.promises.readFile(segment);
    for (let copies = 1; ; copies++) {
      const place = path.join(this.dir, path.basename(segment) + (copies > 1 ? `.${copies}` : ""));
      try {
        await writeSynced(place, bytes, "wx");
        return place;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      if (bytes.equals(await fs.promises.readFile(place))) return place;
    }
  }

  /** Numbers of the segments that were copied here: they are not given again. */
  async numbers(): Promise<number[]> {
    const names = await fs.promises.readdir(this.dir).catch(() => []);
    return names.flatMap((name) => segmentNumber(name) ?? []);
  }

  #make(): void {
    fs.mkdirSync(this.dir, { recursive: true, mode: 0o700 });
  }
}

/** The number in the name of a segment. */
export function segmentNumber(name: string): number | undefined {
  const match = /^(\d{16})\.seg$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

async function writeSynced(place: string, content: string | Buffer, flags = "w"): Promise<void> {
  const file = await fs.promises.open(place, flags, 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
