// A pencil on the rows of conversations where this agent has begun to write.

import { $, $$ } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";
import { hears } from "../lib/live.js";

/** `new Pencils({rows, url})`: `rows` is the list, `url` says where there are drafts. */
export class Pencils {
  #rows;
  #url;
  #begun = new Set();

  constructor({ rows, url }) {
    this.#rows = rows;
    this.#url = url;
    hears("draft", ({ conversation, begun }) => this.#set(conversation, begun));
    // Rows come and go by themselves; each one is marked in the frame in which it appears.
    new MutationObserver(() => this.#mark()).observe(rows, { childList: true });
  }

  /** Ask anew, after a time without a connection. */
  async refresh() {
    const { conversations } = await requestJson(this.#url);
    this.#begun = new Set(conversations);
    this.#mark();
  }

  #set(conversation, begun) {
    if (begun) this.#begun.add(conversation);
    else this.#begun.delete(conversation);
    this.#mark();
  }

  #mark() {
    for (const row of $$(":scope > .row", this.#rows)) {
      const pencil = $(".row-draft", row);
      if (pencil) pencil.hidden = !this.#begun.has(row.dataset.conversation);
    }
  }
}
