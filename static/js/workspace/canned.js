// Canned replies where one writes: `/` and a part of what one looks for, arrows, Enter.

import { $, $$, clone, isComposing } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";

const TRIGGER = /(?:^|\s)\/([^\s/]{0,40})$/;
const VARIABLE = /( ?)\{\{\s*(customer|agent)\.name\s*\}\}/g;

/** The text with the names in it; a name nobody knows leaves no gap behind. */
export function fill(body, names) {
  return body.replace(VARIABLE, (_, space, who) => (names[who] ? space + names[who] : ""));
}

/**
 * `new Canned({field, url, names, onInsert, signal})`
 *
 * - `names`: `{customer, agent}`, what the variables become
 * - `onInsert(from, to, text)`: put the text in the place of that part of the field
 */
export class Canned {
  #field;
  #url;
  #names;
  #onInsert;
  #list = $("#canned");
  #found = [];
  #current = 0;
  #from = -1; // where the "/" stands; -1 while closed
  #asked = 0;

  constructor({ field, url, names, onInsert, signal }) {
    this.#field = field;
    this.#url = url;
    this.#names = names;
    this.#onInsert = onInsert;
    const options = { signal };
    field.addEventListener("input", () => field.isComposing || this.refresh(), options);
    field.element.addEventListener("click", () => this.isOpen && this.refresh(), options);
    field.element.addEventListener("blur", () => this.close(), options);
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault(), options);
    this.#list.addEventListener("click", ({ target }) => {
      const option = target.closest("[role=option]");
      if (option) this.#choose($$("[role=option]", this.#list).indexOf(option));
    }, options);
  }

  get isOpen() {
    return !this.#list.hidden;
  }

  /** A key for the open list? Then it is not for the field. */
  takes(event) {
    if (!this.isOpen || isComposing(event)) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.#found.length) {
      this.#mark((this.#current + step + this.#found.length) % this.#found.length);
    } else if (["Enter", "Tab"].includes(event.key) && this.#found.length && !event.ctrlKey) {
      this.#choose(this.#current);
    } else if (event.key === "Escape") {
      this.close();
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** Open, follow what is typed, or close. */
  refresh() {
    const { selectionStart, selectionEnd, value } = this.#field;
    const found = selectionStart === selectionEnd && TRIGGER.exec(value.slice(0, selectionStart));
    if (!found) return this.close();
    this.#from = selectionStart - found[1].length - 1;
    this.#search(found[1]);
  }

  close() {
    this.#from = -1;
    this.#asked += 1;
    this.#list.hidden = true;
    this.#field.element.removeAttribute("aria-activedescendant");
  }

  async #search(text) {
    const asked = ++this.#asked;
    try {
      const { canned } = await requestJson(`${this.#url}?q=${encodeURIComponent(text)}`);
      if (asked === this.#asked && this.#from >= 0) this.#show(canned, text);
    } catch {
      if (asked === this.#asked) this.close(); // nobody answers: then it is just a slash
    }
  }

  #show(found, text) {
    this.#found = found;
    $("[role=listbox]", this.#list).replaceChildren(
      ...found.map((reply, index) => {
        const option = clone("canned-option");
        option.id = `canned-${index}`;
        $("[data-title]", option).textContent = reply.title;
        $("[data-shortcut]", option).textContent = reply.shortcut && `/${reply.shortcut}`;
        $("[data-body]", option).textContent = fill(reply.body, this.#names);
        return option;
      }),
    );
    $("[data-none]", this.#list).hidden = found.length > 0 || text === "";
    $("[data-none-yet]", this.#list).hidden = found.length > 0 || text !== "";
    this.#list.hidden = false;
    this.#field.element.setAttribute("aria-controls", "canned-list");
    this.#stand();
    if (found.length) this.#mark(0);
    else this.#field.element.removeAttribute("aria-activedescendant");
  }

  /** Above the line of the "/", inside the window. */
  #stand() {
    const { left, top } = this.#field.placeOf(this.#from);
    const most = innerWidth - this.#list.offsetWidth - 8;
    this.#list.style.insetInlineStart = `${Math.max(8, Math.min(left - 12, most))}px`;
    this.#list.style.insetBlockEnd = `${innerHeight - top + 4}px`;
    this.#list.style.maxBlockSize = `${Math.min(360, top - 12)}px`;
  }

  #mark(index) {
    this.#current = index;
    for (const [at, option] of $$("[role=option]", this.#list).entries()) {
      option.ariaSelected = String(at === index);
      if (at !== index) continue;
      this.#field.element.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    }
  }

  #choose(index) {
    const reply = this.#found[index];
    const from = this.#from;
    this.close();
    this.#onInsert(from, this.#field.selectionStart, fill(reply.body, this.#names));
  }
}
