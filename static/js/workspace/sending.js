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
 * - `onStuck({id, kind, body, files})`: nobody answered; take it and try again
 * - `onRefused(error, asked)`: the server will not take it
 * - `onChange()`: a text is being sent, or is not any more
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
  #later = null; // what is sent when its time for undoing is over: `{asked, timer}`

  constructor({ form, url, say, textOf, attached, ...hooks }) {
    this.#form = form;
    this.#url = url;
    this.#say = say;
    this.#textOf = textOf;
    this.#attached = attached;
    this.#hooks = hooks;
    $("[data-later]", form).addEventListener("click", ({ target }) => {
      if (target.closest("[data-undo]")) this.#takeLater();
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
    const seconds = asked.kind === "reply" ? Number(this.#form.dataset.undoSeconds) : 0;
    if (this.#later?.asked.kind === asked.kind) this.now();
    else if (seconds) this.#wait(asked, seconds);
    else this.#send(asked);
  }

  /** Send what waits for its time, if anything does. */
  now() {
    const asked = this.#takeLater();
    if (asked) this.#send(asked);
  }

  // --- inside ------------------------------------------------------------------------------

  #wait(asked, seconds) {
    const over = Date.now() + seconds * 1000;
    const line = $("[data-later]", this.#form);
    const show = () => {
      const left = Math.ceil((over - Date.now()) / 1000);
      if (left <= 0) return this.now();
      $("[data-text]", line).textContent = this.#say("sending-in", { seconds: left });
    };
    this.#later = { asked, timer: setInterval(show, 250) };
    line.hidden = false;
    show();
  }

  /** What was to be sent, or null; nothing is waiting any more. */
  #takeLater() {
    const { asked, timer } = this.#later ?? {};
    clearInterval(timer);
    this.#later = null;
    $("[data-later]", this.#form).hidden = true;
    return asked ?? null;
  }

  async #send(asked) {
    const shared = this.#textOf(asked.kind);
    const before = this.#underWay[asked.kind];
    const words = shared.passage(before?.standing);
    const mine = { standing: shared.passage(before && words) };
    this.#underWay[asked.kind] = mine;
    mine.done = before ? this.#after(before.done, asked, words) : this.#first(asked, words);
    this.#hooks.onChange();
    await mine.done;
    for (const passage of [words, mine.standing]) passage.close();
    if (this.#underWay[asked.kind] === mine) delete this.#underWay[asked.kind];
    this.#hooks.onChange();
  }

  async #first(asked, words) {
    const body = words.value.trim();
    const shared = this.#textOf(asked.kind);
    const { generation } = shared;
    // What waits for the server goes first, also where it answers again by now.
    if (this.#hooks.isQueued()) return this.#giveAway(asked, words, body);
    try {
      if (this.#hooks.isOffline()) throw new Error("offline");
      const order = this.#attached.uploads[asked.kind].files.map((file) => file.id);
      const n = await shared.saved();
      if (n === null) return this.#giveAway(asked, words, body); // the log has more by now
      const data = { ...asked, order, n, generation: shared.generation };
      const headers = { "X-CSRFToken": csrfToken() };
      const answer = await requestJson(`${this.#url}draft/send/`, { data, headers });
      this.#attached.sent(asked.kind);
      this.#hooks.onSent(answer);
      await shared.gone(data.generation);
    } catch (error) {
      if (error instanceof Refused && !error.isTemporary) this.#hooks.onRefused(error, asked);
      else if (shared.generation === generation) this.#giveAway(asked, words, body);
      // Else the answer was lost, not the text: it has left the draft.
    }
  }

  /** Whoever is quicker than the server: the words leave the field at once and follow the others. */
  async #after(before, { kind, client_id: id }, words) {
    const body = words.value.trim();
    words.remove();
    if (!body) return; // pressed twice
    await before;
    this.#hooks.onStuck({ id, kind, body, files: [] });
  }

  /** Nobody answers: the message waits by itself, the field is free for the next one. */
  #giveAway({ kind, client_id: id }, words, body) {
    const uploads = this.#attached.uploads[kind];
    this.#hooks.onStuck({ id, kind, body, files: uploads.files });
    words.remove();
    uploads.clear();
  }
}
