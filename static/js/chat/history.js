// The customer's conversations: a list to read old ones in and to begin another.

import { $, $$, elementFrom } from "../lib/dom.js";
import { localise } from "../lib/time.js";

/**
 * - `button`: shows and hides the `section` (with `[data-conversations]` and `[data-older]`)
 * - `onAnswer(answer)`: what else the server says with the list
 * - `onChoose(id)`, `onOthers(count)`: unread messages in conversations that are not on the screen
 */
export class History {
  #session;
  #button;
  #section;
  #list;
  #older;
  #hooks;
  #language;
  #next = null;
  #asked = 0;

  constructor({ session, button, section, language, ...hooks }) {
    this.#session = session;
    this.#button = button;
    this.#section = section;
    this.#list = $("[data-conversations]", section);
    this.#older = $("[data-older]", section);
    this.#language = language;
    this.#hooks = hooks;
    button.addEventListener("click", () => this.show(section.hidden));
    this.#older.addEventListener("click", () => this.#load(this.#next));
    this.#list.addEventListener("click", ({ target }) => {
      const chosen = target.closest("[data-conversation]");
      if (!chosen) return;
      this.show(false);
      hooks.onChoose(chosen.dataset.conversation);
    });
  }

  get isShown() {
    return !this.#section.hidden;
  }

  show(open) {
    this.#section.hidden = !open;
    this.#button.ariaExpanded = String(open);
    if (!open) return;
    this.refresh();
    $("h2", this.#section).focus();
  }

  /** Somebody else is here. */
  startOver() {
    this.#asked += 1;
    this.#list.replaceChildren();
    this.#section.hidden = this.#button.hidden = true;
    this.#hooks.onOthers(0);
  }

  refresh() {
    return this.#load(null);
  }

  async #load(before) {
    if (!this.#session.current) return;
    const asked = ++this.#asked;
    const query = new URLSearchParams({ lang: this.#language, ...(before && { before }) });
    const answer = await this.#session.ask(`conversations?${query}`).catch(() => null);
    if (!answer || asked !== this.#asked) return; // nobody answered, or another question was later
    if (!before) this.#list.replaceChildren();
    for (const { html } of answer.conversations) this.#list.append(elementFrom(html));
    localise(this.#list);
    this.#next = answer.next;
    this.#older.hidden = !answer.next;
    this.#mark();
    if (!before) this.#hooks.onAnswer(answer);
    const others = answer.conversations.filter((one) => one.id !== this.#shown);
    this.#hooks.onOthers(others.reduce((sum, one) => sum + one.unread, 0));
  }

  get #shown() {
    return this.#session.current?.conversation;
  }

  /** Which one is on the screen; another may begin once that has ended. */
  #mark() {
    const rows = $$("[data-conversation]", this.#list);
    const shown = rows.find((row) => row.dataset.conversation === this.#shown);
    for (const row of rows) row.ariaCurrent = String(row === shown);
    this.#button.hidden = rows.length < (shown ? 2 : 1);
    $("[data-begin]", this.#section).hidden = shown?.dataset.status === "open";
  }
}
