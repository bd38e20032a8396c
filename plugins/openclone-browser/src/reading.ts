/** Measures how long a page is read: visible, focused, and with a sign of life within the last minute. No timer runs. */

/** Milliseconds without any input after which nobody reads. */
export const IDLE = 60_000;

export class ReadingTime {
  #total = 0;
  /** When the last sign of life was, while the page is in front; otherwise null. */
  #last: number | null = null;

  /** The page is in front, or the user has done something. */
  active(now: number): void {
    this.#count(now);
    this.#last = now;
  }

  /** The page is no longer in front. */
  away(now: number): void {
    this.#count(now);
    this.#last = null;
  }

  /** Whole seconds read so far. */
  seconds(now: number): number {
    const running = this.#last === null ? 0 : Math.min(Math.max(now - this.#last, 0), IDLE);
    return Math.round((this.#total + running) / 1000);
  }

  #count(now: number): void {
    if (this.#last !== null) this.#total += Math.min(Math.max(now - this.#last, 0), IDLE);
  }
}
