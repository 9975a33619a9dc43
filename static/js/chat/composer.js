// Where the customer writes. Enter sends, Shift+Enter breaks the line, and an input method that is
// composing does neither.

import { $, atMostEvery, isComposing, whenQuiet } from "../lib/dom.js";

const STILL_TYPING = 2_500; // pause between two signs of typing

/**
 * - `uploads`: the files of the next message
 * - `onSend(body, files)`, `onTyping(typing)`
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
  #tellTyping = atMostEvery(STILL_TYPING, () => this.#onTyping(this.#field.value.trim() !== ""));

  constructor({ form, uploads, memory, onSend, onTyping }) {
    this.#form = form;
    this.#field = $("textarea", form);
    this.#button = $("[type=submit]", form);
    this.#uploads = uploads;
    this.#memory = memory;
    this.#onSend = onSend;
    this.#onTyping = onTyping;
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
    this.#field.value = "";
    this.#keep();
    this.#uploads.clear();
    this.#onTyping(false);
    this.refresh();
    this.focus();
  }

  /** Grows with its text where the browser's CSS cannot do it. */
  #fit() {
    if (CSS.supports("field-sizing", "content")) return;
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}
