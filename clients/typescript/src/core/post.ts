/**
 * The JSON endpoint as a transport: one POST for each batch, over connections that are kept.
 *
 * @module
 */

import { ofResponse, type Outcome } from "./response.js";
import type { Source, Transport } from "./attempt.js";
import { documentedBatch } from "./documented.js";
import { reasonOf } from "./errors.js";
import type { Key } from "./key.js";
import type { Batch } from "./queue.js";

/** Bytes of a body, at most. */
const MAX_BODY = 1024 * 1024;

/** Sends batches to `POST /api/v1/ingest`. */
export class PostTransport implements Transport {
  readonly window = 1;
  readonly #url: string;
  readonly #key: Key;
  readonly #timeout: number;

  /** @param timeout - milliseconds until a batch without a response is given up */
  constructor(endpoint: string, key: Key, timeout: number, private readonly userAgent?: string) {
    this.#url = `${endpoint}/api/v1/ingest`;
    this.#key = key;
    this.#timeout = timeout;
  }

  async run(source: Source, abort: AbortSignal): Promise<Outcome | undefined> {
    for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
      const outcome = await this.#post(batch, abort);
      if (outcome.kind === "failed") return outcome;
      await source.resolve(batch, outcome);
    }
    return undefined;
  }

  async #post(batch: Batch, abort: AbortSignal): Promise<Outcome> {
    const body = new TextEncoder().encode(documentedBatch(batch.header, batch.events, Date.now()));
    if (body.length > MAX_BODY) return { kind: "rejected", violations: [], reason: `${body.length} bytes are over 1 MiB` };
    const timeout = AbortSignal.timeout(this.#timeout);
    try {
      // Browsers name themselves.
      const agent: Record<string, string> = this.userAgent === undefined ? {} : { "user-agent": this.userAgent };
      const response = await fetch(this.#url, {
        method: "POST",
        headers: { ...agent, "content-type": "application/json", "x-api-key": await this.#key.get() },
        body,
        // The key goes nowhere else.
        redirect: "error",
        signal: AbortSignal.any([abort, timeout]),
      });
      return ofResponse(response.status, await response.text(), response.headers.get("retry-after"), Date.now());
    } catch (error) {
      const reason = timeout.aborted ? `no response within ${this.#timeout / 1000} s` : reasonOf(error);
      return { kind: "failed", reason: `POST failed: ${reason}`, after: 0, reached: false };
    }
  }
}
