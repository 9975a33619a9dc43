// One conversation on the screen: its history, what comes live, who is writing, what was read.

import { $, $$ } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";
import { Stream } from "../lib/stream.js";

const SCREENFUL = 60; // entries fetched at once
const WRITES = 7_000; // how long one sign of typing lasts

/**
 * - `session`: `{token, conversation}`; `headers` carries its token
 * - `onEntry(entry, element, isNews)`: an entry is on the screen; news is what came after the history
 * - `onStanding({seen, rating})`: how far the customer has read anywhere, and their last rating
 * - `onWriting(name)`: the public name of whoever writes an answer, or ""
 * - `onMoved(conversation)`: this one was merged into another, which goes on
 * - `onLight(light)`, `onUnknown(headers)`: as the stream's light; the token is not known any more
 */
export class Talk {
  #url;
  #headers;
  #conversation;
  #list;
  #earlier;
  #transcript;
  #hooks;
  #stream;
  #writing = null;
  #shownFrom;
  #isSettled = false;
  #teamRead = 0;

  constructor({ url, language, session, headers, transcript, list, earlier, read, ...hooks }) {
    this.#url = url;
    this.#headers = headers;
    this.#conversation = session.conversation;
    this.#list = list;
    this.#earlier = earlier;
    this.#transcript = transcript;
    this.#hooks = hooks;
    this.#shownFrom = Math.max(0, read - SCREENFUL);
    const { token, conversation } = session;
    this.#stream = new Stream({
      path: `/ws${url}`,
      entriesUrl: (_, after) => this.#entriesUrl(after),
      headers: () => headers,
      join: (_, after) => ({ type: "auth", token, conversation, after, language }),
      onEntry: (_, entry, html) => this.#show(entry, html),
      onFrame: (frame) => this.#hear(frame),
      onPage: (page) => this.#stand(page),
      onLight: hooks.onLight,
      onEnd: (code) => code === 4401 && hooks.onUnknown(headers),
    }).start();
    this.#stream.watch(this.#conversation, this.#shownFrom);
    this.#begin();
  }

  stop() {
    this.#stream.stop();
    this.#wrote();
  }

  /** The answer to a message of ours is the entry itself. */
  sent(entry) {
    this.#stream.hear(this.#conversation, entry, entry.html);
  }

  /** `text` is what is being typed, where agents may see it. */
  tellTyping(typing, text) {
    this.#stream.send({ type: "typing", typing, text });
  }

  /** Older entries, above. */
  async showEarlier() {
    const after = Math.max(0, this.#shownFrom - SCREENFUL);
    const url = `${this.#entriesUrl(after)}&limit=${this.#shownFrom - after}`;
    const { entries } = await requestJson(url, { headers: this.#headers });
    this.#transcript.prepend(entries.map((entry) => entry.html));
    this.#shownFrom = after;
    this.#earlier.hidden = after === 0;
    for (const entry of entries) {
      this.#hooks.onEntry(entry, $(`[data-seq="${entry.seq}"]`, this.#list), false);
    }
    this.#tick();
  }

  #entriesUrl(after) {
    const query = { conversation: this.#conversation, after, lang: document.documentElement.lang };
    return `${this.#url}entries?${new URLSearchParams(query)}`;
  }

  /** The history by a plain request, beside the socket: it works where sockets do not. */
  async #begin() {
    const log = this.#list.closest("[role=log]");
    log.ariaBusy = "true"; // history is not news to a screen reader
    this.#earlier.hidden = this.#shownFrom === 0;
    try {
      const page = await requestJson(this.#entriesUrl(this.#shownFrom), { headers: this.#headers });
      this.#stand(page);
      for (const entry of page.entries) {
        this.#stream.hear(this.#conversation, entry, entry.html);
      }
      this.#stream.expect(this.#conversation, page.head);
    } catch {
      // The stream asks again until somebody answers.
    } finally {
      log.ariaBusy = "false";
      this.#isSettled = true;
    }
  }

  #show(entry, html) {
    if (entry.kind === "reply") this.#wrote();
    const element = this.#transcript.add(html);
    if (entry.kind === "reply") this.#read(entry.seq); // who answers has read
    else this.#tick(element);
    this.#hooks.onEntry(entry, element, this.#isSettled);
  }

  #hear({ type, author, typing, conversation, seq }) {
    if (type === "read" && conversation === this.#conversation) this.#read(seq);
    if (type === "moved") this.#hooks.onMoved(conversation);
    if (type !== "typing" || author?.kind !== "agent") return;
    this.#wrote();
    if (!typing) return;
    this.#writing = setTimeout(() => this.#wrote(), WRITES);
    this.#hooks.onWriting(author.name);
  }

  #stand({ read, seen, rating }) {
    this.#read(read ?? 0);
    this.#hooks.onStanding({ seen: seen ?? 0, rating });
  }

  /** The team has read the customer's messages up to this number. */
  #read(seq) {
    this.#teamRead = Math.max(seq, this.#teamRead);
    this.#tick();
  }

  #tick(...elements) {
    const mine = elements.length ? elements : $$(":scope > .mine:not([data-read])", this.#list);
    for (const one of mine) {
      one.toggleAttribute("data-read", Number(one.dataset.seq) <= this.#teamRead);
    }
  }

  #wrote() {
    clearTimeout(this.#writing);
    this.#hooks.onWriting("");
  }
}
