/**
 * The database of a browser client: events that wait, events that were set aside, and the device's id.
 *
 * | Store | Key | Value |
 * |---|---|---|
 * | `events` | a number that grows | `Waiting` |
 * | `dead-letter` | the `raw_ref` | the documented batch of one event, with `rejected` |
 * | `meta` | `device-id` | the id |
 *
 * @module
 */

import { isDeviceId } from "../core/options.js";

/** An event that waits. */
export interface Waiting {
  /** `openclone.v1.Batch` without events and timestamp. */
  readonly header: Uint8Array;
  /** `openclone.v1.Event`. */
  readonly event: Uint8Array;
}

type StoreName = "events" | "dead-letter" | "meta";

/** An open database. */
export class Database {
  private constructor(private readonly db: IDBDatabase) {}

  static async open(name: string): Promise<Database> {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      for (const store of ["events", "dead-letter", "meta"] satisfies StoreName[]) request.result.createObjectStore(store);
    };
    return new Database(await result(request));
  }

  /** The id of this device, made if there is none. */
  async deviceId(): Promise<string> {
    const known = await result(this.#store("meta", "readonly").get("device-id"));
    if (typeof known === "string" && isDeviceId(known)) return known;
    const made = crypto.randomUUID();
    await this.write("meta", (store) => store.put(made, "device-id"));
    return made;
  }

  /** What an earlier page has left, oldest first. */
  async waiting(): Promise<{ key: number; value: Waiting }[]> {
    const store = this.#store("events", "readonly");
    const [keys, values] = await Promise.all([result(store.getAllKeys()), result(store.getAll())]);
    return keys.map((key, index) => ({ key: key as number, value: values[index] as Waiting }));
  }

  /** The documented batches of the events that were set aside. */
  async deadLetters(): Promise<string[]> {
    return result(this.#store("dead-letter", "readonly").getAll());
  }

  /** Changes a store in one transaction; resolves when it is complete. */
  write(name: StoreName, change: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = this.db.transaction(name, "readwrite");
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
      change(transaction.objectStore(name));
    });
  }

  close(): void {
    this.db.close();
  }

  #store(name: StoreName, mode: IDBTransactionMode): IDBObjectStore {
    return this.db.transaction(name, mode).objectStore(name);
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the database rejects"));
  });
}
