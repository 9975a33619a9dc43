// What the customer has seen of a conversation and what waits for them in it.

export class Attention {
  #memory;
  #isLooking;
  #onChange;
  #onRead;
  #conversation = "";
  #read = 0;
  #latest = 0; // the last number on the screen
  #waiting = new Set(); // replies that were not seen

  /**
   * - `isLooking()`: whether the customer has the chat before their eyes
   * - `onChange(count)`: so many replies wait; `onRead(seq)`: everything up to here was seen now
   */
  constructor({ memory, isLooking, onChange, onRead }) {
    this.#memory = memory;
    this.#isLooking = isLooking;
    this.#onChange = onChange;
    this.#onRead = onRead;
    document.addEventListener("visibilitychange", () => this.look());
    memory.onChangeElsewhere("read", (read) => {
      if (read?.conversation === this.#conversation) this.readUpTo(read.seq);
    });
  }

  /** The last number the customer has seen. */
  get read() {
    return this.#read;
  }

  /** Turn to a conversation, whose entries are heard from its beginning or from what was read. */
  follow(conversation) {
    const known = this.#memory.recall("read");
    this.#conversation = conversation;
    this.#read = known?.conversation === conversation ? known.seq : 0;
    this.#latest = 0;
    this.#waiting.clear();
    this.#onChange(0);
  }

  /** Returns whether it is an answer that nobody saw arrive. */
  arrived(entry) {
    const isNew = entry.seq > this.#read && entry.kind === "reply";
    if (isNew) this.#waiting.add(entry.seq);
    this.#latest = Math.max(this.#latest, entry.seq);
    this.look();
    return isNew && this.#waiting.has(entry.seq);
  }

  /** The customer may be looking now. */
  look() {
    if (this.#isLooking() && this.#latest > this.#read) {
      this.#memory.remember("read", { conversation: this.#conversation, seq: this.#latest });
      this.readUpTo(this.#latest);
      this.#onRead(this.#latest);
    } else {
      this.#onChange(this.#waiting.size);
    }
  }

  /** They saw it, here or on another device. */
  readUpTo(seq) {
    this.#read = Math.max(this.#read, seq);
    for (const waiting of this.#waiting) if (waiting <= seq) this.#waiting.delete(waiting);
    this.#onChange(this.#waiting.size);
  }
}
