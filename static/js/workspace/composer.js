// Where agents write together: a reply, an internal note or a sensitive one, each with its own text
// and its own files, so that nothing can slip into what others read than it was written for.
//
// What is written is the conversation's, and every colleague who may write has the same text before
// them. Aside, one writes what nobody else sees, until it is brought in.

import { $, $$, isComposing, uuid } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";
import { toast } from "../lib/toast.js";
import { Uploads } from "../lib/uploads.js";
import { Attached } from "./attached.js";
import { begunOn, whenBegun } from "./begun.js";
import { Canned } from "./canned.js";
import { people, tags } from "./completions.js";
import { Drafts } from "./drafts.js";
import { emojiPicker } from "./emoji.js";
import { Held } from "./held.js";
import { attachOffers } from "./offers.js";
import { attachPreview } from "./preview.js";
import { Sending } from "./sending.js";

const MOST = 10_000; // characters of a message
const TYPING = 3_000; // one sign of typing at most this often
const SENSITIVE = "sensitive"; // a note for those alone who may read such
const MODES = ["reply", "note", SENSITIVE];
const MARKS = { b: "**", i: "*" }; // by the key that sets them
const faceOf = (mode) => (mode === SENSITIVE ? "note" : mode);

/**
 * `await Composer.open({form, agent, conversation, url, say, signal, …})`
 *
 * - `url`: of the conversation; files go to `url + "files/"`
 * - `signal`: the conversation is left
 * - `seen()`: the number up to which the agent has read
 * - `isOffline()`, `isQueued()`, `onSent(answer)`, `onStuck(message)`: as `Sending` asks for them
 * - `onTyping(mode, typing)`: the agent writes, or stopped
 * - `onHistory(mode, restore)`: show how the text came about; `restore(text)` puts a version back
 */
export class Composer {
  #form;
  #conversation;
  #field;
  #texts;
  #button;
  #url;
  #say;
  #hooks;
  #shared = {};
  #aside = {};
  #drafts;
  #canned;
  #held;
  #attached;
  #uploads;
  #isAside = false;
  #isWaiting = false; // to be sent as soon as its files are there
  #sending;
  #typedAt = 0;
  #leaving;
  #shows = null; // the text that is in the field

  /** The editor is loaded with the first conversation that is opened. Null if it was left before. */
  static async open(options) {
    const [{ Field }, texts] = await Promise.all([import("./field.js"), import("./texts.js")]);
    return options.signal.aborted ? null : new Composer(options, Field, texts);
  }

  constructor({ form, agent, conversation, url, say, signal, ...hooks }, Field, texts) {
    this.#form = form;
    this.#field = new Field({ place: $("#composer-text", form), most: MOST });
    this.#texts = texts;
    this.#button = $("[data-send]", form);
    this.#url = url;
    this.#say = say;
    this.#hooks = hooks;
    this.#leaving = signal;
    this.#conversation = conversation;
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
    attachOffers(this.#field, {
      kinds: [people(url, () => this.mode === SENSITIVE), tags(dataset.labels)],
      isOn: () => this.mode !== "reply",
      signal,
    });
    attachPreview(this.#field, {
      ...{ url, say, signal },
      button: $("[data-preview]", form),
      mode: () => this.mode,
    });
    this.#held = new Held({
      ...{ form, say, signal },
      onAnyway: () => this.#send({ anyway: true }),
      onBack: () => this.#field.focus(),
    });
    // What is aside nobody else reads, however it is to go out.
    for (const mode of ["reply", "note"]) {
      this.#aside[mode] = new texts.OwnText(this.#drafts.read(mode));
    }
    this.#attached = new Attached({
      ...{ form, agent, conversation, url, say, signal },
      modes: MODES,
      onChange: () => this.#refresh(),
    });
    this.#uploads = this.#attached.uploads;
    this.#sending = new Sending({
      ...{ form, url, say, attached: this.#attached, ...hooks },
      textOf: (mode) => this.#shared[mode],
      onRefused: (error, asked) => this.#refused(error, asked),
      onChange: () => this.#refresh(),
      onBack: () => this.#field.focus(),
      onChanged: () => toast(this.#say("changed-meanwhile")),
    });
    this.#key = (mode) => `shared:${agent}:${conversation}:${mode}`;
    this.#path = (mode) => `${conversation}/${mode === "reply" ? "" : `${mode}/`}`;
    this.#listen(signal);
    this.#turn();
    for (const part of form.querySelectorAll(":disabled")) part.disabled = false;
    this.#refresh();
    signal.addEventListener("abort", () => this.#close());
  }

  #key;
  #path;

  get mode() {
    return this.#isSensitive && this.#face === "note" ? SENSITIVE : this.#face;
  }

  /** The server said anew who may write. */
  floorDrawn() {
    this.#refresh();
  }

  focus(mode = this.mode) {
    const face = faceOf(mode);
    const choice = $(`input[name=mode][value=${face}]`, this.#form);
    if (mode === SENSITIVE) this.#confide(true);
    else if (!this.#confiding) this.#confide(false);
    if (choice && face !== this.#face) choice.click();
    this.#field.focus();
  }

  /** Put a text where the caret stands; "reply", "note" or "sensitive" says in which text. */
  insert(text, mode = this.mode) {
    this.focus(mode);
    this.#insert(text);
  }

  /** Quote a text below what is written; what only colleagues may read makes it a note. */
  quote(text, mode) {
    if (mode !== "reply" && !$("input[value=note]", this.#form)) return;
    if (mode === SENSITIVE && !this.#confiding) return toast(this.#say("quote-sensitive"));
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
      this.#stopTyping();
      this.#form.dataset.mode = target.value;
      this.#turn();
      this.#field.focus();
    });
    $("#composer-confide", this.#form).addEventListener("click", ({ target }) => {
      if (!target.closest("[data-confide]")) return;
      this.#stopTyping();
      this.#takeAlong();
      this.#field.focus();
    });
    $(".floor", this.#form).addEventListener("click", ({ target }) => {
      const turn = target.closest("[data-turn]");
      if (turn) this.focus(turn.dataset.turn);
    });
    // What other parts of the page put into a text.
    this.#form.addEventListener("compose", ({ detail }) => this.insert(detail.text, detail.mode));
    whenBegun((pk) => pk === this.#conversation && this.#refresh(), { signal });
    this.#field.addEventListener("input", () => this.#type());
    this.#field.addEventListener("change", () => {
      if (this.#isAside) this.#drafts.write(this.#face, this.#field.value);
      this.#refresh();
    });
    this.#field.addEventListener("full", () => toast(this.#say("too-long", { most: MOST })));
    this.#field.root.addEventListener("keydown", (event) => this.#pressed(event), true);
    this.#field.element.addEventListener("blur", () => {
      this.#stopTyping();
      this.#drafts.save();
    });
    const leave = () => {
      this.#drafts.saveLast();
      this.#sending.nowOrNever();
    };
    addEventListener("pagehide", leave, { signal });
    addEventListener("online", () => this.#drafts.save(), { signal });

    const picker = $("[data-picker]", this.#form);
    $("[data-attach]", this.#form).addEventListener("click", () => picker.click());
    const add = (files) => this.#isClosed || this.#uploads[this.mode].add(files);
    Uploads.listen({ input: picker, field: this.#field.root, area: this.#form, add });
    emojiPicker({
      button: $("[data-emoji]", this.#form),
      onChoose: (emoji) => this.#insert(emoji),
      signal,
    });
    $("[data-slash]", this.#form).addEventListener("click", () => {
      const before = this.#field.value.slice(0, this.#field.selectionStart);
      this.#insert(/\S$/.test(before) ? " /" : "/");
    });
    $("[data-history]", this.#form).addEventListener("click", () => {
      const { mode } = this;
      this.#hooks.onHistory(mode, (text) => this.#restore(mode, text));
    });
    $("[data-aside]", this.#form).addEventListener("click", () => this.#turnAside(!this.#isAside));
  }

  #pressed(event) {
    if (isComposing(event) || this.#canned.takes(event)) return;
    if (event.key === "Escape") this.#field.blur();
    if (event.shiftKey || event.altKey) return;
    const withControl = event.ctrlKey || event.metaKey;
    const mark = withControl && MARKS[event.key.toLowerCase()];
    const sends = withControl || this.#form.hasAttribute("data-enter-sends");
    if (!mark && !(event.key === "Enter" && sends)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!mark) this.#form.requestSubmit();
    else if (this.#mayWrite) this.#field.wrap(mark);
  }

  /** Reply or note: what the form looks like. */
  get #face() {
    return this.#form.dataset.mode;
  }

  get #isSensitive() {
    return this.#form.hasAttribute("data-sensitive");
  }

  /** The button that makes a note sensitive, for those who may write such. */
  get #confiding() {
    return $("[data-confide]", this.#form);
  }

  #confide(isSensitive) {
    if (isSensitive === this.#isSensitive || (isSensitive && !this.#confiding)) return;
    this.#form.toggleAttribute("data-sensitive", isSensitive);
    if (this.#face === "note") this.#turn();
  }

  /** Turn between the routine note and the sensitive one. What is written of the first becomes the
   * second, unless colleagues write it too; back nothing goes by itself. */
  #takeAlong() {
    if (this.#isSensitive) return this.#confide(false);
    const { note } = this.#shared;
    const text = note.value;
    this.#confide(true);
    if (!text.trim() || this.#isAside || !this.#mayWrite) return;
    if (note.awareness.getStates().size > 1) return toast(this.#say("note-stays"));
    note.text.delete(0, note.text.length);
    note.undo.clear(); // it would bring back there what is sensitive now
    this.#insert(text);
  }

  #turn() {
    const { mode } = this;
    this.#isWaiting = false;
    this.#shared[mode] ??= this.#begin(mode);
    this.#field.describe({
      "aria-label": this.#form.dataset[`${mode}Label`],
      "aria-placeholder": this.#form.dataset[`${mode}Hint`],
    });
    this.#show();
    for (const list of this.#form.querySelectorAll("[data-uploads]")) {
      list.hidden = list.dataset.uploads !== mode;
    }
    this.#held.hide();
    this.#refresh();
  }

  /** Open the text that colleagues write together. */
  #begin(mode) {
    const shared = new this.#texts.SharedText({ path: this.#path(mode), key: this.#key(mode) });
    shared.addEventListener("change", () => this.#refresh());
    shared.addEventListener("sent", () => mode === this.mode && this.#held.hide());
    shared.addEventListener("refused", ({ detail }) => {
      this.#setAside(mode, detail);
      this.#show();
    });
    return shared;
  }

  /** An earlier version in the place of what is there, as one change that can be undone. */
  #restore(mode, text) {
    this.#turnAside(false);
    this.focus(mode);
    const { value } = this.#field;
    let [from, end] = [0, 0]; // what both have stays as it is, and whose it is
    const most = Math.min(value.length, text.length);
    while (from < most && value[from] === text[from]) from += 1;
    while (end < most - from && value.at(-1 - end) === text.at(-1 - end)) end += 1;
    this.#insert(text.slice(from, text.length - end), from, value.length - end);
  }

  /** What may not be added to the shared text any more is not lost. */
  async #setAside(mode, text) {
    if (!text.trim()) return;
    // Whoever may not read it any more keeps no copy of what colleagues wrote in it.
    if (mode === SENSITIVE) {
      const url = `${this.#url}draft/?kind=${mode}`;
      if (!(await requestJson(url).catch(() => null)) || this.#leaving.aborted) return;
    }
    const own = this.#aside[faceOf(mode)];
    own.value = own.value ? `${own.value}\n\n${text}` : text;
    this.#drafts.write(faceOf(mode), own.value);
    toast(this.#say("set-aside"));
  }

  #turnAside(isAside) {
    this.#isAside = isAside;
    this.#show();
    this.#field.focus();
    this.#refresh();
  }

  #show() {
    const text = this.#isAside ? this.#aside[this.#face] : this.#shared[this.mode];
    if (this.#shows === text.text) return;
    this.#shows = text.text;
    this.#field.show(text);
  }

  /** Whether the floor is somebody else's: what is written can be read and copied. */
  get #isClosed() {
    return $(`[data-closed="${this.mode}"]`, this.#form) !== null;
  }

  get #mayWrite() {
    return !this.#isClosed || this.#isAside;
  }

  /** Put a text in the place of a part of the field, so that undo takes it back. */
  #insert(text, from, to) {
    if (this.#mayWrite) this.#field.insert(text, from, to);
  }

  /** The text or the files changed, or who may write. */
  #refresh() {
    if (this.#leaving.aborted) return;
    const uploads = this.#uploads[this.mode];
    const isClosed = this.#isClosed;
    const { value } = this.#field;
    const isEmpty = value.trim() === "" && uploads.isEmpty;
    this.#isWaiting &&= !isEmpty && !isClosed && !uploads.hasFailed;
    const isSending = this.#sending.isSending(this.mode);
    const isBusy = this.#isWaiting || isSending;
    this.#field.describe({ "aria-readonly": String(isClosed && !this.#isAside) });
    this.#field.root.toggleAttribute("data-empty", value === "");
    for (const button of $$(".bar button:not([data-aside], [data-history])", this.#form)) {
      button.disabled = isClosed && !(this.#isAside && !button.matches("[data-send]"));
    }
    if (isClosed) this.#stopTyping();
    this.#form.toggleAttribute("data-waiting", this.#isWaiting);
    this.#form.toggleAttribute("data-sending", isSending);
    this.#form.toggleAttribute("data-is-aside", this.#isAside);
    $("[data-aside]", this.#form).ariaPressed = String(this.#isAside);
    this.#button.ariaBusy = String(isBusy);
    if (this.#confiding) this.#confiding.ariaPressed = String(this.#isSensitive);
    const begun = begunOn(this.#conversation);
    for (const choice of this.#form.querySelectorAll("[name=mode]")) {
      const isBegun = choice.value in begun || !this.#uploads[choice.value].isEmpty;
      choice.parentElement.toggleAttribute("data-begun", choice.value !== this.#face && isBegun);
    }
    $("[data-aside]", this.#form).toggleAttribute(
      "data-begun",
      !this.#isAside && this.#aside[this.#face].value !== "",
    );
    this.#showKept(value);
    if (this.#isWaiting && !uploads.isBusy) this.#send();
  }

  /** Whether it is safe, and how much it is. */
  #showKept(value) {
    const shared = this.#shared[this.mode];
    const state = this.#isAside
      ? "own"
      : !shared.isConnected
        ? "offline"
        : !shared.isSaved
          ? "saving"
          : "saved";
    const kept = $("[data-kept]", this.#form);
    kept.dataset.kept = state;
    $("[data-text]", kept).textContent = value || state === "offline" ? this.#say(`text-${state}`) : "";
    const words = value.match(/\p{Script=Han}|[\p{L}\p{N}_'’-]+/gu)?.length ?? 0;
    const count = $("[data-count]", this.#form);
    count.textContent = value ? this.#say("count", { words, characters: [...value].length }) : "";
  }

  /** Send what is written, or bring it in where it was written aside. */
  #send({ anyway = false } = {}) {
    const uploads = this.#uploads[this.mode];
    const isEmpty = !this.#field.value.trim() && uploads.isEmpty;
    this.#field.focus();
    if (this.#isClosed || isEmpty) return;
    if (this.#isAside) return this.#bringIn();
    if (uploads.hasFailed) return toast(this.#say("uploads-failed"));
    this.#isWaiting = uploads.isBusy;
    if (this.#isWaiting) return this.#refresh();
    this.#stopTyping();
    this.#held.hide();
    const { mode: kind } = this;
    this.#sending.press({ kind, client_id: uuid(), seen: this.#hooks.seen(), anyway });
  }

  #bringIn() {
    const own = this.#aside[this.#face];
    const text = own.value.trim();
    own.value = "";
    this.#drafts.write(this.#face, "");
    this.#drafts.save();
    this.#turnAside(false);
    this.#insert(text);
  }

  #refused(error, asked) {
    const { answer } = error;
    if (answer?.held) this.#held.show(answer.since);
    else if (answer?.sent) toast(this.#say("sent-already", { name: answer.sent.by?.name ?? "" }));
    else toast(error.sentence || this.#say("failed"));
    if (asked.kind === this.mode) this.#field.focus();
  }

  #type() {
    if (!this.#field.value) return this.#stopTyping();
    if (this.#isAside || Date.now() - this.#typedAt < TYPING) return;
    this.#typedAt = Date.now();
    this.#hooks.onTyping(this.mode, true);
  }

  #stopTyping() {
    if (!this.#typedAt) return;
    this.#typedAt = 0;
    this.#hooks.onTyping(this.mode, false);
  }

  #close() {
    this.#sending.now();
    this.#stopTyping();
    this.#drafts.close();
    this.#canned.close();
    for (const shared of Object.values(this.#shared)) shared.close();
    for (const uploads of Object.values(this.#uploads)) uploads.clear();
    this.#field.close();
  }
}
