// Small things this browser remembers of one inbox. Where storage is blocked, only until reload.

const kept = new Map();

export class Memory {
  #prefix;

  constructor(inbox) {
    this.#prefix = `tandem.${inbox}.`;
  }

  recall(name) {
    try {
      return JSON.parse(localStorage.getItem(this.#prefix + name)) ?? kept.get(name) ?? null;
    } catch {
      return kept.get(name) ?? null;
    }
  }

  remember(name, value) {
    kept.set(name, value);
    try {
      localStorage.setItem(this.#prefix + name, JSON.stringify(value));
    } catch {
      // blocked or full: `kept` has it for this visit
    }
  }

  forget(name) {
    kept.delete(name);
    try {
      localStorage.removeItem(this.#prefix + name);
    } catch {
      // blocked
    }
  }

  /** Calls `work(value)` when another tab changed something. */
  onChangeElsewhere(name, work) {
    addEventListener("storage", (event) => {
      if (event.key === this.#prefix + name) work(event.newValue && JSON.parse(event.newValue));
    });
  }
}
