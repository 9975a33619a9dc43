// The menu by which a list is narrowed, and under which name it is kept.

import { $ } from "../lib/dom.js";

/** `new Filters({root, list})`: `root` is the workspace element, `list` shows what is chosen. */
export class Filters {
  #root;
  #list;
  #menu = $("#filters-menu");

  constructor({ root, list }) {
    this.#root = root;
    this.#list = list;
    this.#menu.addEventListener("toggle", () => this.#menu.open && this.#load());
    this.#menu.addEventListener("change", ({ target }) => {
      const form = target.closest("#filters-form");
      if (form) this.#narrow(form);
    });
    document.addEventListener("submit", (event) => {
      if (event.target.id === "filters-form") event.preventDefault();
    });
    // A view was saved, changed or removed: the tabs came anew, with the right one marked.
    document.addEventListener("htmx:after:settle", ({ target }) => {
      if (target.id !== "tabs") return;
      this.#menu.open = false;
      const marked = $("#tabs [aria-current][data-query]");
      if (marked && marked.dataset.query !== list.query) list.turnTo(marked.dataset.query);
      else list.markTab();
    });
  }

  #load() {
    htmx.ajax("GET", `${this.#root.dataset.url}filters/?${this.#list.query}`, {
      target: "#filters",
    });
  }

  async #narrow(form) {
    const chosen = new URLSearchParams(new FormData(form));
    const query = new URLSearchParams({ view: form.dataset.view });
    for (const [name, value] of chosen) if (value) query.append(name, value);
    await this.#list.turnTo(query);
    const address = $("#save-view [name=listing]");
    if (address) address.value = query;
  }
}
