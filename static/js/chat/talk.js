// One session's conversation on the screen: its history, what comes live, who is writing.

import { $ } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";
import { Stream } from "../lib/stream.js";

const SCREENFUL = 60; // entries fetched at once
const WRITES = 7_000; // how long one sign of typing lasts

/**
 * - `session`: `{token, conversation}`; `headers` carries its token
 * - `onEntry(entry, element)`: an entry is on the screen
 * - `onWriting(name)`: the public name of whoever writes an answer, or ""
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

  constructor({ url, language, session, headers, transcript, list, earlier, read, ...hooks }) {
    this.#url = url;
    this.#headers = headers;
    this.#conversation = session.conversation;
    this.#list = list;
    this.#earlier = earlier;
    this.#transcript = transcript;
    this.#hooks = hooks;
    this.#shownFrom = Math.max(0, read - SCREENFUL);
    this.#stream = new Stream({
      path: `/ws${url}`,
      entriesUrl: (_, after) => this.#entriesUrl(after),
      headers: () => headers,
      join: (_, after) => ({ type: "auth", token: session.token, after, language }),
      onEntry: (_, entry, html) => this.#show(entry, html),
      onFrame: (frame) => this.#hear(frame),
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

  tellTyping(typing) {
    this.#stream.send({ type: "typing", typing });
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
      this.#hooks.onEntry(entry, $(`[data-seq="${entry.seq}"]`, this.#list));
    }
  }

  #entriesUrl(after) {
    return `${this.#url}entries?after=${after}&lang=${document.documentElement.lang}`;
  }

  /** The history by a plain request, beside the socket: it works where sockets do not. */
  async #begin() {
    const log = this.#list.closest("[role=log]");
    log.ariaBusy = "true"; // history is not news to a screen reader
    this.#earlier.hidden = this.#shownFrom === 0;
    try {
      const page = await requestJson(this.#entriesUrl(this.#shownFrom), { headers: this.#headers });
      for (const entry of page.entries) {
        this.#stream.hear(this.#conversation, entry, entry.html);
      }
      this.#stream.expect(this.#conversation, page.head);
    } catch {
      // The stream asks again until somebody answers.
    } finally {
      log.ariaBusy = "false";
    }
  }

  #show(entry, html) {
    if (entry.kind === "reply") this.#wrote();
    this.#hooks.onEntry(entry, this.#transcript.add(html));
  }

  #hear({ type, author, typing }) {
    if (type !== "typing" || author?.kind !== "agent") return;
    this.#wrote();
    if (!typing) return;
    this.#writing = setTimeout(() => this.#wrote(), WRITES);
    this.#hooks.onWriting(author.name);
  }

  #wrote() {
    clearTimeout(this.#writing);
    this.#hooks.onWriting("");
  }
}
