/**
 * The client for Node.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { inspect } from "node:util";

import { Closed, Dropped, NotEnabled, SpoolFull } from "../core/errors.js";
import { encodeEvent, type Event } from "../core/event.js";
import type { SourceTypeName } from "../core/names.js";
import { encodeHeader } from "../core/options.js";
import { PostTransport } from "../core/post.js";
import { Sender, type SenderOptions } from "../core/sender.js";
import { later, Signal } from "../core/signal.js";
import { beforeEnd } from "./exit.js";
import { type ClientOptions, nodeOptions, type NodeOptions } from "./options.js";
import { Spool } from "./spool.js";
import { State } from "./state.js";
import { StreamTransport } from "./stream.js";

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
/** Events that are queued in one go, at most. */
const BURST = 1000;

/**
 * Sends events of one source type to OpenClone, each exactly once.
 *
 * ```ts
 * await using client = await Client.open({ pluginId: "my-plugin", pluginVersion: "1.0.0", sourceType: "braindump" });
 * await client.send({ data: payload.braindump({ text: "Hello!" }) });
 * ```
 */
export class Client<S extends SourceTypeName = SourceTypeName> implements AsyncDisposable {
  readonly #options: NodeOptions<S>;
  readonly #state: State;
  readonly #spool: Spool;
  readonly #sender: Sender;
  readonly #room = new Signal();
  readonly #forget: () => void;
  #closing: Promise<void> | undefined;

  private constructor(options: NodeOptions<S>, key: string, state: State, spool: Spool) {
    this.#options = options;
    this.#state = state;
    this.#spool = spool;
    this.#sender = new Sender(spool, senderOptions(options, key));
    spool.onChange = () => {
      this.#sender.wake();
      this.#room.notify();
    };
    this.#forget = options.flushOnExit ? beforeEnd(() => this.close(EXIT_TIMEOUT)) : () => {};
  }

  /**
   * Makes a client. What an earlier run has left in the spool is sent at once.
   *
   * @throws {@link InvalidOptions}, {@link SpoolLocked}, {@link SpoolError}
   */
  static async open<S extends SourceTypeName>(options: ClientOptions<S>): Promise<Client<S>> {
    const { checked, key } = nodeOptions(options, process.env);
    const state = State.open(checked.stateDir);
    try {
      const spool = await Spool.open({
        stateDir: state.dir,
        header: encodeHeader(checked, state.deviceId),
        maxBytes: checked.spoolMaxBytes,
        maxBatchEvents: checked.maxBatchEvents,
        maxBatchAge: checked.maxBatchAge * 1000,
        onError: checked.onError,
      });
      return new Client(checked, key, state, spool);
    } catch (error) {
      state.close();
      throw error;
    }
  }

  /** The id of this device: made once for a state directory, and kept. */
  get deviceId(): string {
    return this.#state.deviceId;
  }

  /** How the client is doing. */
  get stats(): Stats {
    const { queued, dropped, bytes } = this.#spool;
    return { queued, ...this.#sender.counts, dropped, spoolBytes: bytes };
  }

  /**
   * Queues an event. When the promise resolves, the event is in the spool, and a crash of this program loses nothing. Calls
   * that do not wait for each other are written together: `await Promise.all(events.map((event) => client.send(event)))`.
   *
   * @throws {@link Closed}, {@link NotEnabled}, {@link InvalidEvent}, {@link EventTooLarge}, {@link SpoolFull}, {@link SpoolError}
   */
  send(event: Event<S>): Promise<void> {
    try {
      const bytes = this.#encode(event);
      return this.#spool.hasRoom(bytes.length) ? this.#spool.append(bytes) : this.#sendToFull(bytes.slice());
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
    const { endpoint, pluginId, pluginVersion, sourceType, stateDir } = this.#options;
    return { endpoint, pluginId, pluginVersion, sourceType, stateDir, ...this.stats };
  }

  toString(): string {
    return `Client ${inspect(this.toJSON(), { breakLength: Infinity })}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  #encode(event: Event<S>): Uint8Array {
    if (this.#closing !== undefined) throw new Closed("send after close: open a new client");
    const { enabled, sourceType } = this.#options;
    if (!enabled) throw new NotEnabled(`${sourceType} is not enabled: ask the user, then set OPENCLONE_ENABLED=true, or the option enabled`);
    return encodeEvent(event as Event, sourceType, randomUUID);
  }

  async #sendToFull(bytes: Uint8Array): Promise<void> {
    const until = Date.now() + this.#options.blockTimeout * 1000;
    while (!this.#spool.hasRoom(bytes.length)) {
      if (this.#options.onFull === "reject") throw this.#full();
      if (this.#options.onFull === "drop_oldest" && this.#drop()) continue;
      // What is full is sent, also the last batch.
      this.#spool.commit();
      this.#spool.hurry(this.#spool.end);
      this.#sender.wake();
      if (Date.now() >= until) throw this.#full();
      await this.#roomUntil(until);
      if (this.#closing !== undefined) throw new Closed("the client was closed while the spool was full");
    }
    await this.#spool.append(bytes);
  }

  #drop(): boolean {
    const lost = this.#spool.dropOldest((origin) => this.#sender.isSending(origin));
    if (lost > 0) this.#options.onError(new Dropped(`the spool is full: its ${lost} oldest events were dropped`));
    return lost > 0;
  }

  #full(): SpoolFull {
    return new SpoolFull(`the spool holds ${this.#spool.bytes} of ${this.#options.spoolMaxBytes} bytes: is the service reachable?`);
  }

  /** Waits for a change; unlike everything else here this keeps the program running. */
  async #roomUntil(until: number): Promise<void> {
    const cancel = later(until - Date.now(), () => this.#room.notify(), true);
    await this.#room.wait();
    cancel();
  }

  async #flush(timeout: number, what: string): Promise<void> {
    await this.#spool.sync();
    await this.#sender.flush(timeout * 1000, what);
  }

  async #close(timeout: number): Promise<void> {
    try {
      this.#sender.hurry();
      await this.#flush(timeout, "close");
    } finally {
      this.#forget();
      await this.#sender.stop();
      this.#room.notify();
      try {
        await this.#spool.close();
      } finally {
        this.#state.close();
      }
    }
  }
}

function senderOptions(options: NodeOptions<SourceTypeName>, key: string): SenderOptions {
  const { endpoint, retryBase, retryCap, clockRetry, onError, onRejected, responseTimeout } = options;
  const stream = new StreamTransport(endpoint, key, responseTimeout * 1000);
  const post = new PostTransport(endpoint, key, responseTimeout * 1000);
  const transports = { auto: [stream, post], grpc: [stream], json: [post] } as const;
  return { retryBase, retryCap, clockRetry, onError, onRejected, transports: transports[options.transport] };
}
