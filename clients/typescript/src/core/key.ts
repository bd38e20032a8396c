/**
 * The API key, and where a renewed one comes from.
 *
 * @module
 */

import { InvalidOptions, reasonOf } from "./errors.js";

/** Gives the key; asked for each connection. */
export type KeyProvider = () => string | Promise<string>;

/** The first and the longest pause before another key is asked for, in milliseconds. */
const ASK_FIRST = 1000;
const ASK_LAST = 60_000;

/** Gives the key for each connection. Never shows it. */
export class Key {
  readonly #provide: KeyProvider;
  #used = "";
  #askAt = 0;
  #pause = ASK_FIRST;

  /** @param isRenewable - whether another key may come */
  constructor(
    provide: KeyProvider,
    readonly isRenewable: boolean,
  ) {
    this.#provide = provide;
  }

  /**
   * The key for a connection.
   *
   * @throws {@link InvalidOptions} when there is none
   */
  async get(): Promise<string> {
    this.#used = await this.#ask();
    return this.#used;
  }

  /** The service has rejected the key. */
  rejected(): void {
    this.#pause = ASK_FIRST;
    this.#askAt = Date.now();
  }

  /** Milliseconds until another key should be asked for; infinite if none can come. */
  get askIn(): number {
    return this.isRenewable ? Math.max(0, this.#askAt - Date.now()) : Infinity;
  }

  /** Whether there is another key than the one rejected. */
  async isRenewed(): Promise<boolean> {
    this.#askAt = Date.now() + this.#pause;
    this.#pause = Math.min(2 * this.#pause, ASK_LAST);
    const before = this.#used;
    try {
      return (await this.get()) !== before;
    } catch {
      return false;
    }
  }

  async #ask(): Promise<string> {
    let key: unknown;
    try {
      key = await this.#provide();
    } catch (error) {
      throw new InvalidOptions(`the key cannot be had: ${reasonOf(error)}`);
    }
    return checkKey(key);
  }
}

/** The key, if it can be sent in a header. The message of the error does not have it. */
export function checkKey(key: unknown): string {
  if (typeof key !== "string" || key === "") {
    throw new InvalidOptions("apiKey is missing: set it, or OPENCLONE_API_KEY, API_KEY or OPENCLONE_API_KEY_FILE");
  }
  if (!/^[\x20-\x7e]{1,4096}$/.test(key)) throw new InvalidOptions("apiKey has characters that no key has: printable ASCII only");
  return key;
}

/** A key that is given, or what gives it. */
export function keyOf(given: string | KeyProvider | undefined): Key {
  return typeof given === "function" ? new Key(given, true) : new Key(() => given ?? "", false);
}
