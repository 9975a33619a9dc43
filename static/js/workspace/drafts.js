// What an agent has begun to write, kept on the server and until it is there in this browser.
//
// Every change carries a number that only grows, by the clock but never below one seen before, so
// that of two devices the later change wins and one that arrives late replaces nothing.

import { csrfToken, whenQuiet } from "../lib/dom.js";
import { backoff, requestJson } from "../lib/http.js";

const QUIET = 700; // milliseconds without typing after which a text is kept
const KEEPALIVE = 60_000; // bytes that a request may carry beyond the end of its page

const storage = {
  read(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  },
  write(key, value) {
    try {
      if (value) localStorage.setItem(key, JSON.stringify(value));
      else localStorage.removeItem(key);
    } catch {
      // No room or no storage: the text is still in its field.
    }
  },
};

/**
 * `new Drafts({agent, conversation, url, kept})`
 *
 * - `url`: where a draft is POSTed
 * - `kept`: what the server had when the page was drawn, `{reply: {body, number}, note: {…}}`
 */
export class Drafts {
  #agent;
  #conversation;
  #url;
  #drafts = {};
  #saving = false;
  #tries = 0;
  #retry = null;
  #saveSoon = whenQuiet(QUIET, () => this.save());

  constructor({ agent, conversation, url, kept }) {
    this.#agent = agent;
    this.#conversation = conversation;
    this.#url = url;
    for (const mode of ["reply", "note"]) {
      const here = storage.read(this.#key(mode));
      const there = kept[mode] ?? { body: "", number: 0 };
      const isAhead = here && here.number > there.number;
      this.#drafts[mode] = isAhead ? { ...here, dirty: true } : there;
      if (!isAhead) storage.write(this.#key(mode), null);
    }
    this.#saveSoon();
  }

  read(mode) {
    return this.#drafts[mode].body;
  }

  /** The text of a mode is now this; an empty one after sending. */
  write(mode, body) {
    const known = this.#drafts[mode];
    if (known.body === body) return;
    const number = Math.max(Date.now(), known.number + 1);
    this.#drafts[mode] = { body, number, dirty: true };
    storage.write(this.#key(mode), { body, number });
    this.#saveSoon();
  }

  /** Tell the server what it does not have yet; one request at a time, the latest text. */
  async save() {
    if (this.#saving) return;
    this.#saving = true;
    clearTimeout(this.#retry);
    try {
      for (let draft; (draft = this.#next()); ) {
        const headers = { "X-CSRFToken": csrfToken() };
        const kept = await requestJson(this.#url, { data: draft, headers });
        this.#tries = 0;
        this.#hear(draft, kept);
      }
    } catch (error) {
      const wait = error.retryAfter ?? backoff(this.#tries++, { first: 1_000, most: 30_000 });
      const isLost = error.status && !error.isTemporary; // no right any more: it stays here
      if (!isLost) this.#retry = setTimeout(() => this.save(), wait);
    }
    this.#saving = false;
  }

  /** The page goes away: the request outlives it. */
  saveLast() {
    for (let draft; (draft = this.#next()); ) {
      const body = JSON.stringify(draft);
      this.#drafts[draft.mode].dirty = false;
      if (body.length > KEEPALIVE) continue; // the browser has it, the next page tells it
      fetch(this.#url, {
        method: "POST",
        body,
        keepalive: true,
        headers: {
          "Content-Type": "application/json",
          Accept: "application/json",
          "X-CSRFToken": csrfToken(),
        },
      }).catch(() => {});
    }
  }

  close() {
    clearTimeout(this.#retry);
    this.saveLast();
  }

  #key(mode) {
    return `draft:${this.#agent}:${this.#conversation}:${mode}`;
  }

  #next() {
    const mode = Object.keys(this.#drafts).find((name) => this.#drafts[name].dirty);
    if (!mode) return null;
    const { body, number } = this.#drafts[mode];
    return { mode, body, number };
  }

  #hear(sent, kept) {
    const draft = this.#drafts[sent.mode];
    if (draft.number !== sent.number) {
      // Written on meanwhile; it must also be later than what another device wrote.
      draft.number = Math.max(draft.number, kept.number + 1);
      return;
    }
    draft.dirty = false;
    draft.number = Math.max(draft.number, kept.number);
    storage.write(this.#key(sent.mode), null);
  }
}
