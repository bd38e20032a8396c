/**
 * Which way the next attempt takes, where there are two: the rule of `auto`.
 *
 * Two attempts in a row without a response to any batch lead to the other transport (the detour); if that gets any response, it is
 * used for five minutes, then the first one is tried again. A connection that nobody accepts says nothing about HTTP/2. POSTs are
 * counted by the service, streams are not: a 429 ends the detour.
 *
 * @module
 */

import type { Outcome } from "./response.js";
import type { Attempt, Transport } from "./attempt.js";

/** Attempts without any response before the other transport is tried. */
const MAX_FAILURES = 2;
/** For how long the other transport is used, in milliseconds. */
const DETOUR = 5 * 60_000;

/** Chooses a transport for each attempt. */
export class Route {
  #unacknowledged = 0;
  #detourUntil = 0;

  /** @param transports - in order of preference */
  constructor(private readonly transports: readonly [Transport, Transport?]) {}

  /** What the next attempt uses. */
  next(): Transport {
    const [first, other] = this.transports;
    if (other === undefined) return first;
    if (this.#isOnDetour()) return other;
    this.#detourUntil = 0;
    return this.#unacknowledged >= MAX_FAILURES ? other : first;
  }

  /** Whether an attempt over `transport` is to end, as the first one is to be tried again. */
  isOver(transport: Transport): boolean {
    return !this.#isFirst(transport) && this.#detourUntil > 0 && !this.#isOnDetour();
  }

  /** Whether `transport` takes the place of the first one. */
  isDetour(transport: Transport): boolean {
    return this.transports.length === 2 && !this.#isFirst(transport);
  }

  /** Notes that a batch was acknowledged. */
  noteResponse(transport: Transport): void {
    this.#unacknowledged = 0;
    if (!this.#isFirst(transport) && this.#detourUntil === 0) this.#detourUntil = Date.now() + DETOUR;
    if (this.#isFirst(transport)) this.#detourUntil = 0;
  }

  /** Notes how an attempt failed. */
  noteEnd({ transport, acknowledged }: Attempt, outcome: Outcome): void {
    const isReached = acknowledged > 0 || outcome.kind !== "failed" || outcome.reached;
    const isFirst = this.#isFirst(transport);
    if (isReached) this.noteResponse(transport);
    else if (outcome.isUnreachable !== true || !isFirst) this.#unacknowledged = isFirst ? this.#unacknowledged + 1 : 0;
    const isLimit = outcome.kind === "failed" && outcome.isLimit === true;
    if (!isFirst && (!isReached || isLimit)) this.#detourUntil = 0;
  }

  #isFirst(transport: Transport): boolean {
    return transport === this.transports[0];
  }

  #isOnDetour(): boolean {
    return Date.now() < this.#detourUntil;
  }
}
