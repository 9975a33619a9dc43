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
 * - `onStuck({id, kind, body, files, seen})`: nobody answered, or the log has no number of it; keep
 *   it, which is awaited, and send it by itself. With `seen` it may be held.
 * - `onRefused(error, asked)`: the server will not take it
 * - `onChange()`: a text is being sent, or is not any more
 * - `onChanged()`: what waited for its time was changed meanwhile; it is not sent
 * - `onBack()`: a reply was called back, or sent before its time
 *
 * What is `asked` for is `{kind, client_id, seen, anyway}`.
 */
export class Sending {
  #form;
  #address;
  #say;
  #textOf;
  #attached;
  #hooks;
  #underWay = {}; // by kind: what was pressed and is not sent yet, in its order
  #later = null; // what is sent when its time for undoing is over: `{pressed, timer}`

  constructor({ form, url, say, textOf, attached, ...hooks }) {
    this.#form = form;
    this.#address = `${url}draft/send/`;
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
    return Boolean(this.#underWay[kind]?.length);
  }

  /** Send a text as it is now, a reply when its time for undoing is over. Pressed again: at once. */
  press(asked) {
    const { kind } = asked;
    const waits = this.#later?.pressed;
    if (waits?.kind === kind && waits.words.isWhole) this.now();
    else if (waits?.kind === kind) this.#takeLater().words.close(); // it is pressed as it is now
    const pressed = this.#pressed(asked);
    const seconds = kind === "reply" ? Number(this.#form.dataset.undoSeconds) : 0;
    if (!pressed.body && this.isSending(kind)) pressed.words.close(); // all of it was pressed before
    else if (seconds) this.#wait(pressed, seconds);
    else this.#send(pressed);
  }

  /** Send what waits for its time, if anything does and it is still what was pressed. */
  async now() {
    if (!this.#later) return;
    const pressed = this.#takeLater();
    if (pressed.words.isWhole) return this.#send(pressed);
    const shared = this.#textOf(pressed.kind);
    await shared.saved().catch(() => {}); // then it is known whether a colleague sent it
    if (shared.generation > pressed.generation) return this.#send(pressed); // and is told who
    pressed.words.close();
    this.#hooks.onChanged();
  }

  /** The page is about to go: send what is next or waits, without hearing what becomes of it. What
   * cannot be sent stays in the draft. */
  nowOrNever() {
    if (this.#later?.pressed.words.isWhole) this.#send(this.#takeLater());
    for (const [pressed] of Object.values(this.#underWay)) {
      if (pressed?.n == null) continue;
      const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
      const body = JSON.stringify(this.#asData(pressed));
      fetch(this.#address, { method: "POST", keepalive: true, headers, body }).catch(() => {});
    }
  }

  // --- inside ------------------------------------------------------------------------------

  /**
   * What is pressed now, whatever is written from here on: `{kind, asked, seen, words, body,
   * generation, n, stored}`. `n` is the log's number of it once it is durable, which is `stored`.
   */
  #pressed(asked) {
    const { kind } = asked;
    const shared = this.#textOf(kind);
    const words = shared.passage(this.#waiting(kind).map((one) => one.words));
    const pressed = { kind, asked, words, body: words.value.trim(), generation: shared.generation };
    const stored = shared.saved().then((n) => (pressed.n = n));
    stored.catch(() => {}); // it is asked for when it is sent
    const seen = asked.anyway ? undefined : asked.seen; // without, nothing is held
    return Object.assign(pressed, { seen, stored });
  }

  /** What was pressed and is not sent yet. */
  #waiting(kind) {
    const later = this.#later?.pressed;
    return [...(this.#underWay[kind] ?? []), ...(later?.kind === kind ? [later] : [])];
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

  /** One after the other: each stands in the field until the server has taken it. */
  async #send(pressed) {
    const queue = (this.#underWay[pressed.kind] ??= []);
    queue.push(pressed);
    this.#hooks.onChange();
    if (queue.length > 1) return; // its turn comes
    while (queue.length) {
      await this.#go(queue[0]);
      queue.shift().words.close();
      this.#hooks.onChange();
    }
  }

  async #go(pressed) {
    const { kind } = pressed;
    // What waits for the server goes first, also where it answers again by now.
    if (this.#hooks.isQueued()) return this.#giveAway(pressed);
    try {
      if (this.#hooks.isOffline()) throw new Error("offline");
      await pressed.stored;
      if (pressed.n === null) return await this.#giveAway(pressed, pressed.seen); // the log has more
      const data = this.#asData(pressed);
      const headers = { "X-CSRFToken": csrfToken() };
      const answer = await requestJson(this.#address, { data, headers });
      for (const one of this.#waiting(kind)) one.generation = data.generation + 1; // by us
      this.#attached.sent(kind);
      this.#hooks.onSent(answer);
      await this.#textOf(kind).gone(data.generation);
    } catch (error) {
      const isRefused = error instanceof Refused && !error.isTemporary;
      if (isRefused && error.answer?.error === "overtaken") await this.#giveAway(pressed, pressed.seen);
      else if (isRefused) this.#hooks.onRefused(error, pressed.asked);
      else await this.#giveAway(pressed); // if only the answer was lost, it is known by its id
    }
  }

  #asData({ kind, asked, words, n, generation }) {
    const order = this.#attached.uploads[kind].files.map((file) => file.id);
    // What a colleague sent meanwhile was of that generation; what stands is of the one there is.
    const now = words.isWhole ? this.#textOf(kind).generation : generation;
    return { ...asked, order, n, generation: Math.max(now, generation) };
  }

  /** The words leave the field and go as a message of their own, as soon as they can. With `seen`
   * the server answers and may hold them; without, nobody does. */
  async #giveAway({ kind, asked, words, body }, seen) {
    const uploads = this.#attached.uploads[kind];
    const { files } = uploads;
    uploads.clear();
    await this.#hooks.onStuck({ id: asked.client_id, kind, body, files, seen });
    words.remove();
  }
}
