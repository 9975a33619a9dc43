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
  #keep = whenQuiet(300, () => this.#memory.remember("draft", this.#field.value));
  #tellTyping = atMostEvery(STILL_TYPING, () => this.#onTyping(this.#field.value.trim() !== ""));

  constructor({ form, uploads, memory, onSend, onTyping }) {
    this.#form = form;
    this.#field = $("textarea", form);
    this.#button = $("[type=submit]", form);
    this.#uploads = uploads;
    this.#memory = memory;
    this.#onSend = onSend;
    this.#onTyping = onTyping;
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

  /** Whether there is something to send, and nothing still on its way into it. */
  refresh() {
    const empty = this.#field.value.trim() === "" && this.#uploads.files.length === 0;
    this.#button.disabled = empty || !this.#uploads.isComplete;
    this.#fit();
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
    this.#onSend(this.#field.value.trim(), this.#uploads.files);
    this.#field.value = "";
    this.#memory.forget("draft");
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
