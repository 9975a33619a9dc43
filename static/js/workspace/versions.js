// How a text came about: its versions on a timeline, who wrote which part, and one restored.

import { $, $$, clone } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";
import { clock, dayKey, dayName } from "../lib/time.js";
import { toast } from "../lib/toast.js";

const MOVES = { ArrowDown: 1, ArrowUp: -1 };

/**
 * `new Versions({url, say, signal})`
 *
 * - `url`: of the conversation
 */
export class Versions {
  #url;
  #say;
  #dialog = $("#versions-dialog");
  #versions = [];
  #onRestore = null;

  constructor({ url, say, signal }) {
    this.#url = url;
    this.#say = say;
    const list = $("[data-versions]", this.#dialog);
    const options = { signal };
    list.addEventListener("click", ({ target }) => {
      const at = $$("[role=option]", list).indexOf(target.closest("[role=option]"));
      if (at >= 0) this.#choose(at);
    }, options);
    list.addEventListener("keydown", (event) => {
      const step = MOVES[event.key];
      if (!step) return;
      event.preventDefault();
      const all = $$("[role=option]", list);
      const next = all.indexOf(document.activeElement) + step;
      if (all[next]) this.#choose(next, { focus: true });
    }, options);
    $("[data-restore]", this.#dialog).addEventListener("click", () => {
      this.#dialog.close();
      this.#onRestore(this.#versions[this.#chosen].text);
    }, options);
  }

  get #chosen() {
    return $$("[role=option]", this.#dialog).findIndex((one) => one.ariaSelected === "true");
  }

  /** The text that is being written, as it was; `onRestore(text)` puts one back. */
  async show(kind, onRestore) {
    const draft = await this.#ask(`kind=${kind}`);
    if (!draft) return;
    const now = { text: draft.text, runs: draft.runs, at: null, author: null };
    this.#open(draft.text ? [now, ...draft.versions] : draft.versions, onRestore);
  }

  /** Who wrote which part of what was sent. */
  async showSent(kind, id) {
    const draft = await this.#ask(`kind=${kind}&sent=${id}`);
    if (draft) this.#open(draft.versions, null);
  }

  async #ask(query) {
    try {
      return await requestJson(`${this.#url}draft/?${query}`);
    } catch (error) {
      toast(error.sentence || this.#say("unreachable"));
      return null;
    }
  }

  #open(versions, onRestore) {
    this.#versions = versions;
    this.#onRestore = onRestore;
    const list = $("[data-versions]", this.#dialog);
    list.replaceChildren(...versions.map((version) => this.#line(version)));
    list.hidden = versions.length < 2;
    $(".versions", this.#dialog).hidden = !versions.length;
    $("[data-none]", this.#dialog).hidden = versions.length > 0;
    $("[data-restore]", this.#dialog).hidden = true;
    if (!this.#dialog.open) this.#dialog.showModal();
    if (versions.length) this.#choose(0);
    $("h2", this.#dialog).focus();
  }

  #line({ at, author, sent }) {
    const line = clone("version");
    const time = at && new Date(at);
    const day = time && dayKey(time) !== dayKey(new Date()) ? `${dayName(time)} ` : "";
    $("[data-at]", line).textContent = time ? `${day}${clock(time)}` : this.#say("version-now");
    const by = author?.name ?? "";
    $("[data-by]", line).textContent = sent ? this.#say("version-sent", { name: by }) : by;
    return line;
  }

  #choose(at, { focus = false } = {}) {
    for (const [index, option] of $$("[role=option]", this.#dialog).entries()) {
      option.ariaSelected = String(index === at);
      option.tabIndex = index === at ? 0 : -1;
      if (index === at && focus) option.focus();
    }
    const { text, runs } = this.#versions[at];
    const parts = runs.length ? runs : [{ text, agent: null }];
    $("[data-written]", this.#dialog).replaceChildren(
      ...parts.map(({ text: part, agent }) => {
        const span = document.createElement("span");
        span.textContent = part;
        if (agent) {
          span.className = `p${agent.colour}`;
          span.title = agent.name;
        }
        return span;
      }),
    );
    const writers = new Map(runs.map(({ agent }) => [agent?.id, agent]));
    $("[data-writers]", this.#dialog).replaceChildren(
      ...[...writers.values()].map((agent) => {
        const chip = clone("writer");
        const name = agent?.name ?? this.#say("version-nobody");
        const avatar = $(".avatar", chip);
        if (agent) avatar.classList.add(`p${agent.colour}`);
        avatar.textContent = [...name][0].toUpperCase();
        $("[data-name]", chip).textContent = name;
        return chip;
      }),
    );
    $("[data-restore]", this.#dialog).hidden = !this.#onRestore || !this.#versions[at].at;
  }
}
