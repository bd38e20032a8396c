/**
 * gRPC-Web as a transport: one `IngestBatch` for each batch, as browsers have no streams of requests.
 *
 * @module
 */

import { create } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import { ofError, type Outcome } from "../core/response.js";
import type { Source, Transport } from "../core/attempt.js";
import type { Key } from "../core/key.js";
import type { Batch } from "../core/queue.js";
import { delimitedBatch } from "../core/wire.js";
import { IngestBatchRequestSchema, IngestService } from "../gen/openclone/v1/ingest_service_pb.js";

const BATCH_FIELD = IngestBatchRequestSchema.field.batch.number;

/** Sends batches over `IngestService.IngestBatch`. */
export class UnaryTransport implements Transport {
  readonly window = 1;
  readonly #client: Client<typeof IngestService>;
  readonly #key: Key;
  readonly #timeout: number;

  /** @param timeout - milliseconds until a batch without a response is given up */
  constructor(endpoint: string, key: Key, timeout: number) {
    this.#client = createClient(IngestService, createGrpcWebTransport({ baseUrl: endpoint }));
    this.#key = key;
    this.#timeout = timeout;
  }

  async run(source: Source, abort: AbortSignal): Promise<Outcome | undefined> {
    for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
      const outcome = await this.#call(batch, abort);
      if (outcome.kind === "failed") return outcome;
      await source.resolve(batch, outcome);
    }
    return undefined;
  }

  async #call(batch: Batch, abort: AbortSignal): Promise<Outcome> {
    const request = create(IngestBatchRequestSchema);
    request.$unknown = [{ no: BATCH_FIELD, wireType: 2, data: delimitedBatch(batch, Date.now()) }];
    const timeout = AbortSignal.timeout(this.#timeout);
    try {
      const options = { headers: { "x-api-key": await this.#key.get() }, signal: AbortSignal.any([abort, timeout]) };
      const { result } = await this.#client.ingestBatch(request, options);
      return { kind: "taken", stored: result?.stored ?? 0, skipped: result?.skipped ?? 0 };
    } catch (error) {
      if (!timeout.aborted) return ofError(error);
      return { kind: "failed", reason: `no response within ${this.#timeout / 1000} s`, after: 0, reached: false };
    }
  }
}
