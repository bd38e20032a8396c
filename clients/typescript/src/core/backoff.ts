/**
 * How long to wait before the next attempt.
 *
 * @module
 */

/**
 * Full jitter: a random time between 0 and `min(cap, base * 2^attempt)`, never less than what the service asks for.
 * All in seconds.
 *
 * @param attempt - failures in a row before this one, from 0
 * @param after - what the service asks for, or 0
 */
export function delay(base: number, cap: number, attempt: number, after: number, random: () => number = Math.random): number {
  const most = Math.min(cap, base * 2 ** Math.min(attempt, 60));
  return Math.max(after, random() * most);
}
