// Where the customer writes. Enter sends, Shift+Enter breaks the line, and an input method that is
// composing does neither.

import { $, atMostEvery, isComposing, whenQuiet } from "../lib/dom.js";

const STILL_TYPING = 2_500; // pause between two signs of typing
const SHOWN_TYPING = 1_000; // the same where agents see the text
const MOST_SHOWN = 500; // characters of it: the last ones

/**
 * - `uploads`: the files of the next message
 * - `showsTyping`: whether agents may see what is being typed
 * - `onSend(body, files)`, `onTyping(typing, text)`
 */
export class Composer {
  #form;
  #field;
  #button;
  #uploads;
  #memory;
  #onSend;
  #onTyping;
  #isWaiting = false; // to be sent as soon as its files are there
  #keep = whenQuiet(300, () => {
    if (!this.#memory.isBlocked) this.#memory.remember("draft", this.#field.value);
  });
  #tellTyping;

  constructor({ form, uploads, memory, showsTyping, onSend, onTyping }) {
    this.#form = form;
    this.#field = $("[data-field]", form);
    this.#button = $("[type=submit]", form);
    this.#uploads = uploads;
    this.#memory = memory;
    this.#onSend = onSend;
    this.#onTyping = onTyping;
    this.#tellTyping = atMostEvery(showsTyping ? SHOWN_TYPING : STILL_TYPING, () => {
      const text = this.#field.value.trim();
      onTyping(text !== "", showsTyping ? text.slice(-MOST_SHOWN) : undefined);
    });
    this.#field.disabled = false; // until here Enter would only have broken the line
    this.#field.value ||= memory.recall("draft") ?? "";
    this.#field.addEventListener("input", () => this.#typed());
    this.#field.addEventListener("keydown", (event) => this.#pressed(event));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.refresh();
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  /** Forget what was written. */
  clear() {
    this.#field.value = "";
    this.#keep();
    this.refresh();
  }

  /** The text or the files changed. */
  refresh() {
    const isEmpty = this.#field.value.trim() === "" && this.#uploads.isEmpty;
    this.#button.disabled = isEmpty || this.#uploads.hasFailed;
    this.#isWaiting &&= !this.#button.disabled;
    this.#button.ariaBusy = String(this.#isWaiting);
    this.#fit();
    if (this.#isWaiting && !this.#uploads.isBusy) this.#send();
  }

  #typed() {
    this.refresh();
    this.#keep();
    this.#tellTyping();
  }

  #pressed(event) {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  #send() {
    if (this.#button.disabled) return;
    this.#isWaiting = this.#uploads.isBusy;
    if (this.#isWaiting) return this.refresh();
    this.#onSend(this.#field.value.trim(), this.#uploads.files);
    this.#uploads.clear();
    this.clear();
    this.#onTyping(false);
    this.focus();
  }

  /** Grows with its text where the browser's CSS cannot do it. */
  #fit() {
    if (CSS.supports("field-sizing", "content")) return;
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}
