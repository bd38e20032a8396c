/**
 * The way of the events of one source type: its queue and what empties it. Lanes share nothing.
 *
 * @module
 */

import type { Key } from "../core/key.js";
import type { MemoryTransport } from "../core/memory.js";
import { isSourceType, type SourceTypeName } from "../core/names.js";
import { encodeHeader } from "../core/options.js";
import { PostTransport } from "../core/post.js";
import { Sender, type SenderOptions } from "../core/sender.js";
import { Signal } from "../core/signal.js";
import { USER_AGENT } from "../core/version.js";
import type { NodeOptions } from "./options.js";
import { Spool } from "./spool.js";
import type { State } from "./state.js";
import { StreamTransport } from "./stream.js";

/** One source type of a client. */
export interface Lane {
  readonly sourceType: SourceTypeName;
  readonly spool: Spool;
  readonly sender: Sender;
  /** Notified when there is more room. */
  readonly room: Signal;
}

/** What lanes need of their client. */
export interface Client {
  readonly state: State;
  readonly deviceId: string;
  readonly key: Key;
  readonly memory: MemoryTransport | undefined;
}

/** Opens one lane for each source type, and for each that an earlier client has left a queue of. */
export async function openLanes(options: NodeOptions<SourceTypeName>, client: Client): Promise<Lane[]> {
  const left = client.state.sources().filter(isSourceType);
  const names = [...new Set([...options.sourceTypes, ...left])];
  const lanes: Lane[] = [];
  for (const [index, sourceType] of names.entries()) {
    // The first one has the directory that other clients look into.
    const name = index === 0 ? "spool" : `spool-${sourceType}`;
    lanes.push(await openLane(options, client, sourceType, name, Math.floor(options.spoolMaxBytes / names.length)));
  }
  return lanes;
}

async function openLane(
  options: NodeOptions<SourceTypeName>,
  client: Client,
  sourceType: SourceTypeName,
  name: string,
  maxBytes: number,
): Promise<Lane> {
  let sender: Sender | undefined;
  const { maxBatchAge, maxBatchEvents, onError } = options;
  const spool = await Spool.open({
    stateDir: client.state.dir,
    name,
    header: encodeHeader(options, sourceType, client.deviceId),
    maxBytes,
    maxBatchEvents,
    maxBatchAge: () => (maxBatchAge === undefined ? (sender?.maxAge ?? 0) : maxBatchAge * 1000),
    onError,
  });
  sender = new Sender(spool, senderOptions(options, client));
  const lane = { sourceType, spool, sender, room: new Signal() };
  spool.onChange = () => {
    lane.sender.wake();
    lane.room.notify();
  };
  return lane;
}

function senderOptions(options: NodeOptions<SourceTypeName>, { key, memory }: Client): SenderOptions {
  const { endpoint, responseTimeout, transport } = options;
  if (memory !== undefined) return { ...options, transports: [memory] };
  const stream = new StreamTransport(endpoint, key, responseTimeout * 1000);
  const post = new PostTransport(endpoint, key, responseTimeout * 1000, USER_AGENT);
  const transports = { auto: [stream, post], grpc: [stream], json: [post] } as const;
  return { ...options, key, hasStream: transport !== "json", transports: transports[transport] };
}
