// A sent reply that is changed, and what it said before.

import { $, csrfToken, elementFrom, isComposing } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";
import { localise } from "../lib/time.js";
import { toast } from "../lib/toast.js";

/**
 * `new Edits({url, say, signal, onSaved})`
 *
 * - `url`: of the conversation
 * - `onSaved(answer)`: the server took a new text; the stream brings it
 */
export class Edits {
  #url;
  #say;
  #onSaved;
  #dialog = $("#edit-dialog");
  #earlier = $("#edits-dialog");
  #entry; // its number
  #was; // how often it had been edited when this edit began
  #saving = false;

  constructor({ url, say, signal, onSaved }) {
    this.#url = url;
    this.#say = say;
    this.#onSaved = onSaved;
    const form = $("form", this.#dialog);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    }, { signal });
    form.addEventListener("keydown", (event) => {
      if (isComposing(event) || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      form.requestSubmit();
    }, { signal });
  }

  get #field() {
    return $("textarea", this.#dialog);
  }

  /** Let the reply of this number say something else. */
  async edit(seq) {
    const found = await this.#ask(() => requestJson(`${this.#url}edits/?entry=${seq}`));
    if (!found || this.#dialog.open) return;
    if (found.masked) return toast(this.#say("edit-masked"));
    this.#entry = seq;
    this.#was = found.edits.length;
    $("[data-conflict]", this.#dialog).hidden = true;
    this.#complain("");
    this.#field.value = found.body;
    this.#dialog.showModal();
    this.#field.focus();
  }

  /** What it said before, and who changed it when. */
  async showEarlier(seq) {
    const answer = await this.#ask(() => fetch(`${this.#url}edits/?entry=${seq}`));
    if (!answer || this.#earlier.open) return;
    if (!answer.ok) return toast(this.#say("failed"));
    const texts = elementFrom(`<ol>${await answer.text()}</ol>`);
    localise(texts);
    $("[data-texts]", this.#earlier).replaceChildren(...texts.children);
    this.#earlier.showModal();
    $("h2", this.#earlier).focus();
  }

  async #save() {
    if (this.#saving) return;
    const button = $("[data-do]", this.#dialog);
    const data = { entry: this.#entry, body: this.#field.value, was: this.#was };
    const headers = { "X-CSRFToken": csrfToken() };
    this.#saving = true;
    button.ariaBusy = "true";
    const answer = await this.#ask(
      () => requestJson(`${this.#url}edit/`, { data, headers }),
      (sentence) => this.#complain(sentence),
    );
    this.#saving = false;
    button.ariaBusy = null;
    if (!answer) return;
    this.#dialog.close();
    this.#onSaved(answer);
  }

  /** A sentence in the dialog: a toast would lie behind it. */
  #complain(sentence) {
    const problem = $("[data-problem]", this.#dialog);
    problem.textContent = sentence;
    problem.hidden = !sentence;
  }

  /** What is asked for; null, with a sentence on the screen, if it cannot be had. */
  async #ask(request, tell = toast) {
    try {
      return await request();
    } catch (error) {
      if (error.answer?.edits === undefined) tell(error.sentence || this.#say("unreachable"));
      else this.#showNow(error.answer);
      return null;
    }
  }

  /** Somebody was faster: their text beside what was typed, which the next Save puts over it. */
  #showNow({ body, edits }) {
    this.#was = edits;
    this.#complain("");
    $("[data-now]", this.#dialog).textContent = body;
    $("[data-conflict]", this.#dialog).hidden = false;
    this.#field.focus();
  }
}
