/**
 * Which process uses a state directory: the rule that the SDKs of all languages share.
 *
 * Every client creates `owners/<pid>-<start>-<random>` with O_EXCL, then lists the directory: if the file of another client
 * whose process is alive is there, it removes its own and fails. Of two clients that open at the same time at least one sees
 * the other. `start` is the start time in `/proc/<pid>/stat`, or 0 where the system has none: it tells a process from an
 * earlier one with the same id. A file of this process belongs to another client in it: of another thread, or of another copy
 * of this package.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

const NAME = /^(\d{1,10})-(\d{1,20})-[0-9a-f]{16}$/;
/** Two clients that open at the same time may both give way. */
const ATTEMPTS = 3;
/** Milliseconds between attempts, at most. */
const PAUSE = 50;
/** Files of this thread, which are removed when it ends without closing its clients. */
const open = new Set<string>();

/** The path of the owner's file; undefined if another client holds the directory. */
export function claim(directory: string): string | undefined {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * PAUSE);
    const own = `${process.pid}-${startOf(process.pid) ?? "0"}-${randomBytes(8).toString("hex")}`;
    const file = path.join(directory, own);
    fs.closeSync(fs.openSync(file, "wx", 0o600));
    if (!hasOther(directory, own)) {
      if (open.size === 0) process.on("exit", releaseAll);
      open.add(file);
      return file;
    }
    fs.rmSync(file, { force: true });
  }
  return undefined;
}

/** Gives the directory free. */
export function release(file: string): void {
  if (open.delete(file)) fs.rmSync(file, { force: true });
  if (open.size === 0) process.off("exit", releaseAll);
}

function releaseAll(): void {
  for (const file of open) fs.rmSync(file, { force: true });
}

/** Whether another client is alive; removes the files of those that are not. */
function hasOther(directory: string, own: string): boolean {
  let found = false;
  for (const name of fs.readdirSync(directory)) {
    const [, pid, start] = NAME.exec(name) ?? [];
    if (name === own || pid === undefined || start === undefined) continue;
    if (isAlive(Number(pid), start)) found = true;
    else fs.rmSync(path.join(directory, name), { force: true });
  }
  return found;
}

function isAlive(pid: number, start: string): boolean {
  const current = startOf(pid);
  return current !== undefined && (current === start || current === "0" || start === "0");
}

/** When a process was started, in ticks; "0" if the system does not say, undefined if there is no such process. */
function startOf(pid: number): string | undefined {
  if (!fs.existsSync("/proc/self/stat")) return exists(pid) ? "0" : undefined;
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may have spaces in it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
