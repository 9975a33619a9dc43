// Where an agent writes: a reply or an internal note, each with its own text and its own files, so
// that nothing written for colleagues can slip into what the customer reads.

import { $, $$, csrfToken, isComposing } from "../lib/dom.js";
import { toast } from "../lib/toast.js";
import { Uploads } from "../lib/uploads.js";
import { Canned } from "./canned.js";
import { Drafts } from "./drafts.js";
import { emojiPicker } from "./emoji.js";
import { attachMentions } from "./mention.js";

const TYPING = 3_000; // one sign of typing at most this often

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
  #button;
  #say;
  #onSend;
  #onTyping;
  #drafts;
  #canned;
  #uploads = {};
  #isWaiting = false; // to be sent as soon as its files are there
  #typedAt = 0;
  #leaving = new AbortController();

  constructor({ form, agent, conversation, url, say, onSend, onTyping }) {
    this.#form = form;
    this.#field = $("textarea", form);
    this.#button = $("[data-send]", form);
    this.#say = say;
    this.#onSend = onSend;
    this.#onTyping = onTyping;
    const { signal } = this.#leaving;
    const { dataset } = form;
    this.#drafts = new Drafts({
      ...{ agent, conversation },
      url: `${url}private-draft/`,
      kept: {
        reply: { body: dataset.reply, number: Number(dataset.replyNumber) },
        note: { body: dataset.note, number: Number(dataset.noteNumber) },
      },
    });
    this.#canned = new Canned({
      ...{ field: this.#field, signal },
      url: dataset.canned,
      names: { customer: dataset.customer, agent: dataset.agent },
      onInsert: (from, to, text) => this.#insert(text, from, to),
    });
    attachMentions(this.#field, { url, signal, isOn: () => this.mode === "note" });
    for (const mode of ["reply", "note"]) {
      this.#uploads[mode] = new Uploads({
        url: () => `${url}files/`,
        headers: () => ({ "X-CSRFToken": csrfToken() }),
        list: $(`[data-uploads="${mode}"]`, form),
        say,
        onChange: () => this.#refresh(),
      });
    }
    this.#listen(signal);
    this.#turnTo(this.mode);
    for (const part of form.querySelectorAll(":disabled")) part.disabled = false;
    this.#refresh();
  }

  get mode() {
    return this.#form.dataset.mode;
  }

  /** Keep the text; the field leaves the page. */
  close() {
    this.#keep();
    this.#drafts.close();
    this.#canned.close();
    this.#leaving.abort();
    for (const uploads of Object.values(this.#uploads)) uploads.clear();
  }

  /** The server said anew who may write. */
  floorDrawn() {
    this.#refresh();
  }

  focus(mode = this.mode) {
    const choice = $(`input[name=mode][value=${mode}]`, this.#form);
    if (choice && mode !== this.mode) choice.click();
    this.#field.focus();
  }

  /** Quote a text below what is written; what only colleagues may read makes it a note. */
  quote(text, mode) {
    if (mode === "note" && !$("input[value=note]", this.#form)) return;
    this.focus(mode);
    const quoted = text.replace(/^/gm, "> ");
    const before = this.#field.value.slice(0, this.#field.selectionStart);
    const gap = before === "" ? "" : before.endsWith("\n\n") ? "" : "\n\n";
    this.#insert(`${gap}${quoted}\n\n`);
  }

  // --- inside ------------------------------------------------------------------------------

  #listen(signal) {
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
    $(".floor", this.#form).addEventListener("click", ({ target }) => {
      const turn = target.closest("[data-turn]");
      if (turn) this.focus(turn.dataset.turn);
    });
    this.#field.addEventListener("input", () => {
      this.#keep();
      this.#refresh();
      this.#type();
    });
    this.#field.addEventListener("keydown", (event) => this.#pressed(event));
    this.#field.addEventListener("blur", () => {
      this.#stopTyping();
      this.#drafts.save();
    });
    addEventListener("pagehide", () => this.#drafts.saveLast(), { signal });
    addEventListener("online", () => this.#drafts.save(), { signal });

    const picker = $("[data-picker]", this.#form);
    $("[data-attach]", this.#form).addEventListener("click", () => picker.click());
    const add = (files) => this.#isClosed || this.#uploads[this.mode].add(files);
    Uploads.listen({ input: picker, field: this.#field, area: this.#form, add });
    emojiPicker({
      button: $("[data-emoji]", this.#form),
      onChoose: (emoji) => this.#insert(emoji),
      signal,
    });
    $("[data-slash]", this.#form).addEventListener("click", () => {
      const before = this.#field.value.slice(0, this.#field.selectionStart);
      this.#insert(/\S$/.test(before) ? " /" : "/");
    });
  }

  #pressed(event) {
    if (isComposing(event) || this.#canned.takes(event)) return;
    if (event.key === "Escape") this.#field.blur();
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    if (!event.ctrlKey && !event.metaKey && !this.#form.hasAttribute("data-enter-sends")) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  #keep() {
    this.#drafts.write(this.mode, this.#field.value);
  }

  #turnTo(mode) {
    this.#form.dataset.mode = mode;
    this.#isWaiting = false;
    const typed = this.#field.value; // before the script was there
    this.#field.value = this.#drafts.read(mode) || (this.#field.disabled ? typed : "");
    this.#field.setAttribute("aria-label", this.#field.dataset[`${mode}Label`]);
    this.#field.placeholder = this.#field.dataset[`${mode}Hint`];
    for (const list of this.#form.querySelectorAll("[data-uploads]")) {
      list.hidden = list.dataset.uploads !== mode;
    }
    this.#refresh();
  }

  /** Whether the floor is somebody else's: what is written stays as it is, to be read and copied. */
  get #isClosed() {
    return $(`[data-closed="${this.mode}"]`, this.#form) !== null;
  }

  /** Put a text in the place of a part of the field, so that undo takes it back. */
  #insert(text, from = this.#field.selectionStart, to = this.#field.selectionEnd) {
    if (this.#isClosed) return;
    this.#field.focus();
    this.#field.setSelectionRange(from, to);
    // Only this command goes into the field's history; it is deprecated and works everywhere.
    if (!document.execCommand("insertText", false, text)) {
      this.#field.setRangeText(text, from, to, "end");
      this.#field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  /** The text or the files changed, or who may write. */
  #refresh() {
    const uploads = this.#uploads[this.mode];
    const isClosed = this.#isClosed;
    const isEmpty = this.#field.value.trim() === "" && uploads.isEmpty;
    this.#isWaiting &&= !isEmpty && !isClosed && !uploads.hasFailed;
    this.#field.readOnly = isClosed;
    for (const button of $$(".bar button", this.#form)) button.disabled = isClosed;
    if (isClosed) this.#stopTyping();
    this.#form.toggleAttribute("data-waiting", this.#isWaiting);
    this.#button.ariaBusy = String(this.#isWaiting);
    for (const choice of this.#form.querySelectorAll("[name=mode]")) {
      const isBegun = choice.value !== this.mode && this.#drafts.read(choice.value) !== "";
      choice.parentElement.toggleAttribute("data-begun", isBegun);
    }
    this.#grow();
    if (this.#isWaiting && !uploads.isBusy) this.#send();
  }

  #send() {
    const uploads = this.#uploads[this.mode];
    const body = this.#field.value.trim();
    this.#field.focus();
    if (this.#isClosed) return;
    if (uploads.hasFailed) return toast(this.#say("uploads-failed"));
    if (!body && uploads.isEmpty) return;
    this.#isWaiting = uploads.isBusy;
    if (this.#isWaiting) return this.#refresh();
    this.#onSend({ kind: this.mode, body, files: uploads.files });
    this.#field.value = "";
    uploads.clear();
    this.#keep();
    this.#drafts.save();
    this.#stopTyping();
    this.#refresh();
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
