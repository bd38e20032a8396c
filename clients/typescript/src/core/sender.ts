/**
 * Takes batches from the queue, hands them to a transport, and sees to what comes back.
 *
 * Sending happens in attempts. An attempt is one stream, or a row of POSTs; it lasts for as long as all goes well, also while
 * there is nothing to send. What has no response when an attempt ends is sent again by the next one, after a pause.
 *
 * An event is in one of five places until it is done: not taken yet (the queue), being taken, in flight, waiting to be sent
 * again, or parked because of the clock. Flushing is done when none of them has an event that is older.
 *
 * @module
 */

import type { Outcome } from "./response.js";
import { type Access, Attempt, type Transport } from "./attempt.js";
import { delay } from "./backoff.js";
import { AccessDenied, Clock, type OpenCloneError, reasonOf, SpoolError, Timeout, Unavailable } from "./errors.js";
import type { Key } from "./key.js";
import type { Rejected } from "./options.js";
import type { Batch, Queue } from "./queue.js";
import { Route } from "./route.js";
import { later, Signal } from "./signal.js";
import { pick, type RejectedBatch, split } from "./split.js";

/** What a sender needs to know. */
export interface SenderOptions {
  readonly retryBase: number;
  readonly retryCap: number;
  /** Seconds until what is ahead of the service's clock is sent again. */
  readonly clockRetry: number;
  readonly onError: (error: OpenCloneError) => void;
  readonly onRejected: (rejected: Rejected) => void;
  readonly onRecovered?: () => void;
  readonly debug?: (text: string) => void;
  /** The key, if another one may come. */
  readonly key?: Key;
  /** Whether the first transport is a stream, on which batches are not counted. */
  readonly hasStream?: boolean;
  /** Ways to the service in order of preference: one, or the stream and what it falls back to. */
  readonly transports: readonly [Transport, Transport?];
}

/** Failures in a row before `onError` is called. */
const LASTING = 3;
/** Milliseconds that the first event of a batch waits for others: requests are limited, streams are not. */
const STREAM_AGE = 5000;
const POST_AGE = 15_000;
const LONGEST_AGE = 240_000;
/** Batches kept because of the clock, beyond which nothing more is taken from the queue. */
const MAX_PARKED = 32;

/** Sends what is in the queue, for as long as it is not stopped. */
export class Sender {
  readonly counts = { stored: 0, skipped: 0, rejected: 0 };
  readonly #queue: Queue;
  readonly #options: SenderOptions;
  readonly #route: Route;
  readonly #wake = new Signal();
  readonly #progress = new Signal();
  readonly #abort = new AbortController();
  readonly #inFlight = new Set<Batch>();
  readonly #taking = new Set<{ position: number }>();
  #again: Batch[] = [];
  /** What the service finds ahead of its clock, and when it is sent again. */
  #parked: { readonly until: number; readonly batch: Batch }[] = [];
  #denied: AccessDenied | undefined;
  #failure: OpenCloneError | undefined;
  #failures = 0;
  #reported = "";
  #isTold = false;
  #postAge = POST_AGE;
  #isStream: boolean;
  #isStopped = false;
  #pause: { until: number; isAsked: boolean } | undefined;
  readonly #done: Promise<void>;

  constructor(queue: Queue, options: SenderOptions) {
    this.#queue = queue;
    this.#options = options;
    this.#route = new Route(options.transports);
    this.#isStream = options.hasStream ?? false;
    this.#done = this.#run();
  }

  /** Why the key is not good, once the service has said so. */
  get denied(): AccessDenied | undefined {
    return this.#denied;
  }

  /** How long the first event of a batch waits for others, in milliseconds, unless the plugin says how long. */
  get maxAge(): number {
    return this.#isStream ? STREAM_AGE : this.#postAge;
  }

  /** Says that there may be something to send, or less than before. */
  wake(): void {
    this.#wake.notify();
    this.#progress.notify();
  }

  /**
   * Sends what is queued now, and resolves when each event is acknowledged or set aside.
   *
   * @param timeout - in milliseconds
   * @throws {@link Timeout}, {@link AccessDenied}
   */
  async flush(timeout: number, what: string): Promise<void> {
    const end = this.#queue.end;
    this.#queue.hurry(end);
    this.#wake.notify();
    let isLate = false;
    const cancel = later(timeout, () => ((isLate = true), this.#progress.notify()), true);
    try {
      while (this.#denied === undefined && this.#oldest() < end) {
        if (isLate) throw this.#timeout(timeout, what);
        await this.#progress.wait();
      }
    } finally {
      cancel();
    }
    if (this.#denied !== undefined) throw this.#denied;
  }

  /** Whether a batch of this origin is in flight. */
  isSending(origin: unknown): boolean {
    for (const batch of this.#inFlight) if (batch.origin === origin) return true;
    return false;
  }

  /** Makes the next attempt at once, unless the service has asked to wait. */
  hurry(): void {
    if (this.#pause?.isAsked === false) this.#pause.until = 0;
    this.#wake.notify();
  }

  /** Ends the attempt, whatever is without a response. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#abort.abort();
    this.#wake.notify();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      if (this.#denied !== undefined || !this.#hasWork()) {
        await this.#idle();
        continue;
      }
      const transport = this.#route.next();
      this.#isStream = (this.#options.hasStream ?? false) && transport === this.#options.transports[0];
      this.#options.debug?.(`attempt over ${transport.constructor.name}`);
      const attempt = new Attempt(this.#access(transport), transport);
      const outcome = (await attempt.run(this.#abort.signal)) ?? attempt.halted;
      const isLost = this.#inFlight.size > 0;
      this.#again = [...this.#inFlight, ...this.#again].sort((a, b) => a.position - b.position);
      this.#inFlight.clear();
      if (this.#isStopped) return;
      if (outcome !== undefined || isLost) await this.#failed(attempt, outcome ?? ENDED, isLost);
    }
  }

  #hasWork(): boolean {
    return this.#again.length > 0 || this.#readyAt() <= Date.now();
  }

  /** When something can be taken: from what is parked, or from the queue. */
  #readyAt(): number {
    const retryAt = this.#parked[0]?.until ?? Infinity;
    return this.#parked.length >= MAX_PARKED ? retryAt : Math.min(retryAt, this.#queue.readyAt());
  }

  /** Waits until something may have changed. */
  async #idle(): Promise<void> {
    if (this.#denied !== undefined) return this.#awaitKey();
    const readyAt = this.#readyAt();
    await this.#wake.wait(readyAt === Infinity ? Infinity : Math.max(1, readyAt - Date.now()));
  }

  /** Goes on when there is another key. */
  async #awaitKey(): Promise<void> {
    const { key } = this.#options;
    await this.#wake.wait(key?.askIn ?? Infinity);
    if (this.#isStopped || key === undefined || key.askIn > 0 || !(await key.isRenewed())) return;
    this.#denied = undefined;
    this.#failure = undefined;
  }

  async #failed(attempt: Attempt, outcome: Outcome, isLost: boolean): Promise<void> {
    this.#route.noteEnd(attempt, outcome);
    this.#options.debug?.(`attempt failed: ${"reason" in outcome ? outcome.reason : outcome.kind}`);
    if (outcome.kind === "failed" && outcome.isLimit === true) this.#postAge = Math.min(2 * this.#postAge, LONGEST_AGE);
    if (outcome.kind === "denied") return this.#deny(outcome.reason);
    // A stream may end while there is nothing to send; a new one is opened when there is.
    if (!isLost && attempt.acknowledged > 0 && attempt.halted === undefined && !this.#hasWork()) return;
    const reason = "reason" in outcome ? outcome.reason : "";
    this.#report(outcome.kind === "clock" ? new Clock(clockText(reason)) : (attempt.error ?? new Unavailable(reason)));
    const after = outcome.kind === "failed" ? outcome.after : 0;
    const seconds = delay(this.#options.retryBase, this.#options.retryCap, this.#failures++, after);
    this.#pause = { until: Date.now() + seconds * 1000, isAsked: after > 0 };
    while (!this.#isStopped && this.#pause.until > Date.now()) await this.#wake.wait(this.#pause.until - Date.now());
    this.#pause = undefined;
  }

  #deny(reason: string): void {
    this.#denied = new AccessDenied(`the service rejects the key (${reason}): sending has stopped, the spool is kept`);
    this.#options.key?.rejected();
    this.#isTold = true;
    this.#options.onError(this.#denied);
    this.#progress.notify();
  }

  /** Tells of a failure once it lasts, and once only until something has worked. */
  #report(error: OpenCloneError): void {
    this.#failure = error;
    const isLasting = error.name !== "Unavailable" || this.#failures + 1 >= LASTING;
    if (!isLasting || this.#reported === error.name) return;
    this.#reported = error.name;
    this.#isTold = true;
    this.#options.onError(error);
  }

  /** The place of the first event that is neither acknowledged nor set aside. */
  #oldest(): number {
    let oldest = this.#queue.position;
    for (const { position } of this.#taking) oldest = Math.min(oldest, position);
    for (const batch of this.#inFlight) oldest = Math.min(oldest, batch.position);
    const waiting = [...this.#again, ...this.#parked.map(({ batch }) => batch)];
    for (const batch of waiting) if (this.#queue.holds(batch)) oldest = Math.min(oldest, batch.position);
    return oldest;
  }

  #timeout(milliseconds: number, what: string): Timeout {
    const last = this.#failure === undefined ? "" : `; the last failure: ${this.#failure.message}`;
    return new Timeout(`${what} took longer than ${milliseconds / 1000} s, what is queued stays in the spool${last}`);
  }

  /** What an attempt may do with the sender. */
  #access(transport: Transport): Access {
    return {
      isOver: () => this.#isStopped || this.#route.isOver(transport),
      inFlight: this.#inFlight,
      take: () => this.#take(this.#route.isDetour(transport)),
      idle: (isFull) => (isFull ? this.#wake.wait() : this.#idle()),
      wake: () => this.#wake.notify(),
      giveBack: (batch) => {
        this.#inFlight.delete(batch);
        this.#again.unshift(batch);
      },
      acknowledged: () => this.#route.noteResponse(transport),
      succeed: (batch, outcome) => this.#succeed(batch, outcome),
    };
  }

  /** The next batch, in flight from now on. */
  async #take(isDetour: boolean): Promise<Batch | undefined> {
    if (this.#again.length === 0 && (this.#parked[0]?.until ?? Infinity) <= Date.now()) {
      this.#again.push(...this.#parked.splice(0, 1).map(({ batch }) => batch));
    }
    for (let batch = this.#again.shift(); batch !== undefined; batch = this.#again.shift()) {
      if (!this.#queue.holds(batch)) continue;
      this.#inFlight.add(batch);
      return batch;
    }
    const mayTake = this.#parked.length < MAX_PARKED && this.#queue.readyAt() <= Date.now();
    return mayTake ? this.#takeNew(isDetour) : undefined;
  }

  async #takeNew(isDetour: boolean): Promise<Batch | undefined> {
    // While the queue reads it, it is in no other place.
    const taking = { position: this.#queue.position };
    this.#taking.add(taking);
    try {
      const batch = await this.#queue.take(isDetour);
      if (batch !== undefined) this.#inFlight.add(batch);
      return batch;
    } finally {
      this.#taking.delete(taking);
    }
  }

  /** Sees to a batch that was taken or rejected. Gives what keeps it from that, if anything does. */
  async #succeed(batch: Batch, outcome: Outcome): Promise<OpenCloneError | undefined> {
    this.#failures = 0;
    if (outcome.kind === "clock") {
      this.#park(batch, outcome);
      return undefined;
    }
    this.#failure = undefined;
    this.#reported = "";
    let failure: OpenCloneError | undefined;
    if (outcome.kind === "taken") {
      this.counts.stored += outcome.stored;
      this.counts.skipped += outcome.skipped;
      this.#queue.done(batch);
      this.#options.debug?.(`${batch.events.length} events accepted, ${outcome.stored} stored`);
      if (this.#isTold) this.#options.onRecovered?.();
      this.#isTold = false;
    } else if (outcome.kind === "rejected") {
      failure = await this.#divide(batch, outcome);
    }
    this.#inFlight.delete(batch);
    this.#progress.notify();
    this.#wake.notify();
    return failure;
  }

  /** Keeps what is ahead of the service's clock; the rest of the batch is sent again. */
  #park(batch: Batch, { events, reason }: Outcome & { kind: "clock" }): void {
    const { chosen, rest } = pick(batch, events);
    this.#parked.push({ until: Date.now() + this.#options.clockRetry * 1000, batch: chosen });
    if (rest !== undefined) this.#again.unshift(rest);
    this.#inFlight.delete(batch);
    this.#report(new Clock(clockText(reason)));
    this.#wake.notify();
  }

  async #divide(batch: Batch, outcome: Outcome & { kind: "rejected" }): Promise<OpenCloneError | undefined> {
    const { rejecteds, again } = split(batch, outcome.violations, outcome.reason);
    this.#again.unshift(...again);
    let failure: OpenCloneError | undefined;
    for (const rejected of rejecteds) {
      failure ??= await this.#setAside(rejected);
      // What cannot be set aside is sent again, and rejected again, until it can.
      if (failure !== undefined) this.#again.push(rejected.batch);
    }
    return failure;
  }

  async #setAside({ batch, reasons }: RejectedBatch): Promise<OpenCloneError | undefined> {
    const [event] = batch.events;
    if (event === undefined) return undefined;
    try {
      const found = await this.#queue.setAside(batch.header, event, reasons);
      this.counts.rejected++;
      this.#queue.done(batch);
      this.#options.onRejected({ ...found, reasons });
      return undefined;
    } catch (error) {
      return new SpoolError(`a rejected event cannot be set aside: ${reasonOf(error)}`);
    }
  }
}

const ENDED: Outcome = { kind: "failed", reason: "the stream ended before all responses had come", after: 0, reached: false };

function clockText(reason: string): string {
  return `the service finds events ahead of its clock (${reason}): set the clock of this machine; they are kept and sent again`;
}
