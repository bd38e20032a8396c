/**
 * One attempt to send, which lasts for as long as all goes well: see `sender.ts`.
 *
 * @module
 */

import type { Outcome } from "./response.js";
import { type OpenCloneError, reasonOf, SpoolError } from "./errors.js";
import type { Batch } from "./queue.js";

/** Where a transport gets its batches from, and where it takes the responses to. */
export interface Source {
  /** The next batch, when there is one and few enough are without a response; undefined when the attempt is to end. */
  next(): Promise<Batch | undefined>;
  /** Hands in the response to a batch. */
  resolve(batch: Batch, outcome: Outcome): Promise<void>;
  /** Reported whether anything is without a response, whenever that changes. */
  onBusy: ((busy: boolean) => void) | undefined;
}

/** A way to the service. */
export interface Transport {
  /** Batches without a response, at most. */
  readonly window: number;
  /**
   * Makes one attempt: sends what `source` gives until it gives nothing more.
   *
   * @returns why the attempt failed, if it did. Never throws.
   */
  run(source: Source, abort: AbortSignal): Promise<Outcome | undefined>;
}

/** What an attempt may do with its sender. */
export interface Access {
  isOver(): boolean;
  readonly inFlight: ReadonlySet<Batch>;
  /** The next batch, if one is ready; in flight from then on. */
  take(): Promise<Batch | undefined>;
  idle(isFull: boolean): Promise<void>;
  wake(): void;
  /** A batch that is in flight is to be sent again. */
  giveBack(batch: Batch): void;
  acknowledged(): void;
  succeed(batch: Batch, outcome: Outcome): Promise<OpenCloneError | undefined>;
}

/** One attempt: see the module. */
export class Attempt implements Source {
  onBusy: ((busy: boolean) => void) | undefined;
  /** Batches that were acknowledged. */
  acknowledged = 0;
  /** What a response said that ends the attempt. */
  halted: Outcome | undefined;
  /** What went wrong here rather than there. */
  error: OpenCloneError | undefined;
  #isEnded = false;

  constructor(
    private readonly access: Access,
    readonly transport: Transport,
  ) {}

  async run(abort: AbortSignal): Promise<Outcome | undefined> {
    const outcome = await this.transport.run(this, abort);
    this.#isEnded = true;
    this.access.wake();
    return outcome;
  }

  async next(): Promise<Batch | undefined> {
    while (!this.#isOver()) {
      const isFull = this.access.inFlight.size >= this.transport.window;
      const batch = isFull ? undefined : await this.#take();
      if (batch !== undefined) return this.#begin(batch);
      if (this.#isOver()) break;
      this.onBusy?.(this.access.inFlight.size > 0);
      await this.access.idle(isFull);
    }
    return undefined;
  }

  async resolve(batch: Batch, outcome: Outcome): Promise<void> {
    if (this.#isEnded) return;
    this.acknowledged++;
    this.access.acknowledged();
    if (outcome.kind === "taken" || outcome.kind === "rejected" || outcome.kind === "clock") {
      const error = await this.access.succeed(batch, outcome);
      if (error !== undefined) this.#fail(error);
      return;
    }
    this.access.giveBack(batch);
    this.#halt(outcome);
  }

  #isOver(): boolean {
    return this.#isEnded || this.halted !== undefined || this.access.isOver();
  }

  async #take(): Promise<Batch | undefined> {
    try {
      return await this.access.take();
    } catch (error) {
      this.#fail(new SpoolError(`the queue cannot be read: ${reasonOf(error)}`));
      return undefined;
    }
  }

  #fail(error: OpenCloneError): void {
    this.error = error;
    this.#halt({ kind: "failed", reason: error.message, after: 0, reached: true });
  }

  /** Ends the attempt once what is in flight has been acknowledged. */
  #halt(outcome: Outcome): void {
    this.halted ??= outcome;
    this.access.wake();
  }

  #begin(batch: Batch): Batch | undefined {
    if (this.#isOver()) {
      this.access.giveBack(batch);
      return undefined;
    }
    this.onBusy?.(true);
    return batch;
  }
}
