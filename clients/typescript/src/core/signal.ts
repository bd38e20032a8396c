/**
 * Waiting without keeping the program alive.
 *
 * @module
 */

/** The longest time that a timer can wait. */
const MAX_TIMER = 2 ** 31 - 1;

/** Something that happens again and again, and can be waited for. */
export class Signal {
  #resolve: (() => void) | undefined;
  #promise: Promise<void> | undefined;

  /** Wakes everyone who waits. */
  notify(): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    this.#promise = undefined;
    resolve?.();
  }

  /** Resolves with the next {@link notify}, or after `milliseconds`. */
  async wait(milliseconds = Infinity): Promise<void> {
    this.#promise ??= new Promise((resolve) => (this.#resolve = resolve));
    if (milliseconds === Infinity) return this.#promise;
    let cancel = () => {};
    const timer = new Promise<void>((resolve) => (cancel = later(milliseconds, resolve)));
    await Promise.race([this.#promise, timer]);
    cancel();
  }
}

/**
 * Calls back after some milliseconds; by itself this does not keep the program running.
 *
 * @returns what cancels it
 */
export function later(milliseconds: number, callback: () => void, keepsAlive = false): () => void {
  const timer: unknown = setTimeout(callback, Math.min(Math.max(0, milliseconds), MAX_TIMER));
  if (!keepsAlive) (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer as number);
}
