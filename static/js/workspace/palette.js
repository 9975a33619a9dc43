// Everything that can be done from here, found by a few letters: Ctrl+K.

import { $, $$, clone, isComposing } from "../lib/dom.js";

const MOST = 60;

const words = (text) => text.replace(/\s+/g, " ").trim();

/** What a button or link says, without the key beside it. */
function labelOf(element) {
  const copy = element.cloneNode(true);
  for (const part of $$("kbd, b[data-count], .avatar, .icon-svg", copy)) part.remove();
  return words(copy.textContent) || element.ariaLabel || element.title;
}

/** How well a label answers: 0 best, Infinity not at all. All words must be in it. */
function distance(label, wanted) {
  const text = label.toLocaleLowerCase();
  if (!wanted.every((word) => text.includes(word))) return Infinity;
  return wanted.length && text.startsWith(wanted[0]) ? 0 : 1;
}

/**
 * `new Palette({sources})`: `sources()` returns groups, each an array of `{label, hint, run}`, in
 * the order in which they are shown.
 */
export class Palette {
  #dialog = $("#palette");
  #search = $("#palette [data-search]");
  #list = $("#palette [role=listbox]");
  #sources;
  #commands = [];
  #shown = [];

  constructor({ sources }) {
    this.#sources = sources;
    this.#search.addEventListener("input", (event) => event.isComposing || this.#show());
    this.#search.addEventListener("compositionend", () => this.#show());
    this.#dialog.addEventListener("keydown", (event) => this.#pressed(event));
    this.#dialog.addEventListener("click", ({ target }) => {
      if (target === this.#dialog) return this.#dialog.close();
      const option = target.closest("[role=option]");
      if (option) this.#run([...this.#list.children].indexOf(option));
    });
  }

  toggle() {
    if (this.#dialog.open) return this.#dialog.close();
    if ($("dialog[open]")) return;
    this.#commands = this.#sources().flat();
    this.#search.value = "";
    this.#show();
    this.#dialog.showModal();
    this.#search.focus();
  }

  #show() {
    const wanted = this.#search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    this.#shown = this.#commands
      .map((command) => ({ command, far: distance(command.label, wanted) }))
      .filter(({ far }) => far < Infinity)
      .sort((a, b) => a.far - b.far)
      .slice(0, MOST)
      .map(({ command }) => command);
    this.#list.replaceChildren(
      ...this.#shown.map(({ label, hint, key }, index) => {
        const option = clone("palette-option");
        option.id = `command-${index}`;
        $("[data-label]", option).textContent = label;
        $("[data-hint]", option).textContent = hint ?? "";
        $("kbd", option).textContent = key ?? "";
        return option;
      }),
    );
    $("[data-none]", this.#dialog).hidden = this.#shown.length > 0;
    this.#mark(0);
  }

  #pressed(event) {
    if (isComposing(event)) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const count = this.#shown.length;
    if (step && count) this.#mark((this.#current + step + count) % count);
    else if (event.key === "Enter" && count) this.#run(this.#current);
    else return;
    event.preventDefault();
  }

  get #current() {
    return [...this.#list.children].findIndex((option) => option.ariaSelected === "true");
  }

  #mark(index) {
    for (const [at, option] of [...this.#list.children].entries()) {
      option.ariaSelected = String(at === index);
      if (at !== index) continue;
      this.#search.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    }
  }

  #run(index) {
    this.#dialog.close();
    this.#shown[index]?.run();
  }
}

/**
 * Commands of the buttons and links below an element: each is what a click on it does. Of two that
 * do the same act the later one counts, which in a menu has the key beside it.
 */
export function commandsOf(root, hint = "") {
  const found = new Map();
  for (const element of root ? $$("button:not([popovertarget]), a", root) : []) {
    const key = `${element.dataset.act ?? labelOf(element)} ${element.value ?? ""}`;
    found.set(key, {
      label: labelOf(element),
      key: words($("kbd", element)?.textContent ?? ""),
      hint: element.dataset.hint ?? element.closest("form")?.ariaLabel ?? hint,
      run: () => element.click(),
    });
  }
  return [...found.values()];
}
