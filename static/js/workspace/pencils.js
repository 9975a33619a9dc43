// A pencil on the rows of conversations where something is being written: by colleagues together, or
// by this agent aside.

import { $, $$, words } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";
import { hears } from "../lib/live.js";
import { begunOn, whenBegun } from "./begun.js";

const say = words();

/** `new Pencils({rows, url})`: `rows` is the list, `url` says where there are texts aside. */
export class Pencils {
  #rows;
  #url;
  #aside = new Set();

  constructor({ rows, url }) {
    this.#rows = rows;
    this.#url = url;
    hears("draft", ({ conversation, begun }) => {
      if (begun) this.#aside.add(conversation);
      else this.#aside.delete(conversation);
      this.#mark();
    });
    whenBegun(() => this.#mark());
    // Rows come and go by themselves; each one is marked in the frame in which it appears.
    new MutationObserver(() => this.#mark()).observe(rows, { childList: true });
  }

  /** Ask anew, after a time without a connection. */
  async refresh() {
    const { conversations } = await requestJson(this.#url);
    this.#aside = new Set(conversations);
    this.#mark();
  }

  #mark() {
    for (const row of $$(":scope > .row", this.#rows)) {
      const pencil = $(".row-draft", row);
      if (!pencil) continue;
      const { conversation } = row.dataset;
      const begun = Object.values(begunOn(conversation));
      const name = [...new Set(begun)].filter(Boolean).join(", ");
      pencil.hidden = !begun.length && !this.#aside.has(conversation);
      const shared = name ? "draft-by" : "draft-shared";
      const told = say(begun.length ? shared : "draft-aside", { name });
      if (pencil.title === told) continue;
      pencil.title = told;
      $(".unseen", pencil).textContent = told;
    }
  }
}
