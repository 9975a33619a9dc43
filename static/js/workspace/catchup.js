// The summary of what its reader missed: at the beginning of that, or pinned above the transcript
// if it began further up. It stays as it was drawn until somebody puts it away.

import { $, elementFrom } from "../lib/dom.js";
import { localise } from "../lib/time.js";

const AWAY = 5 * 60_000; // who looks away for less than this remembers

/**
 * `new CatchUp({scroller, transcript, conversation, url, readSeq, onEntry, signal})`
 *
 * - `readSeq()`: the last number that was read
 * - `onEntry(seq)`: bring an entry into view
 */
export class CatchUp {
  #scroller;
  #transcript;
  #url;
  #readSeq;
  #key; // of what was put away in this tab
  #left = { at: Date.now(), seq: 0 };

  constructor({ scroller, transcript, conversation, url, readSeq, onEntry, signal }) {
    this.#scroller = scroller;
    this.#transcript = transcript;
    this.#url = url;
    this.#readSeq = readSeq;
    this.#key = `caught-up:${conversation}`;
    scroller.addEventListener("click", (event) => this.#clicked(event, onEntry), { signal });
    document.addEventListener("visibilitychange", () => this.#turned(), { signal });
    const shown = this.#shown;
    if (shown && this.#isPutAway(shown)) shown.remove();
    else if (shown) this.#place(shown);
  }

  get #shown() {
    return $("#catch-up", this.#scroller);
  }

  #isPutAway({ dataset }) {
    return Number(sessionStorage.getItem(this.#key)) >= Number(dataset.upto);
  }

  #place(summary) {
    localise(summary);
    if (!this.#transcript.beginWith(summary, Number(summary.dataset.after) + 1)) this.#pin(summary);
  }

  /** Above the transcript. On a small screen it would cover too much of what is being read. */
  #pin(summary) {
    const { offsetHeight } = summary;
    if (this.#scroller.clientHeight < 2.5 * offsetHeight) $("details", summary).open = false;
  }

  #clicked(event, onEntry) {
    const { target } = event;
    const summary = target.closest("#catch-up");
    if (!summary) return;
    const link = target.closest("[data-entry]");
    if (target.closest("[data-dismiss]")) {
      sessionStorage.setItem(this.#key, summary.dataset.upto);
      this.#quietly(() => (summary.closest(".catch-up-place") ?? summary).remove());
      this.#scroller.focus({ preventScroll: true });
    } else if (target.closest("summary")) {
      event.preventDefault();
      const details = $("details", summary);
      this.#quietly(() => (details.open = !details.open));
    } else if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      onEntry(Number(link.dataset.entry));
    }
  }

  /** Change what is pinned; what is being read stays where it is. */
  #quietly(change) {
    const list = $("#entries", this.#scroller);
    const stood = list.getBoundingClientRect().top;
    change();
    this.#scroller.scrollTop += list.getBoundingClientRect().top - stood;
  }

  // --- looking away and back ---------------------------------------------------------------

  #turned() {
    if (document.visibilityState === "hidden") {
      this.#left = { at: Date.now(), seq: this.#readSeq() };
    } else if (Date.now() - this.#left.at > AWAY) {
      this.#ask(this.#left.seq);
    }
  }

  async #ask(after) {
    const answer = await fetch(`${this.#url}catch-up/?after=${after}`).catch(() => null);
    if (answer?.status !== 200) return; // nothing to tell, or nobody answers
    const summary = elementFrom(await answer.text());
    localise(summary);
    this.#quietly(() => {
      (this.#shown?.closest(".catch-up-place") ?? this.#shown)?.remove();
      this.#scroller.prepend(summary);
      this.#pin(summary);
    });
  }
}
