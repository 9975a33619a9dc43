// Sending what colleagues write together: once, in the order in which it was pressed, with time to
// think again where the administrator gives it.

import { $, csrfToken } from "../lib/dom.js";
import { Refused, requestJson } from "../lib/http.js";

/**
 * `new Sending({form, url, say, textOf, attached, …})`
 *
 * - `url`: of the conversation; texts go to `url + "draft/send/"`
 * - `textOf(kind)`: the text that is written together, `attached` its files
 * - `isOffline()`, `isQueued()`: the server is known to be out of reach; messages wait for it
 * - `onSent(answer)`: the server has taken the text
 * - `onStuck({id, kind, body, files, seen})`: nobody answered, or others go first; take it and send
 *   it by itself. With `seen` it may be held.
 * - `onRefused(error, asked)`: the server will not take it
 * - `onChange()`: a text is being sent, or is not any more
 * - `onChanged()`: what waited for its time was changed meanwhile; it is not sent
 * - `onBack()`: a reply was called back, or sent before its time
 *
 * What is `asked` for is `{kind, client_id, seen, anyway}`.
 */
export class Sending {
  #form;
  #url;
  #say;
  #textOf;
  #attached;
  #hooks;
  // By kind, while something is being sent: `{done, standing}`, when all that was pressed is, and
  // the passage of it that stands in the field until the server has taken it.
  #underWay = {};
  #later = null; // what is sent when its time for undoing is over: `{pressed, timer}`

  constructor({ form, url, say, textOf, attached, ...hooks }) {
    this.#form = form;
    this.#url = url;
    this.#say = say;
    this.#textOf = textOf;
    this.#attached = attached;
    this.#hooks = hooks;
    $("[data-later]", form).addEventListener("click", ({ target }) => {
      if (!this.#later) return;
      if (target.closest("[data-undo]")) this.#takeLater().words.close();
      else if (target.closest("[data-now]")) this.now();
      else return;
      hooks.onBack();
    });
  }

  isSending(kind) {
    return kind in this.#underWay;
  }

  /** Send a text as it is now, a reply when its time for undoing is over. Pressed again: at once. */
  press(asked) {
    const { kind } = asked;
    const isAgain = this.#later?.pressed.kind === kind;
    if (isAgain) this.now();
    const pressed = this.#pressed(asked);
    const seconds = kind === "reply" ? Number(this.#form.dataset.undoSeconds) : 0;
    if (isAgain && !pressed.body) pressed.words.close(); // nothing but what goes out now
    else if (seconds) this.#wait(pressed, seconds);
    else this.#send(pressed);
  }

  /** Send what waits for its time, if anything does and it is still what was pressed. */
  now() {
    if (!this.#later) return;
    const pressed = this.#takeLater();
    const isSent = this.#textOf(pressed.kind).generation !== pressed.generation; // by a colleague
    if (pressed.words.isWhole || isSent) return void this.#send(pressed);
    pressed.words.close();
    this.#hooks.onChanged();
  }

  // --- inside ------------------------------------------------------------------------------

  /**
   * What is pressed now, whatever is written from here on: `{kind, asked, seen, words, body,
   * generation, stored}`. The last is the log's number of it, once it is durable.
   */
  #pressed(asked) {
    const { kind } = asked;
    const shared = this.#textOf(kind);
    const words = shared.passage(this.#underWay[kind]?.standing);
    const stored = shared.saved();
    stored.catch(() => {}); // it is asked for when it is sent
    const seen = asked.anyway ? undefined : asked.seen; // without, nothing is held
    return { kind, asked, seen, words, body: words.value.trim(), generation: shared.generation, stored };
  }

  #wait(pressed, seconds) {
    const over = Date.now() + seconds * 1000;
    const line = $("[data-later]", this.#form);
    const show = () => {
      const left = Math.ceil((over - Date.now()) / 1000);
      if (left <= 0 || !pressed.words.isWhole) return this.now();
      $("[data-text]", line).textContent = this.#say("sending-in", { seconds: left });
    };
    this.#later = { pressed, timer: setInterval(show, 250) };
    line.hidden = false;
    show();
  }

  /** What waits does so no longer. */
  #takeLater() {
    const { pressed, timer } = this.#later;
    clearInterval(timer);
    this.#later = null;
    $("[data-later]", this.#form).hidden = true;
    return pressed;
  }

  async #send(pressed) {
    const { kind, words } = pressed;
    const before = this.#underWay[kind];
    const mine = { standing: before?.standing ?? words };
    this.#underWay[kind] = mine;
    mine.done = before ? this.#after(before.done, pressed) : this.#first(pressed);
    this.#hooks.onChange();
    await mine.done;
    if (before) words.close();
    if (this.#underWay[kind] === mine) {
      delete this.#underWay[kind];
      mine.standing.close();
    }
    this.#hooks.onChange();
  }

  async #first(pressed) {
    const { kind, asked, words } = pressed;
    const shared = this.#textOf(kind);
    // What waits for the server goes first, also where it answers again by now.
    if (this.#hooks.isQueued()) return this.#giveAway(pressed);
    try {
      if (this.#hooks.isOffline()) throw new Error("offline");
      const order = this.#attached.uploads[kind].files.map((file) => file.id);
      const n = await pressed.stored;
      if (n === null) return this.#giveAway(pressed, pressed.seen); // the log has more by now
      // What a colleague sent meanwhile was of that generation; what stands is of this one.
      const { generation } = words.isWhole ? shared : pressed;
      const headers = { "X-CSRFToken": csrfToken() };
      const data = { ...asked, order, n, generation };
      const answer = await requestJson(`${this.#url}draft/send/`, { data, headers });
      this.#attached.sent(kind);
      this.#hooks.onSent(answer);
      await shared.gone(generation);
      const next = this.#later?.pressed;
      if (next?.kind === kind) next.generation = shared.generation; // by us, not by a colleague
    } catch (error) {
      const isRefused = error instanceof Refused && !error.isTemporary;
      if (isRefused && error.answer?.overtaken) this.#giveAway(pressed, pressed.seen);
      else if (isRefused) this.#hooks.onRefused(error, asked);
      else this.#giveAway(pressed); // if only the answer was lost, it is known by its id
    }
  }

  /** Whoever is quicker than the server: the words leave the field at once and follow the others. */
  async #after(before, { kind, asked, seen, words, body }) {
    words.remove();
    if (!body) return; // pressed twice
    await before;
    this.#hooks.onStuck({ id: asked.client_id, kind, body, files: [], seen });
  }

  /** The words leave the field and go as a message of their own, as soon as they can. With `seen`
   * the server answers and may hold them; without, nobody does. */
  #giveAway({ kind, asked, words, body }, seen) {
    const uploads = this.#attached.uploads[kind];
    this.#hooks.onStuck({ id: asked.client_id, kind, body, files: uploads.files, seen });
    words.remove();
    uploads.clear();
  }
}
