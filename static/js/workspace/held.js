// A reply that was held back: what came while it was written, and what can be done.

import { $, clone } from "../lib/dom.js";

const WORDS = { recalled: "held-recalled", edited: "held-edited" };
const SHOWN = 3; // of what came; the transcript has all of it

/**
 * `new Held({form, say, signal, onAnyway, onBack})`
 *
 * - `onAnyway()`: send it all the same
 * - `onBack()`: go on writing
 */
export class Held {
  #box;
  #say;

  constructor({ form, say, signal, onAnyway, onBack }) {
    this.#box = $("[data-held]", form);
    this.#say = say;
    const options = { signal };
    $("[data-anyway]", this.#box).addEventListener("click", () => onAnyway(), options);
    $("[data-go-on]", this.#box).addEventListener("click", () => {
      this.hide();
      onBack();
    }, options);
  }

  /** `since`: the entries that came, as the server describes them. */
  show(since) {
    $("[data-since]", this.#box).replaceChildren(
      ...since.slice(-SHOWN).map((entry) => {
        const line = clone("held-entry");
        $("[data-name]", line).textContent = entry.author?.name ?? "";
        $("[data-text]", line).textContent = this.#textOf(entry);
        $("a", line).href = `#entry-${entry.event?.entry ?? entry.seq}`;
        return line;
      }),
    );
    $("[data-rest]", this.#box).textContent =
      since.length > SHOWN ? this.#say("held-more", { count: since.length - SHOWN }) : "";
    this.#box.hidden = false;
  }

  #textOf({ body, files, event, withheld }) {
    if (withheld) return this.#say("held-withheld");
    if (event) return this.#say(WORDS[event.type] ?? "held-moved");
    return body || files.map(({ name }) => name).join(", ");
  }

  hide() {
    this.#box.hidden = true;
  }
}
