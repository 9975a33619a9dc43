// Who this browser is to the server: a token, asked for when it is first needed.

import { alone } from "../lib/alone.js";
import { requestJson } from "../lib/http.js";

/**
 * - `url`: of the chat, e.g. "/chat/demo/"
 * - `page()`: what the server may know of the page around the chat
 * - `onChange(session)`: `{token, conversation}`, begun here or in another tab, or null
 */
export class Session {
  #url;
  #memory;
  #language;
  #page;
  #onChange;
  #current;
  #beginning = null;

  constructor({ url, memory, language, page, onChange }) {
    this.#url = url;
    this.#memory = memory;
    this.#language = language;
    this.#page = page;
    this.#onChange = onChange;
    this.#current = memory.recall("session");
    memory.onChangeElsewhere("session", (session) => session && this.#take(session));
  }

  /** `{token, conversation}`, or null before the customer's first message. */
  get current() {
    return this.#current;
  }

  /** Headers of a request that may be made now. */
  get headers() {
    return this.#current ? { Authorization: `Bearer ${this.#current.token}` } : {};
  }

  /** The same, after beginning a session if there is none. Throws like `requestJson`. */
  async authorise() {
    if (!this.#current) await (this.#beginning ??= this.#begin());
    return this.headers;
  }

  /**
   * The server did not know who sent these headers: forget the token in them. Whoever needs a
   * session next begins a new one. Returns true: it is worth another try.
   */
  expire(headers) {
    if (this.#current && headers.Authorization === this.headers.Authorization) {
      this.#current = null;
      this.#memory.forget("session");
      this.#onChange(null);
    }
    return true;
  }

  async #begin() {
    try {
      await alone(`tandem-session:${this.#url}`, async () => {
        const found = this.#memory.recall("session"); // another tab was faster
        if (found) return this.#take(found);
        const data = { language: this.#language, page: this.#page() };
        const begun = await requestJson(`${this.#url}session`, { data });
        this.#memory.remember("session", begun);
        this.#take(begun);
      });
    } finally {
      this.#beginning = null;
    }
  }

  #take(session) {
    if (session.token === this.#current?.token) return;
    this.#current = session;
    this.#onChange(session);
  }
}
