/**
 * The gRPC stream as a transport: up to 32 batches without a response.
 *
 * @module
 */

import * as net from "node:net";
import * as tls from "node:tls";

import { create } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { ofError, ofStatus, type Outcome } from "../core/response.js";
import type { Source, Transport } from "../core/attempt.js";
import { reasonOf } from "../core/errors.js";
import type { Key } from "../core/key.js";
import type { Batch } from "../core/queue.js";
import { later } from "../core/signal.js";
import { USER_AGENT } from "../core/version.js";
import { delimitedBatch } from "../core/wire.js";
import {
  type IngestRequest,
  IngestRequestSchema,
  type IngestResponse,
  IngestService,
} from "../gen/openclone/v1/ingest_service_pb.js";

const BATCH_FIELD = IngestRequestSchema.field.batch.number;

/** Sends batches over `IngestService.Ingest`. */
export class StreamTransport implements Transport {
  readonly window = 32;
  readonly #endpoint: string;
  readonly #key: Key;
  readonly #timeout: number;

  /** @param timeout - milliseconds until a batch without a response is given up, and the connection with it */
  constructor(endpoint: string, key: Key, timeout: number) {
    this.#endpoint = endpoint;
    this.#key = key;
    this.#timeout = timeout;
  }

  async run(source: Source, abort: AbortSignal): Promise<Outcome | undefined> {
    const stream = new Stream(source, this.#timeout);
    // Each attempt has a connection of its own: what was wrong with the last one is not inherited.
    const connection = new Connection(this.#endpoint);
    source.onBusy = (busy) => connection.keepAlive(busy);
    const stop = () => stream.giveUp("stopped");
    abort.addEventListener("abort", stop);
    try {
      return await stream.run(connection.client, await this.#key.get());
    } catch (error) {
      return { kind: "failed", reason: reasonOf(error), after: 0, reached: false, isUnreachable: true };
    } finally {
      abort.removeEventListener("abort", stop);
      source.onBusy = undefined;
      connection.close();
    }
  }
}

/** One HTTP/2 connection. */
class Connection {
  readonly client: Client<typeof IngestService>;
  #socket: net.Socket | undefined;
  #isClosed = false;

  constructor(endpoint: string) {
    const transport = createGrpcTransport({
      baseUrl: endpoint,
      nodeOptions: { createConnection: (authority) => this.#connect(authority) },
    });
    this.client = createClient(IngestService, transport);
  }

  /** Whether the connection keeps the program running. */
  keepAlive(isBusy: boolean): void {
    if (isBusy) this.#socket?.ref();
    else this.#socket?.unref();
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
  }

  #connect(authority: URL): net.Socket {
    const isSecure = authority.protocol === "https:";
    const host = authority.hostname.replace(/^\[|\]$/g, "");
    const port = Number(authority.port || (isSecure ? 443 : 80));
    const servername = net.isIP(host) === 0 ? { servername: host } : {};
    const socket = isSecure
      ? tls.connect({ host, port, ALPNProtocols: ["h2"], ...servername })
      : net.connect({ host, port, noDelay: true });
    if (this.#isClosed) socket.destroy();
    this.#socket = socket;
    return socket;
  }
}

/** One stream. */
class Stream {
  readonly #abort = new AbortController();
  /** Batches without a response, by their sequence. */
  readonly #waiting = new Map<bigint, Batch>();
  #sequence = 0n;
  #lateness: string | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(
    private readonly source: Source,
    private readonly timeout: number,
  ) {}

  async run(client: Client<typeof IngestService>, key: string): Promise<Outcome | undefined> {
    this.#restartTimer();
    try {
      const options = { headers: { "x-api-key": key, "user-agent": USER_AGENT }, signal: this.#abort.signal };
      for await (const response of client.ingest(this.#requests(), options)) await this.#resolve(response);
      return undefined;
    } catch (error) {
      if (this.#lateness === undefined) return ofError(error);
      return { kind: "failed", reason: this.#lateness, after: 0, reached: false };
    } finally {
      this.#cancelTimer?.();
    }
  }

  /** Ends the stream at once. */
  giveUp(reason: string): void {
    this.#lateness = reason;
    this.#abort.abort();
  }

  async *#requests(): AsyncGenerator<IngestRequest> {
    this.#cancelTimer?.();
    for (let batch = await this.source.next(); batch !== undefined; batch = await this.source.next()) {
      const sequence = this.#sequence++;
      if (this.#waiting.size === 0) this.#restartTimer();
      this.#waiting.set(sequence, batch);
      yield request(sequence, batch);
    }
  }

  async #resolve({ sequence, outcome }: IngestResponse): Promise<void> {
    const batch = this.#waiting.get(sequence);
    if (batch === undefined || outcome.case === undefined) return;
    this.#waiting.delete(sequence);
    this.#restartTimer();
    await this.source.resolve(batch, outcome.case === "error" ? ofStatus(outcome.value) : { kind: "taken", ...outcome.value });
  }

  /** Responses come in order: none for so long means that the oldest batch has waited for so long. */
  #restartTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = later(this.timeout, () => {
      if (this.#waiting.size > 0 || this.#sequence === 0n) this.giveUp(`no response within ${this.timeout / 1000} s`);
    });
  }
}

/** A request with the batch as encoded bytes, which the generated code passes on as they are. */
function request(sequence: bigint, batch: Batch): IngestRequest {
  const message = create(IngestRequestSchema, { sequence });
  message.$unknown = [{ no: BATCH_FIELD, wireType: 2, data: delimitedBatch(batch, Date.now()) }];
  return message;
}
