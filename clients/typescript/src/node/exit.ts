/**
 * Closes clients when the program ends: when nothing is left to do, and on SIGTERM and SIGINT.
 *
 * After a signal the program ends as it would have without this SDK, unless it listens to the signal itself.
 *
 * @module
 */

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Closes a client: within 2 s if a signal has come. */
type Closer = (isSignal: boolean) => Promise<unknown>;

const closers = new Set<Closer>();
const handlers = new Map<NodeJS.Signals, () => void>();

/** Calls `close` before the program ends. Gives what undoes it. */
export function beforeEnd(close: Closer): () => void {
  if (closers.size === 0) listen();
  closers.add(close);
  return () => {
    closers.delete(close);
    if (closers.size === 0) unlisten();
  };
}

function listen(): void {
  process.on("beforeExit", onExit);
  for (const signal of SIGNALS) {
    const handler = () => void onSignal(signal);
    handlers.set(signal, handler);
    process.on(signal, handler);
  }
}

function unlisten(): void {
  process.off("beforeExit", onExit);
  for (const [signal, handler] of handlers) process.off(signal, handler);
  handlers.clear();
}

async function onSignal(signal: NodeJS.Signals): Promise<void> {
  const isOurs = process.listenerCount(signal) === 1;
  await closeAll(true);
  // Nobody else wants it: let it do what it does by default.
  if (isOurs) process.kill(process.pid, signal);
}

function onExit(): void {
  void closeAll(false);
}

async function closeAll(isSignal: boolean): Promise<void> {
  await Promise.allSettled([...closers].map((close) => close(isSignal)));
}
