/**
 * The client for Node.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { inspect } from "node:util";

import { Closed, Dropped, InvalidEvent, NotEnabled, reasonOf, SpoolFull } from "../core/errors.js";
import { encodeEvent, type Event, sourceTypeOf } from "../core/event.js";
import type { Key } from "../core/key.js";
import { MemoryTransport } from "../core/memory.js";
import type { SourceTypeName } from "../core/names.js";
import { later } from "../core/signal.js";
import { beforeEnd } from "./exit.js";
import { checkReport, type HealthStateName, Reporter } from "./health.js";
import { type Lane, openLanes } from "./lane.js";
import { type Config, type Manifest, readConfig, readManifest, whyOff } from "./manifest.js";
import { type ClientOptions, nodeOptions, type NodeOptions } from "./options.js";
import { deviceId, isPaused, sharedHome } from "./shared.js";
import { State } from "./state.js";

/** What a client is made of. */
interface Parts {
  readonly memory: MemoryTransport | undefined;
  /** Removed when the client is closed. */
  readonly temporary: string | undefined;
  /** The directory that plugins share. */
  readonly home: string;
  readonly key: Key;
  readonly manifest: Manifest | undefined;
  readonly config: Config;
  readonly whyOff: string | undefined;
  readonly deviceId: string;
  readonly state: State;
}

/** How a client is doing. Counts are of this client, `queued` and `spoolBytes` also of what earlier runs have left. */
export interface Stats {
  /** Events that wait now. */
  readonly queued: number;
  /** Events that the service has stored. */
  readonly stored: number;
  /** Events that the service had already. */
  readonly skipped: number;
  /** Events that were set aside in `dead-letter/`. */
  readonly rejected: number;
  /** Events that were deleted to make room. */
  readonly dropped: number;
  /** Bytes of the spool on disk. */
  readonly spoolBytes: number;
}

/** Seconds that `flush` and `close` take, at most, if nothing else is said. */
const DEFAULT_TIMEOUT = 30;
/** Seconds that closing takes when the program ends, at most. */
const EXIT_TIMEOUT = 5;
/** The same after a signal. */
const SIGNAL_TIMEOUT = 1.5;
/** Events that are queued in one go, at most. */
const BURST = 1000;

/**
 * Sends events to OpenClone, each exactly once.
 *
 * ```ts
 * await using client = await Client.open({ pluginId: "my-plugin", pluginVersion: "1.0.0", sourceType: "braindump" });
 * await client.send({ data: payload.braindump({ text: "Hello!" }) });
 * ```
 */
export class Client<S extends SourceTypeName = SourceTypeName> implements AsyncDisposable {
  readonly #options: NodeOptions<S>;
  readonly #parts: Parts;
  readonly #lanes: readonly Lane[];
  readonly #reporter: Reporter | undefined;
  readonly #forget: () => void;
  #closing: Promise<void> | undefined;
  /** The id of this device: one for all plugins of this user. */
  readonly deviceId: string;
  /** What `fromManifest` has read. */
  readonly manifest: Manifest | undefined;
  /** The plugin's settings that `fromManifest` has read, checked against its `config_schema`. */
  readonly config: Config;
  /** Why `send` would fail with {@link NotEnabled}, and what to do about it; undefined if it would not. */
  readonly whyDisabled: string | undefined;

  private constructor(options: NodeOptions<S>, parts: Parts, lanes: readonly Lane[]) {
    this.#options = options;
    this.#parts = parts;
    this.#lanes = lanes;
    this.deviceId = parts.deviceId;
    this.manifest = parts.manifest;
    this.config = parts.config;
    this.whyDisabled = parts.whyOff;
    const { endpoint, pluginId, pluginVersion, heartbeatSeconds, debug } = options;
    const queued = () => this.stats.queued;
    if (parts.memory === undefined && options.transport !== "json") {
      const { key, deviceId } = parts;
      this.#reporter = new Reporter({ endpoint, key, pluginId, pluginVersion, deviceId, heartbeatSeconds, queued, debug });
      if (heartbeatSeconds > 0 && this.enabled) this.reportHealth("capturing");
    }
    this.#forget = options.flushOnExit ? beforeEnd((isSignal) => (isSignal ? this.#closeQuickly() : this.close(EXIT_TIMEOUT))) : () => {};
  }

  /**
   * Makes a client. What an earlier run has left in the spool is sent at once.
   *
   * @throws {@link InvalidOptions}, {@link SpoolLocked}, {@link SpoolError}
   */
  static async open<S extends SourceTypeName>(options: ClientOptions<S>): Promise<Client<S>> {
    return Client.#open(options, undefined, {});
  }

  /**
   * Makes the client of the plugin in `dir`: its id, version, source types, heartbeat and settings, from `plugin.json` and
   * `openclone.conf`. `dir` is `OPENCLONE_PLUGIN_DIR`, else the working directory, by default. `options` take precedence.
   *
   * @throws {@link InvalidOptions}, {@link SpoolLocked}, {@link SpoolError}
   */
  static async fromManifest(dir?: string, options: Partial<ClientOptions<SourceTypeName>> = {}): Promise<Client> {
    const manifest = readManifest(dir);
    const { id: pluginId, version: pluginVersion, sourceTypes, heartbeatSeconds } = manifest;
    const own = { pluginId, pluginVersion, heartbeatSeconds, ...(options.sourceType === undefined ? { sourceTypes } : {}) };
    return Client.#open({ ...own, ...options }, manifest, readConfig(manifest));
  }

  static async #open<S extends SourceTypeName>(
    options: ClientOptions<S>,
    manifest: Manifest | undefined,
    config: Config,
  ): Promise<Client<S>> {
    const memory = options.transport instanceof MemoryTransport ? options.transport : undefined;
    const { checked: given, key } = nodeOptions(options, process.env);
    await key.get();
    const temporary = memory === undefined ? undefined : fs.mkdtempSync(path.join(os.tmpdir(), "openclone-"));
    const home = temporary ?? sharedHome();
    const checked = temporary !== undefined && options.stateDir === undefined ? { ...given, stateDir: path.join(temporary, "state") } : given;
    const { pluginId, sourceTypes } = checked;
    const { enabled } = options;
    const why = () => whyOff({ pluginId, sourceTypes, manifest, config, home, named: process.env["OPENCLONE_ENABLED"] });
    const off = enabled === false ? `${pluginId} is not switched on: the option enabled is false` : undefined;
    const parts = {
      memory, temporary, home, key, manifest, config, whyOff: enabled === undefined && memory === undefined ? why() : off,
      deviceId: await deviceId(home), state: State.open(checked.stateDir),
    };
    try {
      return new Client(checked, parts, await openLanes(checked, parts));
    } catch (error) {
      parts.state.close();
      throw error;
    }
  }

  /** Whether the plugin is switched on and has the consent that it needs. A plugin that is not exits with status 3. */
  get enabled(): boolean {
    return this.whyDisabled === undefined;
  }

  /** Whether the user has paused capture on this machine. Ask once a second; capture nothing during a pause. */
  isPaused(): boolean {
    return isPaused(this.#parts.home);
  }

  /**
   * Reports what the plugin is doing, now and every `heartbeatSeconds`, over gRPC. Returns at once.
   *
   * @param reason - a sentence without anything that was captured
   * @throws {@link InvalidOptions}
   */
  reportHealth(state: HealthStateName, reason = ""): void {
    const [checked, cut] = checkReport(state, reason);
    this.#parts.memory?.health.push({ state: checked, reason: cut });
    this.#reporter?.report(checked, cut);
  }

  /** How the client is doing. */
  get stats(): Stats {
    const sum = { queued: 0, stored: 0, skipped: 0, rejected: 0, dropped: 0, spoolBytes: 0 };
    for (const { spool, sender } of this.#lanes) {
      const { stored, skipped, rejected } = sender.counts;
      sum.queued += spool.queued;
      sum.stored += stored;
      sum.skipped += skipped;
      sum.rejected += rejected;
      sum.dropped += spool.dropped;
      sum.spoolBytes += spool.bytes;
    }
    return sum;
  }

  /**
   * Queues an event. When the promise resolves, the event is in the spool, and a crash of this program loses nothing. Calls
   * that do not wait for each other are written together: `await Promise.all(events.map((event) => client.send(event)))`.
   *
   * @throws {@link Closed}, {@link NotEnabled}, {@link InvalidEvent}, {@link EventTooLarge}, {@link SpoolFull}, {@link SpoolError}
   */
  send(event: Event<S>): Promise<void> {
    try {
      const lane = this.#laneOf(event);
      const bytes = encodeEvent(event as Event, lane.sourceType, randomUUID);
      this.#reporter?.captured();
      return lane.spool.hasRoom(bytes.length) ? lane.spool.append(bytes) : this.#sendToFull(lane, bytes.slice());
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /**
   * Queues all events of a source, such as an async generator that captures them; resolves when it ends. Gives their number.
   *
   * @throws what {@link Client.send} throws; the events before are queued
   */
  async sendAll(events: AsyncIterable<Event<S>> | Iterable<Event<S>>): Promise<number> {
    let count = 0;
    if (Symbol.asyncIterator in events) {
      for await (const event of events) {
        await this.send(event);
        count++;
      }
      return count;
    }
    let last = Promise.resolve();
    for (const event of events) {
      const sent = this.send(event);
      // All events of one write have the same promise. Now and then the event loop has its turn.
      if (sent !== last || count % BURST === 0) await last;
      last = sent;
      count++;
    }
    await last;
    return count;
  }

  /**
   * Sends what is queued now, and resolves when each event is acknowledged or set aside.
   *
   * @param timeout - in seconds
   * @throws {@link Timeout}, {@link AccessDenied}, {@link SpoolError}
   */
  async flush(timeout: number = DEFAULT_TIMEOUT): Promise<void> {
    if (this.#closing !== undefined) throw new Closed("flush after close: what was queued has been sent, or is sent by the next start");
    await this.#flush(timeout, "flush");
  }

  /**
   * Flushes, then stops. What could not be sent stays in the spool for the next start. The client is closed in any case.
   *
   * @param timeout - in seconds
   * @throws {@link Timeout}, {@link AccessDenied}, {@link SpoolError}
   */
  close(timeout: number = DEFAULT_TIMEOUT): Promise<void> {
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  /** Closes: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What may be shown; the key may not. */
  toJSON(): Record<string, unknown> {
    const { endpoint, pluginId, pluginVersion, sourceTypes, stateDir } = this.#options;
    return { endpoint, pluginId, pluginVersion, sourceType: sourceTypes.join(","), stateDir, ...this.stats };
  }

  toString(): string {
    return `Client ${inspect(this.toJSON(), { breakLength: Infinity })}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  #laneOf({ sourceType, data }: Event<S>): Lane {
    if (this.#closing !== undefined) throw new Closed("send after close: open a new client");
    if (this.whyDisabled !== undefined) throw new NotEnabled(this.whyDisabled);
    const { sourceTypes } = this.#options;
    const name = sourceType ?? sourceTypeOf(data);
    const [first] = this.#lanes;
    if (sourceTypes.length === 1 && sourceType === undefined && first !== undefined) return first;
    const found = this.#lanes.find((lane) => lane.sourceType === name);
    if (found !== undefined && sourceTypes.some((known) => known === name)) return found;
    throw new InvalidEvent(`sourceType ${name ?? "(missing)"}: this client has ${sourceTypes.join(", ")}`);
  }

  async #sendToFull(lane: Lane, bytes: Uint8Array): Promise<void> {
    const { spool, sender } = lane;
    const until = Date.now() + this.#options.blockTimeout * 1000;
    while (!spool.hasRoom(bytes.length)) {
      if (this.#options.onFull === "reject") throw this.#full(lane);
      if (this.#options.onFull === "drop_oldest" && this.#drop(lane)) continue;
      // What is full is sent, also the last batch.
      spool.commit();
      spool.hurry(spool.end);
      sender.wake();
      if (Date.now() >= until) throw this.#full(lane);
      await this.#roomUntil(lane, until);
      if (this.#closing !== undefined) throw new Closed("the client was closed while the spool was full");
    }
    await spool.append(bytes);
  }

  #drop({ spool, sender }: Lane): boolean {
    const lost = spool.dropOldest((origin) => sender.isSending(origin));
    if (lost > 0) this.#options.onError(new Dropped(`the spool is full: its ${lost} oldest events were dropped`));
    return lost > 0;
  }

  #full({ spool }: Lane): SpoolFull {
    return new SpoolFull(`the spool holds ${spool.bytes} of ${spool.maxBytes} bytes: is the service reachable?`);
  }

  /** Waits for a change; unlike everything else here this keeps the program running. */
  async #roomUntil({ room }: Lane, until: number): Promise<void> {
    const cancel = later(until - Date.now(), () => room.notify(), true);
    await room.wait();
    cancel();
  }

  async #flush(timeout: number, what: string): Promise<void> {
    await each(this.#lanes, async ({ spool, sender }) => {
      await spool.sync();
      await sender.flush(timeout * 1000, what);
    });
  }

  /** After a signal: within 2 s, and says what stays queued. */
  async #closeQuickly(): Promise<void> {
    try {
      await this.close(SIGNAL_TIMEOUT);
    } catch (error) {
      console.error(`openclone: ${reasonOf(error)}`);
    }
    const { queued } = this.stats;
    if (queued > 0) console.error(`openclone: ${queued} events stay queued in ${this.#options.stateDir} and are sent after the next start`);
  }

  async #close(timeout: number): Promise<void> {
    try {
      for (const { sender } of this.#lanes) sender.hurry();
      await this.#flush(timeout, "close");
    } finally {
      this.#forget();
      await Promise.all([this.#reporter?.stop(), ...this.#lanes.map(({ sender }) => sender.stop())]);
      for (const { room } of this.#lanes) room.notify();
      try {
        await each(this.#lanes, ({ spool }) => spool.close());
      } finally {
        this.#parts.state.close();
        if (this.#parts.temporary !== undefined) fs.rmSync(this.#parts.temporary, { recursive: true, force: true });
      }
    }
  }
}

/** Does it for all, and then throws the first error. */
async function each(lanes: readonly Lane[], action: (lane: Lane) => Promise<void>): Promise<void> {
  for (const result of await Promise.allSettled(lanes.map(action))) if (result.status === "rejected") throw result.reason;
}
