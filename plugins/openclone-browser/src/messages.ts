/** What pages, popup and worker tell each other. */

/**
 * A visit, as the page keeps it in the extension's storage under `PREFIX` and its `ref`. Storage needs no worker: the browser has
 * usually ended it by the time a page is left.
 */
export interface Visit {
  /** Made when the visit began; the event's `raw_ref`. */
  ref: string;
  url: string;
  title: string;
  /** Unix milliseconds at which the visit began. */
  began: number;
  /** Unix milliseconds of this report. */
  reported: number;
  /** Seconds read. */
  seconds: number;
  /** How far the page was scrolled, 0 to 1. */
  scroll: number;
  /** The article as Markdown, if it is wanted and there is one. */
  text?: string | undefined;
  /** Whether the page was left for good. */
  isOver: boolean;
}

export const PREFIX = "visit:";

/** What the popup shows. */
export interface Status {
  queued: number;
  stored: number;
  pending: number;
  /** The last problem, or empty. */
  problem: string;
}

/** `left` wakes the worker after a visit; `flush` also sends what is queued. Both are answered with a {@link Status}, as `status` is. */
export interface Message {
  kind: "left" | "flush" | "status";
}
