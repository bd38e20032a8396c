/**
 * Reports what the plugin is doing: at each change, and before its heartbeat is due.
 *
 * @module
 */

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { InvalidOptions, reasonOf } from "../core/errors.js";
import type { Key } from "../core/key.js";
import { later, Signal } from "../core/signal.js";
import { USER_AGENT } from "../core/version.js";
import { AccessService, HealthState, ReportHealthRequestSchema } from "../gen/openclone/v1/access_service_pb.js";

/** What a plugin is doing. */
export type HealthStateName = "capturing" | "paused" | "failing" | "stopped";

const STATES: Readonly<Record<HealthStateName, HealthState>> = {
  capturing: HealthState.CAPTURING,
  paused: HealthState.PAUSED,
  failing: HealthState.FAILING,
  stopped: HealthState.STOPPED,
};
const MAX_REASON = 256;
const CALL = 5000;
const STOP = 1000;
const RETRY_FIRST = 1000;
const RETRY_LAST = 60_000;

/** Who reports. */
export interface ReporterOptions {
  readonly endpoint: string;
  readonly key: Key;
  readonly pluginId: string;
  readonly pluginVersion: string;
  readonly deviceId: string;
  readonly heartbeatSeconds: number;
  readonly queued: () => number;
  readonly debug: (text: string) => void;
}

/** The state, checked, and the reason, cut. */
export function checkReport(state: string, reason: string): [HealthStateName, string] {
  if (!Object.hasOwn(STATES, state)) throw new InvalidOptions(`state must be one of ${Object.keys(STATES).join(", ")}`);
  let cut = reason;
  while (Buffer.byteLength(cut) > MAX_REASON) cut = cut.slice(0, -1);
  return [state as HealthStateName, cut.replace(/[\uD800-\uDBFF]$/, "")];
}

/** Keeps the service informed once there is something to report. Does not keep the program running. */
export class Reporter {
  #report: { state: HealthStateName; reason: string } | undefined;
  #isNews = false;
  #isStopping = false;
  #lastCapture = 0;
  #running: Promise<void> | undefined;
  readonly #changed = new Signal();

  constructor(private readonly options: ReporterOptions) {}

  /** Something was captured now. */
  captured(): void {
    this.#lastCapture = Date.now();
  }

  /** Reports a state from now on. */
  report(state: HealthStateName, reason: string): void {
    this.#isNews ||= this.#report?.state !== state || this.#report.reason !== reason;
    this.#report = { state, reason };
    if (!this.#isStopping) this.#running ??= this.#run();
    this.#changed.notify();
  }

  /** Says that the plugin has ended, if anything was reported before. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#changed.notify();
    await this.#running;
  }

  async #run(): Promise<void> {
    let retry = RETRY_FIRST;
    let dueAt = Infinity;
    while (!this.#isStopping) {
      if (!this.#isNews && Date.now() < dueAt) {
        await this.#changed.wait(dueAt === Infinity ? Infinity : dueAt - Date.now());
        continue;
      }
      this.#isNews = false;
      if (await this.#call(CALL)) {
        retry = RETRY_FIRST;
        dueAt = this.options.heartbeatSeconds > 0 ? Date.now() + this.options.heartbeatSeconds * 1000 : Infinity;
      } else {
        dueAt = Date.now() + retry;
        retry = Math.min(2 * retry, RETRY_LAST);
      }
    }
    this.#report = { state: "stopped", reason: "" };
    await this.#call(STOP);
  }

  async #call(timeout: number): Promise<boolean> {
    const { endpoint, key, pluginId, pluginVersion, deviceId, heartbeatSeconds, queued, debug } = this.options;
    const { state, reason } = this.#report ?? { state: "capturing", reason: "" };
    const request = create(ReportHealthRequestSchema, {
      pluginId, pluginVersion, deviceId, state: STATES[state], reason, heartbeatSeconds, queued: BigInt(queued()),
      ...(this.#lastCapture > 0 ? { lastCapture: timestampFromMs(this.#lastCapture) } : {}),
    });
    const abort = new AbortController();
    const cancel = later(timeout, () => abort.abort(), true);
    try {
      const client = createClient(AccessService, createGrpcTransport({ baseUrl: endpoint, idleConnectionTimeoutMs: 1 }));
      const headers = { "x-api-key": await key.get(), "user-agent": USER_AGENT };
      await client.reportHealth(request, { headers, signal: abort.signal });
      debug(`reported ${state}`);
      return true;
    } catch (error) {
      debug(`the report of its health failed: ${reasonOf(error)}`);
      return false;
    } finally {
      cancel();
    }
  }
}
