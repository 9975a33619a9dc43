// What was written and has not yet been acknowledged, in order, safe from reloads and crashes.
//
// Messages of one conversation are sent strictly one after another. Each carries a `client_id` by
// which the server knows it again, so sending one twice is harmless; what only may work later is
// tried again, what was refused waits for the person.

import { alone } from "./alone.js";
import { uuid } from "./dom.js";
import { Refused, backoff, requestJson } from "./http.js";
import { Pauses } from "./pauses.js";
import { openStore } from "./store.js";

const MOST_WAIT = 15_000;

/**
 * `const outbox = await new Outbox({owner, headers, onChange}).open()`
 *
 * - `owner`: whose messages these are, e.g. "agent-7" or a customer's conversation
 * - `headers()`: extra HTTP headers (CSRF token or a customer's token), read for every try; may be
 *   a promise, and what it throws counts like the answer of the try itself
 * - `onUnauthorized(headers)`: 401; returns whether `headers()` will give others for another try
 * - `onChange(item)`: a message is new or changed its state; "gone" means that it is done with
 * - `onSent(item, answer)`: the server has it; `answer` is the entry, or the request for the
 *   `approval` that it waits for
 *
 * An item is `{id, conversation, url, kind, body, files, seen, sensitive, state, reason, order}`.
 * `id` is its client_id, `files` are the server's descriptions of uploaded files, `state` is one of
 * "sending", "sent", "failed" (with the server's sentence as `reason`) and, in the last event, "gone".
 */
export class Outbox {
  #owner;
  #headers;
  #onUnauthorized;
  #onChange;
  #onSent;
  #store = openStore("tandem-outbox"); // a promise: messages may be added before it is there
  #items = new Map();
  #unkept = new Set(); // ids the store had no room for; they wait in this tab only
  #pumping = new Set();
  #pauses = new Pauses();
  #channel = null;
  #lastOrder = 0;

  constructor({
    owner,
    headers = () => ({}),
    onUnauthorized = () => false,
    onChange = () => {},
    onSent = () => {},
  }) {
    this.#owner = owner;
    this.#headers = headers;
    this.#onUnauthorized = onUnauthorized;
    this.#onChange = onChange;
    this.#onSent = onSent;
  }

  /** Take up what an earlier page left behind, and begin to send. */
  async open() {
    if (globalThis.BroadcastChannel) {
      this.#channel = new BroadcastChannel(`tandem-outbox:${this.#owner}`);
      this.#channel.onmessage = ({ data }) => this.#hearNeighbour(data);
    }
    addEventListener("online", () => this.kick());
    document.addEventListener("visibilitychange", () => this.kick());
    const stored = await (await this.#store).all();
    for (const item of stored.sort((a, b) => a.order - b.order)) {
      if (item.owner !== this.#owner || this.#items.has(item.id)) continue;
      this.#items.set(item.id, item);
      this.#onChange(item);
      this.#pump(item.conversation);
    }
    return this;
  }

  /** Queue a message. It is shown as sending from this moment on. */
  async add(message) {
    this.#lastOrder = Math.max(Date.now(), this.#lastOrder + 1);
    const item = {
      ...{ id: uuid(), kind: "message", body: "", files: [], reason: "" },
      ...message,
      owner: this.#owner,
      order: this.#lastOrder,
      state: "sending",
    };
    this.#items.set(item.id, item);
    this.#onChange(item);
    await this.#keep(item);
    this.#pump(item.conversation);
    return item;
  }

  /** The messages of a conversation that are not done with, oldest first. */
  items(conversation) {
    return [...this.#items.values()]
      .filter((item) => item.conversation === conversation)
      .sort((a, b) => a.order - b.order);
  }

  /** The stream brought this client_id (or the page had it already): the message is done with. */
  heard(id) {
    if (id && this.#items.has(id)) this.#finish(id, "gone");
  }

  /** Send a refused message once more, whatever came in meanwhile. */
  async retry(id) {
    const item = this.#items.get(id);
    if (item?.state !== "failed") return;
    item.seen = undefined;
    this.#change(item, "sending");
    await this.#keep(item);
    this.#pump(item.conversation);
  }

  /** Forget a refused message. */
  discard(id) {
    if (this.#items.get(id)?.state === "failed") this.#finish(id, "gone");
  }

  /** Forget everything: somebody else is here now. */
  clear() {
    for (const id of [...this.#items.keys()]) this.#finish(id, "gone");
  }

  /** Do not wait any longer: the server is there again. */
  kick() {
    this.#pauses.end();
  }

  // --- sending -----------------------------------------------------------------------------

  async #pump(conversation) {
    if (this.#pumping.has(conversation)) return;
    this.#pumping.add(conversation);
    const next = () => this.items(conversation).find((item) => item.state === "sending");
    for (let tries = 0, item; (item = next()); ) {
      const pause = await this.#alone(conversation, () => this.#send(item, tries));
      if (pause === null) tries = 0;
      else {
        tries += 1;
        await this.#pauses.wait(pause);
      }
    }
    this.#pumping.delete(conversation);
  }

  /** One tab at a time, where the browser can tell; elsewhere the client_id makes doubles harmless. */
  #alone(conversation, work) {
    return alone(`tandem-outbox:${this.#owner}:${conversation}`, work);
  }

  /** One try. Returns how long to wait before the next one, or null if this message needs none. */
  async #send(item, tries) {
    if (item.state !== "sending") return null;
    const stored = this.#unkept.has(item.id) || (await this.#stored(item.id).catch(() => item));
    if (!stored) {
      this.#finish(item.id, "sent"); // by another tab
      return null;
    }
    const { body, seen, sensitive } = item;
    const files = item.files.map((file) => file.id);
    let headers;
    try {
      headers = await this.#headers();
      const answer = await requestJson(item.url, {
        data: { client_id: item.id, body, files, seen, sensitive },
        headers,
      });
      if (answer.client_id !== item.id) return backoff(tries, { first: 500, most: MOST_WAIT });
      this.#finish(item.id, answer.approval ? "gone" : "sent", answer);
      return null;
    } catch (error) {
      const isRenewed = error.status === 401 && this.#onUnauthorized(headers);
      if (error instanceof Refused && !error.isTemporary && !isRenewed) {
        if (this.#items.has(item.id)) {
          this.#change(item, "failed", error.sentence);
          await this.#keep(item);
        }
        return null;
      }
      return error.retryAfter ?? backoff(tries, { first: 500, most: MOST_WAIT });
    }
  }

  // --- keeping -----------------------------------------------------------------------------

  #change(item, state, reason = "") {
    item.state = state;
    item.reason = reason;
    this.#onChange(item);
  }

  async #stored(id) {
    return (await this.#store).get(id);
  }

  async #keep(item) {
    await (await this.#store).put(item).catch(() => this.#unkept.add(item.id));
    this.#channel?.postMessage({ item });
  }

  /** Out of the queue: "sent" stays on the screen until the stream brings the entry itself. */
  #finish(id, state, answer = null) {
    const item = this.#items.get(id);
    this.#store.then((store) => store.remove(id)).catch(() => {});
    this.#channel?.postMessage({ finished: id, state });
    if (!item) return;
    if (answer) item.seq = answer.seq;
    if (state === "gone") this.#items.delete(id);
    this.#change(item, state);
    if (answer) this.#onSent(item, answer);
  }

  /** Another tab of the same person added, changed or finished something. */
  #hearNeighbour({ item, finished, state }) {
    const known = this.#items.get(item?.id ?? finished);
    if (finished && known) {
      if (state === "gone") this.#items.delete(finished);
      this.#change(known, state);
    } else if (item && known) {
      if (known.state !== "sent") this.#change(known, item.state, item.reason);
      this.#pump(known.conversation);
    } else if (item) {
      this.#items.set(item.id, item);
      this.#onChange(item);
      this.#pump(item.conversation);
    }
  }
}
