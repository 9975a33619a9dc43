// Replies that colleagues propose: a strip beside the reply, a dialog to propose one, and a search
// over replies sent before. What became of one's own is told on every page.

import { $, csrfToken, elementFrom, isComposing, uuid, whenQuiet } from "../lib/dom.js";
import { Refused, requestJson } from "../lib/http.js";
import { hears } from "../lib/live.js";
import { localise } from "../lib/time.js";
import { toast } from "../lib/toast.js";

let open = null; // those of the conversation on the page

hears("suggestion", ({ conversation, said }) => {
  if (said) toast(said);
  else if (conversation === open?.conversation) open.refresh();
});

/**
 * `new Suggestions({place, conversation, url, say, signal, onInsert})`
 *
 * - `place`: where the server draws the strip
 * - `url`: of the conversation
 * - `onInsert(text)`: put the text into the reply, where the caret is
 */
export class Suggestions {
  #place;
  #url;
  #say;
  #onInsert;
  #signal;
  #suggesting = $("#suggest-dialog");
  #declining = $("#decline-dialog");
  #id = uuid(); // of the text in the dialog, so that sending it again makes no second one
  #asked = 0;
  #isBusy = false;

  constructor({ place, conversation, url, say, signal, onInsert }) {
    this.#place = place;
    this.conversation = conversation;
    this.#url = url;
    this.#say = say;
    this.#onInsert = onInsert;
    this.#signal = signal;
    open = this;
    signal.addEventListener("abort", () => {
      if (open === this) open = null;
    });
    place.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-do]");
      if (button) this.#press(button.dataset.do, button.closest("[data-suggestion]"));
    });
    place.closest("form").addEventListener("click", ({ target }) => {
      if (target.closest("[data-suggest]")) this.#openDialog();
    });
    document.addEventListener("keydown", (event) => this.#pressed(event), {
      signal,
      capture: true, // before the field takes it for a new line
    });
    this.#tendDialog();
    this.#tendDeclining();
  }

  /** Draw the strip anew. */
  refresh() {
    htmx.ajax("GET", `${this.#url}suggestions/`, { target: "#suggestions", swap: "innerMorph" });
  }

  // --- the strip ---------------------------------------------------------------------------

  #pressed(event) {
    if (event.key !== "Enter" || !event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.shiftKey || isComposing(event) || $("dialog[open]")) return;
    const first = $("[data-do=use]", this.#place);
    if (!first) return;
    event.preventDefault();
    event.stopPropagation();
    first.click();
  }

  async #press(act, item) {
    const { suggestion } = item.dataset;
    if (act === "decline") return this.#openDeclining(item);
    const answer = await this.#post(`suggestions/${suggestion}/${act}/`, {});
    if (answer && act === "use") this.#onInsert(answer.text);
  }

  /** The answer, or null if it was not done: then the server's sentence is on the screen. */
  async #post(path, data) {
    if (this.#isBusy) return null;
    this.#isBusy = true;
    this.#place.ariaBusy = "true";
    try {
      const headers = { "X-CSRFToken": csrfToken() };
      return await requestJson(`${this.#url}${path}`, { data, headers });
    } catch (error) {
      const isOurs = error instanceof Refused && error.sentence;
      toast(isOurs ? error.sentence : this.#say("unreachable"));
      return null;
    } finally {
      this.#isBusy = false;
      this.#place.ariaBusy = null;
      if (!this.#signal.aborted) this.refresh();
    }
  }

  // --- declining ---------------------------------------------------------------------------

  #openDeclining(item) {
    const dialog = this.#declining;
    $("[name=suggestion]", dialog).value = item.dataset.suggestion;
    $("[name=answer]", dialog).value = "";
    $("[data-text]", dialog).textContent = $("summary", item).textContent;
    dialog.showModal();
    $("[name=answer]", dialog).focus();
  }

  #tendDeclining() {
    const form = $("form", this.#declining);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const { suggestion, answer } = Object.fromEntries(new FormData(form));
      const done = await this.#post(`suggestions/${suggestion}/decline/`, { answer });
      if (done) this.#declining.close();
    });
  }

  // --- suggesting --------------------------------------------------------------------------

  #openDialog() {
    const dialog = this.#suggesting;
    const mayAnswer = $("[data-may-answer]", this.#place) !== null;
    dialog.toggleAttribute("data-may-answer", mayAnswer);
    dialog.showModal();
    $("textarea", dialog).focus();
    this.#search();
    this.#showOwn();
  }

  #tendDialog() {
    const dialog = this.#suggesting;
    const field = $("textarea", dialog);
    const search = $("[data-search]", dialog);
    field.addEventListener("input", () => this.#written());
    const later = whenQuiet(250, () => this.#search());
    search.addEventListener("input", (event) => event.isComposing || later());
    search.addEventListener("compositionend", later);
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !isComposing(event)) event.preventDefault(); // it only searches
    });
    $("[data-sent-list]", dialog).addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      if (button.dataset.before) return this.#search(button);
      const { textContent } = $("[data-text]", button.closest("[data-sent]"));
      if (button.dataset.do === "take") this.#take(textContent);
      else {
        dialog.close();
        this.#onInsert(textContent);
      }
    });
    $("form", dialog).addEventListener("submit", async (event) => {
      event.preventDefault();
      const text = field.value.trim();
      if (!text || !(await this.#post("suggest/", { text, client_id: this.#id }))) return;
      field.value = "";
      this.#written();
      dialog.close();
    });
  }

  /** Another text is another suggestion. */
  #written() {
    this.#id = uuid();
    $("[data-do]:not([type=button])", this.#suggesting).disabled =
      $("textarea", this.#suggesting).value.trim() === "";
  }

  #take(text) {
    const field = $("textarea", this.#suggesting);
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.focus();
    this.#written();
  }

  /** Fill the list by what is looked for; with a button of an earlier answer, what is older. */
  async #search(older = null) {
    const input = $("[data-search]", this.#suggesting);
    const list = $("[data-sent-list]", this.#suggesting);
    const query = new URLSearchParams({ q: input.value.trim() });
    if (older) query.set("before", older.dataset.before);
    const asked = ++this.#asked;
    const found = await this.#fetch(`${input.dataset.url}?${query}`);
    if (!found || asked !== this.#asked) return;
    if (older) older.parentElement.replaceWith(...found.children);
    else list.replaceChildren(...found.children);
    localise(list);
    $("[data-none]", this.#suggesting).hidden = list.children.length > 0;
  }

  async #showOwn() {
    const found = await this.#fetch(`${this.#url}suggestions/own/`);
    const section = $("[data-own]", this.#suggesting);
    section.hidden = !found?.children.length;
    if (found) $("[data-own-list]", section).replaceChildren(...found.children);
  }

  async #fetch(url) {
    const response = await fetch(url).catch(() => null);
    if (!response?.ok) {
      toast(this.#say("unreachable"));
      return null;
    }
    return elementFrom(`<ul>${await response.text()}</ul>`);
  }
}
