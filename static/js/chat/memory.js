// Small things this browser remembers of one inbox.

/**
 * They are kept in the frame's own storage. A frame on a foreign site may have none (private
 * windows): then `onKeep(text)` hears what somebody else should keep, and `adopt(text)` takes it
 * back. Where nobody does, they last until the page is left.
 */
export class Memory {
  #prefix;
  #storage;
  #kept = {};
  onKeep = () => {};

  constructor(inbox) {
    this.#prefix = `tandem.${inbox}.`;
    try {
      this.#storage = localStorage;
    } catch {
      this.#storage = null;
    }
  }

  get isBlocked() {
    return this.#storage === null;
  }

  adopt(text) {
    try {
      this.#kept = { ...JSON.parse(text) };
    } catch {
      // nothing of ours
    }
  }

  recall(name) {
    if (name in this.#kept) return this.#kept[name];
    try {
      return JSON.parse(this.#storage?.getItem(this.#prefix + name) ?? "null");
    } catch {
      return null;
    }
  }

  remember(name, value) {
    try {
      if (!this.isBlocked) return this.#storage.setItem(this.#prefix + name, JSON.stringify(value));
    } catch {
      // full: this tab keeps it
    }
    this.#kept[name] = value;
    if (this.isBlocked) this.onKeep(JSON.stringify(this.#kept));
  }

  forget(name) {
    delete this.#kept[name];
    this.#storage?.removeItem(this.#prefix + name);
    if (this.isBlocked) this.onKeep(JSON.stringify(this.#kept));
  }

  /** Calls `work(value)` when another tab changed something. */
  onChangeElsewhere(name, work) {
    addEventListener("storage", (event) => {
      if (event.key === this.#prefix + name) work(event.newValue && JSON.parse(event.newValue));
    });
  }
}
