/**
 * A service in memory, for the tests of plugins: nothing leaves the process.
 *
 * @module
 */

import type { Source, Transport } from "./attempt.js";
import { documentedBatch } from "./documented.js";
import type { SourceTypeName } from "./names.js";
import type { Batch } from "./queue.js";
import type { Outcome } from "./response.js";

/** An event as the service would have stored it. */
export interface StoredEvent {
  /** That of the batch. */
  readonly sourceType: SourceTypeName;
  /** Unix seconds. */
  readonly timestamp: number;
  /** The plugin's id of it. */
  readonly rawRef: string;
  /** In JSON, whether it was sent as a typed payload or not. */
  readonly data: Record<string, unknown>;
}

/** What the documented batch has that is needed here. */
interface DocumentedBatch {
  readonly source_type: SourceTypeName;
  readonly plugin_id: string;
  readonly events: readonly { timestamp: number; raw_ref: string; data: Record<string, unknown> }[];
}

/** Takes the place of the service: `transport: new MemoryTransport()`. Use one for each client. */
export class MemoryTransport implements Transport {
  readonly window = 1;
  /** What was stored, each event once. */
  readonly events: StoredEvent[] = [];
  /** The reports of the plugin's health. */
  readonly health: { readonly state: string; readonly reason: string }[] = [];
  /** While false, every batch fails as if the service were away. */
  isAvailable = true;
  /** The `rawRef`s of events that are rejected. */
  readonly rejects = new Set<string>();
  readonly #known = new Set<string>();

  async run(source: Source): Promise<Outcome | undefined> {
    for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
      if (!this.isAvailable) return { kind: "failed", reason: "the service in memory is away", after: 0, reached: false };
      await source.resolve(batch, this.#take(batch));
    }
    return undefined;
  }

  #take(batch: Batch): Outcome {
    const { source_type: sourceType, plugin_id: pluginId, events } = JSON.parse(
      documentedBatch(batch.header, batch.events, Date.now()),
    ) as DocumentedBatch;
    const violations = events.flatMap(({ raw_ref: ref }, index) =>
      this.rejects.has(ref) ? [{ index, path: "", text: "rejected by the test" }] : [],
    );
    if (violations.length > 0) return { kind: "rejected", violations, reason: "rejected by the test" };
    let stored = 0;
    for (const { timestamp, raw_ref: rawRef, data } of events) {
      const identity = JSON.stringify([sourceType, pluginId, rawRef]);
      if (this.#known.has(identity)) continue;
      this.#known.add(identity);
      this.events.push({ sourceType, timestamp, rawRef, data });
      stored++;
    }
    return { kind: "taken", stored, skipped: events.length - stored };
  }
}
