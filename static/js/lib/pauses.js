// Waiting that can be cut short.

/** `await pauses.wait(ms)` sleeps, but not longer than until the next `pauses.end()`. */
export class Pauses {
  #enders = new Set();

  wait(pause) {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#enders.delete(end);
        resolve();
      };
      const timer = setTimeout(end, pause);
      this.#enders.add(end);
    });
  }

  end() {
    for (const end of [...this.#enders]) end();
  }
}
