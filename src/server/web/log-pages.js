// The lines of a log, fetched in pages when they come into view and kept for a while.

import { get } from "./api.js";

const PAGE_LINES = 1000;
const MOST_PAGES = 60;
const DOWNLOAD_LINES = 10_000;

export class LogPages {
  #address;
  #changed;
  #pages = new Map();
  #loading = new Set();
  #grown = false;

  /** `changed()` is called when lines have arrived or the number of lines has changed. */
  constructor(address, total, changed) {
    this.#address = address;
    this.#changed = changed;
    this.total = total;
  }

  /** The line, or undefined while it is being fetched. */
  line(number) {
    const index = Math.floor(number / PAGE_LINES);
    const page = this.#pages.get(index);
    if (!page) {
      this.#load(index);
      return undefined;
    }
    // Moving the page to the end makes the map a queue of what was used least.
    this.#pages.delete(index);
    this.#pages.set(index, page);
    return page[number % PAGE_LINES];
  }

  /** Fetches what was written since: the last page may have grown, and progress bars rewrite their line. */
  refresh() {
    const last = Math.max(0, Math.floor((this.total - 1) / PAGE_LINES));
    // The answer under way may be older than this change.
    if (this.#loading.has(last)) this.#grown = true;
    else this.#load(last);
  }

  async #load(index) {
    if (this.#loading.has(index)) return;
    this.#loading.add(index);
    try {
      const { total, lines } = await get(this.#address, { first: index * PAGE_LINES, limit: PAGE_LINES });
      // Answers may overtake each other, but a log never gets shorter.
      this.total = Math.max(this.total, total);
      this.#pages.set(index, lines);
      if (this.#pages.size > MOST_PAGES) this.#pages.delete(this.#pages.keys().next().value);
      this.#changed();
    } catch (error) {
      // Scrolling or the next change of the log tries again.
      console.error(error);
    } finally {
      this.#loading.delete(index);
      if (this.#grown) {
        this.#grown = false;
        this.refresh();
      }
    }
  }
}

/** The whole log as a Blob of plain text, as it was written, escape sequences included. */
export async function wholeLog(address) {
  const parts = [];
  for (let first = 0, total = 1; first < total;) {
    const page = await get(address, { first, limit: DOWNLOAD_LINES });
    if (page.lines.length === 0) break;
    parts.push(...page.lines.map(({ text }) => `${text}\n`));
    first += page.lines.length;
    total = page.total;
  }
  return new Blob(parts, { type: "text/plain" });
}
