// Where an agent writes: a reply or an internal note, each with its own text and its own files, so
// that nothing written for colleagues can slip into what the customer reads.

import { $, csrfToken, isComposing, whenQuiet } from "../lib/dom.js";
import { toast } from "../lib/toast.js";
import { Uploads } from "../lib/uploads.js";

const TYPING = 3_000; // one sign of typing at most this often

/** Texts not sent yet, kept in this browser. */
const drafts = {
  key: (agent, conversation, mode) => `draft:${agent}:${conversation}:${mode}`,
  read(key) {
    try {
      return localStorage.getItem(key) ?? "";
    } catch {
      return "";
    }
  },
  keep(key, text) {
    try {
      if (text) localStorage.setItem(key, text);
      else localStorage.removeItem(key);
    } catch {
      // No room or no storage: the text is still in its field.
    }
  },
};

/**
 * `new Composer({form, agent, conversation, url, say, onSend, onTyping})`
 *
 * - `url`: of the conversation; files go to `url + "files/"`
 * - `onSend({kind, body, files})`: take a "reply" or a "note"
 * - `onTyping(mode, typing)`: the agent writes, or stopped
 */
export class Composer {
  #form;
  #field;
  #agent;
  #conversation;
  #say;
  #onSend;
  #onTyping;
  #uploads = {};
  #typedAt = 0;
  #leaving = new AbortController();

  constructor({ form, agent, conversation, url, say, onSend, onTyping }) {
    this.#form = form;
    this.#field = $("textarea", form);
    this.#agent = agent;
    this.#conversation = conversation;
    this.#say = say;
    this.#onSend = onSend;
    this.#onTyping = onTyping;
    for (const mode of ["reply", "note"]) {
      this.#uploads[mode] = new Uploads({
        url: () => `${url}files/`,
        headers: () => ({ "X-CSRFToken": csrfToken() }),
        list: $(`[data-uploads="${mode}"]`, form),
        say,
      });
    }
    this.#listen();
    this.#turnTo(this.mode);
  }

  get mode() {
    return this.#form.dataset.mode;
  }

  /** Keep the text; the field leaves the page. */
  close() {
    this.#keep();
    this.#leaving.abort();
    for (const uploads of Object.values(this.#uploads)) uploads.clear();
  }

  #listen() {
    const { signal } = this.#leaving;
    const keepSoon = whenQuiet(300, () => signal.aborted || this.#keep());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#form.addEventListener("change", ({ target }) => {
      if (target.name !== "mode") return;
      this.#keep();
      this.#stopTyping();
      this.#turnTo(target.value);
      this.#field.focus();
    });
    this.#field.addEventListener("input", () => {
      keepSoon();
      this.#grow();
      this.#type();
    });
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || isComposing(event) || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.#form.requestSubmit();
    });
    this.#field.addEventListener("blur", () => this.#stopTyping());
    addEventListener("pagehide", () => this.#keep(), { signal });

    const picker = $("[data-picker]", this.#form);
    $("[data-attach]", this.#form).addEventListener("click", () => picker.click());
    const add = (files) => this.#uploads[this.mode].add(files);
    Uploads.listen({ input: picker, field: this.#field, area: this.#form, add });
  }

  get #key() {
    return drafts.key(this.#agent, this.#conversation, this.mode);
  }

  #keep() {
    drafts.keep(this.#key, this.#field.value);
  }

  #turnTo(mode) {
    this.#form.dataset.mode = mode;
    this.#field.value = drafts.read(this.#key);
    this.#field.setAttribute("aria-label", this.#field.dataset[`${mode}Label`]);
    this.#field.placeholder = this.#field.dataset[`${mode}Hint`];
    for (const list of this.#form.querySelectorAll("[data-uploads]")) {
      list.hidden = list.dataset.uploads !== mode;
    }
    this.#grow();
  }

  #send() {
    const uploads = this.#uploads[this.mode];
    const body = this.#field.value.trim();
    if (uploads.isBusy) return toast(this.#say("uploads-busy"));
    if (uploads.hasFailed) return toast(this.#say("uploads-failed"));
    this.#field.focus();
    if (!body && uploads.isEmpty) return;
    this.#onSend({ kind: this.mode, body, files: uploads.files });
    this.#field.value = "";
    uploads.clear();
    this.#keep();
    this.#stopTyping();
    this.#grow();
  }

  #type() {
    if (!this.#field.value) return this.#stopTyping();
    if (Date.now() - this.#typedAt < TYPING) return;
    this.#typedAt = Date.now();
    this.#onTyping(this.mode, true);
  }

  #stopTyping() {
    if (!this.#typedAt) return;
    this.#typedAt = 0;
    this.#onTyping(this.mode, false);
  }

  /** As tall as its text, where the style sheet cannot do it alone. */
  #grow() {
    if (CSS.supports("field-sizing", "content")) return;
    this.#field.style.blockSize = "auto";
    this.#field.style.blockSize = `${this.#field.scrollHeight}px`;
  }
}
