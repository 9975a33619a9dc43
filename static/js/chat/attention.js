// What the customer has seen and what waits for them: the badge, and the title of the hosted page.

export class Attention {
  #memory;
  #isLooking;
  #onChange;
  #read;
  #latest = 0; // the last number on the screen
  #waiting = new Set(); // replies that were not seen

  /** - `isLooking()`: whether the customer has the chat before their eyes */
  constructor({ memory, isLooking, onChange }) {
    this.#memory = memory;
    this.#isLooking = isLooking;
    this.#onChange = onChange;
    this.#read = memory.recall("read") ?? 0;
    memory.onChangeElsewhere("read", (seq) => this.#readUpTo(seq ?? 0));
    document.addEventListener("visibilitychange", () => this.look());
  }

  /** The last number the customer has seen. */
  get read() {
    return this.#read;
  }

  /** Another conversation begins at number one. */
  startOver() {
    this.#read = this.#latest = 0;
    this.#memory.forget("read");
    this.#waiting.clear();
    this.#onChange(0);
  }

  arrived(entry) {
    if (entry.seq > this.#read && entry.kind === "reply") this.#waiting.add(entry.seq);
    this.#latest = Math.max(this.#latest, entry.seq);
    this.look();
  }

  /** The customer may be looking now. */
  look() {
    if (this.#isLooking() && this.#latest > this.#read) {
      this.#memory.remember("read", this.#latest);
      this.#readUpTo(this.#latest);
    } else {
      this.#onChange(this.#waiting.size);
    }
  }

  #readUpTo(seq) {
    this.#read = seq;
    for (const waiting of this.#waiting) if (waiting <= seq) this.#waiting.delete(waiting);
    this.#onChange(this.#waiting.size);
  }
}
