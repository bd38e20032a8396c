/**
 * The state directory: made for its owner alone, held by one process at a time, and the home of the device's id.
 *
 * The lock is the file `lock` with the holder's process id and, on Linux, the boot and the tick at which it was started: so
 * that the number of a dead process that was given to another one is told from its first holder.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { reasonOf, SpoolError, SpoolLocked } from "../core/errors.js";
import { isDeviceId } from "../core/options.js";

/** Locks that this process holds. */
const held = new Set<string>();

/** Where a plugin keeps its state if nothing else is said. */
export function defaultStateDir(pluginId: string): string {
  return path.join(os.homedir(), ".openclone-plugins", pluginId);
}

/** A state directory that this process holds. */
export class State {
  private constructor(
    readonly dir: string,
    readonly deviceId: string,
    private readonly lock: string,
  ) {}

  /**
   * Makes the directory if need be, and takes its lock.
   *
   * @throws {@link SpoolLocked}, {@link SpoolError}
   */
  static open(dir: string): State {
    const place = path.resolve(dir);
    try {
      fs.mkdirSync(path.join(place, "spool"), { recursive: true, mode: 0o700 });
      const lock = path.join(fs.realpathSync(place), "lock");
      takeLock(lock);
      try {
        return new State(place, deviceId(path.join(place, "device-id")), lock);
      } catch (error) {
        releaseLock(lock);
        throw error;
      }
    } catch (error) {
      if (error instanceof SpoolLocked) throw error;
      throw new SpoolError(`the state directory cannot be used: ${reasonOf(error)}`);
    }
  }

  /** Lets others have it. */
  close(): void {
    releaseLock(this.lock);
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

/** Takes the lock, also from a process that is no more. */
function takeLock(lock: string): void {
  const own = identity(process.pid);
  // A second round finds what another process, which took over at the same time, has left.
  for (let round = 0; round < 3; round++) {
    if (create(lock, own)) {
      held.add(lock);
      return;
    }
    const holder = read(lock);
    if (isAlive(holder, lock)) {
      throw new SpoolLocked(`${path.dirname(lock)} is used by process ${holder.split(" ")[0]}: give each its own state directory`);
    }
    remove(lock, holder);
  }
  throw new SpoolLocked(`${path.dirname(lock)} is being taken by another process: try again`);
}

function releaseLock(lock: string): void {
  if (held.delete(lock)) fs.rmSync(lock, { force: true });
}

/** Whole or not at all: a lock is never seen empty. */
function create(lock: string, text: string): boolean {
  const beside = `${lock}.${process.pid}`;
  fs.writeFileSync(beside, text, { mode: 0o600 });
  try {
    fs.linkSync(beside, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    // A file system without links.
    return createPlainly(lock, text);
  } finally {
    fs.rmSync(beside, { force: true });
  }
}

function createPlainly(lock: string, text: string): boolean {
  try {
    fs.writeFileSync(lock, text, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes the lock of a dead process, and no other: it is moved away first and looked at again. */
function remove(lock: string, holder: string): void {
  const aside = `${lock}.${process.pid}.old`;
  try {
    fs.renameSync(lock, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (read(aside) !== holder) create(lock, read(aside));
  fs.rmSync(aside, { force: true });
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

function isAlive(holder: string, lock: string): boolean {
  const pid = Number(holder.split(" ")[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return held.has(lock);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return identity(pid) === holder;
}

/** A process by its number and, where the system tells it, by its beginning. */
function identity(pid: number): string {
  try {
    const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may have spaces in it; the 20th field behind it is the start.
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    return `${pid} ${boot} ${start}`;
  } catch {
    return String(pid);
  }
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
