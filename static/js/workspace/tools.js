// What can be done with one message: quote it, copy the link to it. One small bar follows the
// pointer, a touch or the focus; the arrow keys walk from message to message.

import { $, $$, isComposing } from "../lib/dom.js";

const isMessage = (element) => element?.matches?.(".msg[data-seq]");

/**
 * `new Tools({scroller, list, signal, onQuote, onLink, onEdit, onRecall, onWriters, mayAmend})`
 *
 * - `onQuote(entry, text)`: `text` is what is selected in the message, or all of it
 * - `onLink(entry)`: copy where it is found
 * - `onEdit(entry)`: let a reply say something else
 * - `onRecall(entry)`: take a reply back
 * - `onWriters(entry)`: show who wrote which part
 * - `mayAmend(entry)`: whether the agent may edit or recall it
 */
export class Tools {
  #bar = $("[data-tools]"); // without an id: htmx would copy its style from talk to talk
  #scroller;
  #list;
  #hooks;
  #entry = null;

  constructor({ scroller, list, signal, ...hooks }) {
    this.#scroller = scroller;
    this.#list = list;
    this.#hooks = hooks;
    const options = { signal };
    scroller.addEventListener("pointerover", (event) => this.#pointed(event), options);
    scroller.addEventListener("pointerleave", (event) => this.#left(event), options);
    scroller.addEventListener("focusin", (event) => this.#focused(event), options);
    scroller.addEventListener("keydown", (event) => this.#pressed(event), options);
    list.addEventListener("click", (event) => this.#touched(event), options);
    this.#bar.addEventListener("click", (event) => this.#chosen(event), options);
    // Choosing must not take away what is selected in the message.
    this.#bar.addEventListener("pointerdown", (event) => event.preventDefault(), options);
  }

  #pointed({ target, pointerType }) {
    if (pointerType === "touch") return;
    const entry = target.closest("#entries > .msg");
    if (entry) this.#show(entry);
  }

  #touched({ target }) {
    if (target.closest("a, button")) return;
    const entry = target.closest("#entries > .msg");
    if (entry) this.#show(entry);
    else this.#hide();
  }

  #focused({ target }) {
    if (isMessage(target)) this.#show(target);
  }

  #left({ pointerType }) {
    if (pointerType === "touch") return; // a finger is gone before it has pressed
    const focused = document.activeElement;
    if (isMessage(focused)) this.#show(focused);
    else if (!this.#bar.contains(focused)) this.#hide();
  }

  #show(entry) {
    this.#entry = entry;
    this.#bar.hidden = false;
    $("[data-tool=writers]", this.#bar).hidden =
      !entry.matches(".us, .note:not([data-withheld])") ||
      !entry.dataset.clientId ||
      "recalled" in entry.dataset;
    $("[data-tool=quote]", this.#bar).hidden = entry.matches("[data-withheld]");
    const mayAmend = entry.matches("[data-public]:not([data-recalled])") && this.#hooks.mayAmend(entry);
    for (const tool of $$("[data-tool=edit], [data-tool=recall]", this.#bar)) tool.hidden = !mayAmend;
    const room = this.#scroller.clientWidth - this.#bar.offsetWidth - 8;
    const beside = entry.matches(".them")
      ? entry.offsetLeft + entry.offsetWidth
      : entry.offsetLeft - this.#bar.offsetWidth;
    this.#bar.style.insetBlockStart = `${Math.max(0, entry.offsetTop - 10)}px`;
    this.#bar.style.insetInlineStart = `${Math.max(8, Math.min(beside, room))}px`;
  }

  #hide() {
    this.#entry = null;
    this.#bar.hidden = true;
  }

  #chosen({ target }) {
    const tool = target.closest("[data-tool]")?.dataset.tool;
    if (!this.#entry || !tool) return;
    if (tool === "quote") this.quote(this.#entry);
    else if (tool === "edit") this.#hooks.onEdit(this.#entry);
    else if (tool === "recall") this.#hooks.onRecall(this.#entry);
    else if (tool === "writers") this.#hooks.onWriters(this.#entry);
    else this.#hooks.onLink(this.#entry);
    this.#hide();
  }

  quote(entry) {
    const body = $("[data-body]", entry);
    const selection = getSelection();
    const isInside = body && !selection.isCollapsed && body.contains(selection.anchorNode);
    const text = isInside ? selection.toString() : (body?.innerText ?? "");
    if (text.trim()) this.#hooks.onQuote(entry, text.trim());
  }

  #pressed(event) {
    if (isComposing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const here = isMessage(event.target) ? event.target : null;
    if (!here && event.target !== this.#scroller) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) this.#walk(here, step);
    else if (here && event.key === "q") this.quote(here);
    else if (here && event.key === "l") this.#hooks.onLink(here);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #walk(from, step) {
    const messages = $$(":scope > .msg[data-seq]", this.#list);
    const next = from ? messages[messages.indexOf(from) + step] : messages.at(step < 0 ? -1 : 0);
    if (!next) return;
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
}
