/**
 * The real service for a test, on a free port, with a home of its own.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { TestContext } from "node:test";

/** The service's binary, if there is one: `OPENCLONE_BINARY`, or what `make build` leaves. */
export function binary(): string | undefined {
  const target = process.env["CARGO_TARGET_DIR"] ?? path.join(process.env["OPENCLONE_TYPESCRIPT"] ?? ".", "../../target");
  const file = process.env["OPENCLONE_BINARY"] ?? path.join(target, "release", "openclone");
  return fs.existsSync(file) ? file : undefined;
}

/** Why a test that needs the service is left out; false if it is not. */
export const withoutService = binary() === undefined && "the service is not built: set OPENCLONE_BINARY";

/** A running service. */
export interface Service {
  readonly endpoint: string;
  readonly key: string;
  readonly home: string;
  /** All Markdown of the vault. */
  vault(): string;
}

/** Starts it; it ends with the test. */
export async function service(t: TestContext, environment: NodeJS.ProcessEnv = {}): Promise<Service> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "openclone-service-"));
  const child = spawn(binary() ?? "", ["serve", "--home", home, "--listen", "127.0.0.1:0"], {
    env: { PATH: process.env["PATH"], HOME: home, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(async () => {
    if (child.exitCode === null) {
      child.kill();
      await once(child, "exit");
    }
    fs.rmSync(home, { recursive: true });
  });
  const endpoint = await new Promise<string>((resolve, reject) => {
    let said = "";
    const listen = (text: Buffer) => {
      said += text.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found !== null) resolve(found[0]);
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("exit", () => reject(new Error(`the service has ended: ${said}`)));
  });
  const key = /^API_KEY=(\S+)/m.exec(fs.readFileSync(path.join(home, ".env"), "utf8"))?.[1] ?? "";
  return { endpoint, key, home, vault: () => markdown(path.join(home, "vault")) };
}

function markdown(dir: string): string {
  const names = fs.readdirSync(dir, { recursive: true }) as string[];
  return names.filter((name) => name.endsWith(".md")).map((name) => fs.readFileSync(path.join(dir, name), "utf8")).join("\n");
}
