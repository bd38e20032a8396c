/** Runs in each page: measures reading time and keeps the visit in the extension's storage. Nothing is sent from a page itself. */

import { isProbablyReaderable, Readability } from "@mozilla/readability";
import TurndownService from "turndown";
import { PREFIX, type Visit } from "./messages.js";
import { ReadingTime } from "./reading.js";
import { blockedBy, isActive, readSettings, type Settings } from "./settings.js";

/** Characters of an article that are sent at most. */
const LONGEST_ARTICLE = 100_000;
/** Milliseconds between two reports of a page that is being read, so that a crash of the browser costs no more. */
const REPORT_EVERY = 15_000;

class PageVisit {
  readonly #ref = randomRef();
  readonly #began = Date.now();
  readonly #time = new ReadingTime();
  readonly #url = location.href;
  #title = document.title;
  #scroll = 0;

  constructor() {
    if (isInFront()) this.#time.active(performance.now());
  }

  get url(): string {
    return this.#url;
  }

  active(): void {
    this.#title = document.title;
    this.#look();
    this.#time.active(performance.now());
  }

  away(): void {
    this.#title = document.title;
    this.#look();
    this.#time.away(performance.now());
  }

  report(text: string | undefined, isOver: boolean): Visit {
    const seconds = this.#time.seconds(performance.now());
    const [ref, url, title, began, scroll] = [this.#ref, this.#url, this.#title, this.#began, this.#scroll];
    return { ref, url, title, began, reported: Date.now(), seconds, scroll, text, isOver };
  }

  #look(): void {
    const height = document.documentElement.scrollHeight;
    if (height > 0) this.#scroll = Math.max(this.#scroll, Math.min(1, (scrollY + innerHeight) / height));
  }
}

/** 32 random hex digits. `crypto.randomUUID` does not exist on pages without TLS. */
function randomRef(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isInFront(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

function article(): string | undefined {
  if (!isProbablyReaderable(document)) return undefined;
  const content = new Readability(document.cloneNode(true) as Document).parse()?.content;
  if (!content) return undefined;
  return new TurndownService({ headingStyle: "atx" }).turndown(content).slice(0, LONGEST_ARTICLE);
}

/** Watches the page. */
class Watch {
  #settings: Settings;
  #visit = new PageVisit();
  #looked = 0;
  #reported = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
    // Settings are followed, so that a switch or a pause holds at once.
    chrome.storage.onChanged.addListener((changes) => {
      const changed = changes["settings"]?.newValue as Partial<Settings> | undefined;
      if (changed !== undefined) this.#settings = { ...this.#settings, ...changed };
    });
    for (const name of ["mousemove", "scroll", "keydown", "touchstart", "wheel", "click"] as const) {
      addEventListener(name, () => this.#onInput(), { passive: true, capture: true });
    }
    addEventListener("focus", () => this.#onFront());
    addEventListener("blur", () => this.#onAway());
    addEventListener("popstate", () => this.#follow());
    addEventListener("pageshow", (event) => event.persisted && this.#begin());
    addEventListener("pagehide", () => this.#end());
    document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? this.#onFront() : this.#onAway()));
  }

  #onInput(): void {
    const now = performance.now();
    if (now - this.#looked < 1000) return;
    this.#looked = now;
    this.#onFront();
    if (now - this.#reported > REPORT_EVERY) this.#report(false);
  }

  #onFront(): void {
    this.#follow();
    if (isInFront()) this.#visit.active();
  }

  #onAway(): void {
    this.#visit.away();
    this.#report(false);
  }

  /** A page that changes its address by script is several visits. */
  #follow(): void {
    if (location.href === this.#visit.url) return;
    this.#end();
    this.#begin();
  }

  #begin(): void {
    this.#visit = new PageVisit();
    this.#reported = performance.now();
  }

  #end(): void {
    this.#visit.away();
    this.#report(true);
  }

  #report(isOver: boolean): void {
    if (!isActive(this.#settings, Date.now()) || blockedBy(this.#settings, this.#visit.url, document.title) !== null) return;
    this.#reported = performance.now();
    const visit = this.#visit.report(this.#settings.article ? article() : undefined, isOver);
    // After an update of the extension there is nobody to tell any more.
    const nothing = (): undefined => undefined;
    chrome.storage.local.set({ [PREFIX + visit.ref]: visit }).catch(nothing);
    if (isOver) chrome.runtime.sendMessage({ kind: "left" }).catch(nothing);
  }
}

void readSettings().then((settings) => new Watch(settings));
