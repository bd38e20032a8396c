/**
 * The client for browsers: pages whose origin is in the service's `server.allowed_origins`, and browser extensions.
 *
 * @module
 */

import { Closed, InvalidOptions, NotEnabled, reasonOf, SpoolError, SpoolFull, SpoolLocked } from "../core/errors.js";
import { encodeEvent, type Event } from "../core/event.js";
import { type Key, keyOf, type KeyProvider } from "../core/key.js";
import { CONSENT_REQUIRED, type SourceTypeName } from "../core/names.js";
import { type CheckedOptions, checkNumber, checkOptions, checkWord, encodeHeader } from "../core/options.js";
import type { CommonOptions } from "../core/options.js";
import { PostTransport } from "../core/post.js";
import { Sender, type SenderOptions } from "../core/sender.js";
import { Database } from "./database.js";
import { Store } from "./store.js";
import { UnaryTransport } from "./unary.js";

/** Options of {@link Client.open} in browsers. Times are in seconds. */
export interface WebOptions<S extends SourceTypeName> extends CommonOptions<S> {
  /** The key; a page shows it to everyone who can read the page. */
  readonly apiKey: string | KeyProvider;
  /** The name of the database in the browser. Default: `openclone-<pluginId>`. */
  readonly database?: string | undefined;
  /** Bytes of queued events, which are held in memory as well. Default: 32 MiB. When they are reached, `send` fails with `SpoolFull`. */
  readonly spoolMaxBytes?: number | undefined;
  /** `grpc` is gRPC-Web here. Default: `auto`: gRPC-Web, and JSON where that does not get through. */
  readonly transport?: "auto" | "grpc" | "json" | undefined;
}

/** How a client is doing. */
export interface WebStats {
  readonly queued: number;
  readonly stored: number;
  readonly skipped: number;
  readonly rejected: number;
  readonly spoolBytes: number;
}

/** Seconds that `flush` and `close` take, at most, if nothing else is said. */
const DEFAULT_TIMEOUT = 30;

/** Sends events of one source type to OpenClone, each exactly once. */
export class Client<S extends SourceTypeName = SourceTypeName> implements AsyncDisposable {
  readonly #options: CheckedOptions<S>;
  readonly #sourceType: S;
  readonly #isEnabled: boolean;
  readonly #header: Uint8Array;
  readonly #maxBytes: number;
  readonly #db: Database;
  readonly #store: Store;
  readonly #sender: Sender;
  readonly #release: () => void;
  #closing: Promise<void> | undefined;
  /** The id of this browser: made once for a database, and kept. */
  readonly deviceId: string;

  private constructor(parts: Parts<S>) {
    this.#options = parts.options;
    this.#sourceType = parts.sourceType;
    this.#isEnabled = parts.isEnabled;
    this.#maxBytes = parts.maxBytes;
    this.#db = parts.db;
    this.#store = parts.store;
    this.#release = parts.release;
    this.deviceId = parts.deviceId;
    this.#header = encodeHeader(parts.options, parts.sourceType, parts.deviceId);
    this.#sender = parts.sender;
    parts.store.onChange = () => this.#sender.wake();
    globalThis.addEventListener?.("pagehide", this.#hurry);
  }

  /**
   * Makes a client. What an earlier page has left in the database is sent at once.
   *
   * @throws {@link InvalidOptions}, {@link SpoolLocked}, {@link SpoolError}
   */
  static async open<S extends SourceTypeName>(options: WebOptions<S>): Promise<Client<S>> {
    const { sourceType } = options;
    if (sourceType === undefined) throw new InvalidOptions("sourceType is missing");
    const checked = checkOptions(options, { platform: "web" });
    const key = keyOf(options.apiKey);
    await key.get();
    const maxBytes = checkNumber("spoolMaxBytes", options.spoolMaxBytes ?? 32 * 1024 * 1024, 1024 * 1024, 2 ** 40);
    const sending = senderOptions(checked, key, checkWord("transport", options.transport ?? "auto", ["auto", "grpc", "json"]));
    const name = options.database ?? `openclone-${checked.pluginId}`;
    const release = await hold(name);
    try {
      const db = await Database.open(name);
      let sender: Sender | undefined;
      const maxBatchAge = () => (checked.maxBatchAge === undefined ? (sender?.maxAge ?? 0) : checked.maxBatchAge * 1000);
      const store = new Store(db, { ...checked, maxBytes, maxBatchAge }, await db.waiting());
      const deviceId = await db.deviceId();
      sender = new Sender(store, sending);
      const isEnabled = options.enabled ?? !CONSENT_REQUIRED.has(sourceType);
      return new Client({ options: checked, sourceType, isEnabled, maxBytes, db, store, sender, release, deviceId });
    } catch (error) {
      release();
      throw new SpoolError(`the browser's database cannot be used: ${reasonOf(error)}`);
    }
  }

  /** How the client is doing. */
  get stats(): WebStats {
    return { queued: this.#store.queued, ...this.#sender.counts, spoolBytes: this.#store.bytes };
  }

  /**
   * Queues an event. When the promise resolves, the event is in the browser's database.
   *
   * @throws {@link Closed}, {@link NotEnabled}, {@link InvalidEvent}, {@link EventTooLarge}, {@link SpoolFull}, {@link SpoolError}
   */
  async send(event: Event<S>): Promise<void> {
    if (this.#closing !== undefined) throw new Closed("send after close: open a new client");
    const sourceType = this.#sourceType;
    if (!this.#isEnabled) throw new NotEnabled(`${sourceType} is not enabled: ask the user, then set the option enabled`);
    const bytes = encodeEvent(event as Event, sourceType, () => crypto.randomUUID()).slice();
    if (!this.#store.hasRoom(bytes.length)) throw new SpoolFull(`${this.#store.bytes} of ${this.#maxBytes} bytes are queued`);
    await this.#store.append(this.#header, bytes);
  }

  /**
   * Sends what is queued now, and resolves when each event is acknowledged or set aside.
   *
   * @param timeout - in seconds
   * @throws {@link Timeout}, {@link AccessDenied}
   */
  async flush(timeout: number = DEFAULT_TIMEOUT): Promise<void> {
    await this.#sender.flush(timeout * 1000, "flush");
  }

  /** Flushes, then stops. What could not be sent stays in the database for the next page. */
  close(timeout: number = DEFAULT_TIMEOUT): Promise<void> {
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  /** Closes: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The documented batches of the events that the service has rejected, with the reasons in `rejected`. */
  async rejected(): Promise<string[]> {
    return this.#db.deadLetters();
  }

  /** What may be shown; the key may not. */
  toJSON(): Record<string, unknown> {
    const { endpoint, pluginId, pluginVersion } = this.#options;
    return { endpoint, pluginId, pluginVersion, sourceType: this.#sourceType, ...this.stats };
  }

  toString(): string {
    return `Client ${JSON.stringify(this)}`;
  }

  /** A page that goes away does not wait for its batch to become old. */
  readonly #hurry = (): void => {
    this.#store.hurry(this.#store.end);
    this.#sender.wake();
  };

  async #close(timeout: number): Promise<void> {
    try {
      this.#sender.hurry();
      await this.#sender.flush(timeout * 1000, "close");
    } finally {
      globalThis.removeEventListener?.("pagehide", this.#hurry);
      await this.#sender.stop();
      this.#db.close();
      this.#release();
    }
  }
}

interface Parts<S extends SourceTypeName> {
  readonly options: CheckedOptions<S>;
  readonly sourceType: S;
  readonly isEnabled: boolean;
  readonly maxBytes: number;
  readonly db: Database;
  readonly store: Store;
  readonly sender: Sender;
  readonly release: () => void;
  readonly deviceId: string;
}

/** Holds the database for this page: two would send everything twice. Gives what lets go of it. */
function hold(name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const callback = (lock: unknown) => {
      if (lock === null) return void reject(new SpoolLocked(`${name} is used by another page or client of this origin`));
      return new Promise<void>((release) => resolve(release));
    };
    navigator.locks.request(name, { ifAvailable: true }, callback).catch(reject);
  });
}

function senderOptions(
  options: CheckedOptions<SourceTypeName>,
  key: Key,
  transport: "auto" | "grpc" | "json",
): SenderOptions {
  const { endpoint, responseTimeout } = options;
  const unary = new UnaryTransport(endpoint, key, responseTimeout * 1000);
  const post = new PostTransport(endpoint, key, responseTimeout * 1000);
  const transports = { auto: [unary, post], grpc: [unary], json: [post] } as const;
  return { ...options, key, transports: transports[transport] };
}
