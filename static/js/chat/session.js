// Who this browser is to the server: a token, asked for when it is first needed.

import { alone } from "../lib/alone.js";
import { requestJson } from "../lib/http.js";

/**
 * - `url`: of the chat, e.g. "/chat/demo/"
 * - `page()`: what the server may know of the page around the chat
 * - `onChange(session)`: `{token, conversation}`, begun here or in another tab, or null
 * - `onStranger()`: whoever comes now is not who was here: nothing of theirs may stay
 */
export class Session {
  #url;
  #memory;
  #language;
  #page;
  #onChange;
  #onStranger;
  #current;
  #beginning = null;
  #told = {}; // attributes, until there is somebody to have them

  constructor({ url, memory, language, page, onChange, onStranger }) {
    this.#url = url;
    this.#memory = memory;
    this.#language = language;
    this.#page = page;
    this.#onChange = onChange;
    this.#onStranger = onStranger;
    this.#current = memory.recall("session");
    memory.onChangeElsewhere("session", (session) => this.#take(session));
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

  /** Ask the server for something of this customer's. Throws like `requestJson`. */
  ask(path, data) {
    return requestJson(this.#url + path, { data, headers: this.headers });
  }

  /** Turn to another conversation of this customer. */
  turnTo(conversation) {
    this.#keep({ ...this.#current, conversation });
  }

  /** Reserve a conversation and turn to it. */
  async beginAnother() {
    this.turnTo((await this.ask("conversations", {})).conversation);
  }

  /** The site says who is there; "" for nobody. Returns why it is not believed, "" if it is. */
  async identify(statement) {
    if (!statement) return this.#become(null);
    const data = { identity: statement, language: this.#language, token: this.#current?.token };
    const answer = await requestJson(`${this.#url}identity`, { data });
    if (!answer.accepted) return answer.reason;
    await this.#become({ token: answer.token, conversation: answer.conversation });
    return this.tellAttributes({});
  }

  /** Keep what the page says of its visitor. */
  async tellAttributes(attributes) {
    Object.assign(this.#told, attributes);
    if (this.#current && Object.keys(this.#told).length) {
      await this.ask("attributes", { attributes: this.#told });
      this.#told = {};
    }
    return "";
  }

  /**
   * The server did not know who sent these headers: forget the token in them. Whoever needs a
   * session next begins a new one. Returns true: it is worth another try.
   */
  expire(headers) {
    if (this.#current && headers.Authorization === this.headers.Authorization) this.#keep(null);
    return true;
  }

  async #begin() {
    try {
      await alone(`tandem-session:${this.#url}`, async () => {
        const found = this.#memory.recall("session"); // another tab was faster
        if (found) return this.#take(found);
        const data = { language: this.#language, page: this.#page(), attributes: this.#told };
        this.#keep(await requestJson(`${this.#url}session`, { data }));
      });
    } finally {
      this.#beginning = null;
    }
  }

  #become(session) {
    const before = this.#current;
    if (before && session?.token !== before.token) this.#onStranger();
    if (session?.token !== before?.token || session?.conversation !== before?.conversation) {
      this.#keep(session);
    }
    return "";
  }

  #keep(session) {
    this.#current = session;
    if (session) this.#memory.remember("session", session);
    else this.#memory.forget("session");
    this.#onChange(session);
  }

  /** Another tab began a session or changed who is there; which conversation it shows is its own. */
  #take(session) {
    if (session?.token === this.#current?.token) return;
    if (this.#current) this.#onStranger();
    this.#current = session;
    this.#onChange(session);
  }
}
