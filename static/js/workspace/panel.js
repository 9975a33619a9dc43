// The context panel: sections that fold, values to copy, the past to read without leaving.

import { copyText } from "../lib/copy.js";
import { $, $$, clone } from "../lib/dom.js";
import { localise } from "../lib/time.js";
import { enlarge } from "./lightbox.js";

const TICK = 1_500; // how long a copied value is confirmed

/**
 * `new Panel({panel, agent, say, onEntry})`: `panel` is its element, `onEntry(seq)` is asked to
 * show an entry of the open conversation.
 */
export class Panel {
  #panel;
  #say;
  #key;
  #folded;

  constructor({ panel, agent, say, onEntry }) {
    this.#panel = panel;
    this.#say = say;
    this.#key = `panel-folded-${agent}`;
    this.#folded = new Set(remembered(this.#key));
    panel.addEventListener("toggle", ({ target }) => this.#toggled(target), true); // never bubbles
    panel.addEventListener("click", (event) => {
      const pressed = event.target.closest("[data-entry], [data-copy], [data-again], .picture");
      if (!pressed || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (!pressed.matches("button")) event.preventDefault();
      if (pressed.matches(".picture")) enlarge(pressed);
      else if (pressed.dataset.entry) onEntry(Number(pressed.dataset.entry));
      else if (pressed.dataset.copy) this.#copy(pressed);
      else this.#read(pressed.closest("[data-said]"));
    });
    this.drawn();
  }

  /** The panel was drawn: fold what this agent keeps folded. */
  drawn() {
    for (const section of $$("[data-section]", this.#panel)) {
      section.open = !this.#folded.has(section.dataset.section);
    }
  }

  // --- inside ------------------------------------------------------------------------------

  #toggled(details) {
    if (details.dataset.said && details.open && !details.dataset.state) this.#read(details);
    const { section } = details.dataset;
    if (!section || details.open !== this.#folded.has(section)) return;
    if (details.open) this.#folded.delete(section);
    else this.#folded.add(section);
    remember(this.#key, [...this.#folded]);
  }

  /** Fetch the beginning of a past conversation into its section. */
  async #read(details) {
    const list = $(".said", details);
    details.dataset.state = "loading";
    list.replaceChildren(clone("past-loading"));
    try {
      const response = await fetch(details.dataset.said, { headers: { "HX-Request": "true" } });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      list.innerHTML = await response.text();
      details.dataset.state = "read";
      localise(list);
      htmx.process(list);
    } catch {
      details.dataset.state = "failed";
      list.replaceChildren(clone("past-failed"));
    }
  }

  async #copy(button) {
    if (!(await copyText(button.dataset.copy))) return;
    button.toggleAttribute("data-done", true);
    $("#copied").textContent = this.#say("copied");
    setTimeout(() => {
      button.removeAttribute("data-done");
      $("#copied").textContent = "";
    }, TICK);
  }
}

function remembered(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    return Array.isArray(kept) ? kept : [];
  } catch {
    return []; // no storage, or not ours
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // No storage: remembered until the page is left.
  }
}
