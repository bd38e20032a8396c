/**
 * The JSON endpoint as a transport: one POST for each batch, over connections that are kept.
 *
 * @module
 */

import { ofResponse, type Verdict } from "./answer.js";
import type { Source, Transport } from "./attempt.js";
import { documentedBatch } from "./documented.js";
import { reasonOf } from "./errors.js";
import type { Batch } from "./queue.js";

/** Bytes of a body, at most. */
const MAX_BODY = 1024 * 1024;

/** Sends batches to `POST /api/v1/ingest`. */
export class PostTransport implements Transport {
  readonly window = 1;
  readonly #url: string;
  readonly #key: string;
  readonly #timeout: number;

  /** @param timeout - milliseconds until a batch without an answer is given up */
  constructor(endpoint: string, key: string, timeout: number) {
    this.#url = `${endpoint}/api/v1/ingest`;
    this.#key = key;
    this.#timeout = timeout;
  }

  async run(source: Source, abort: AbortSignal): Promise<Verdict | undefined> {
    for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
      const verdict = await this.#post(batch, abort);
      if (verdict.kind === "failed") return verdict;
      await source.settle(batch, verdict);
    }
    return undefined;
  }

  async #post(batch: Batch, abort: AbortSignal): Promise<Verdict> {
    const body = new TextEncoder().encode(documentedBatch(batch.header, batch.events, Date.now()));
    if (body.length > MAX_BODY) return { kind: "rejected", faults: [], reason: `${body.length} bytes are over 1 MiB` };
    const timeout = AbortSignal.timeout(this.#timeout);
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": this.#key },
        body,
        // The key goes nowhere else.
        redirect: "error",
        signal: AbortSignal.any([abort, timeout]),
      });
      return ofResponse(response.status, await response.text(), response.headers.get("retry-after"), Date.now());
    } catch (error) {
      const reason = timeout.aborted ? `no answer within ${this.#timeout / 1000} s` : reasonOf(error);
      return { kind: "failed", reason: `POST failed: ${reason}`, after: 0, reached: false };
    }
  }
}
