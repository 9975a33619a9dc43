// The page around the frame: the widget's script there tells us things and is told things.
// Both sides check the exact origin and the shape of what they hear.

const isText = (value) => typeof value === "string" && value.length <= 500;

const SHAPES = {
  open: () => true,
  closed: () => true,
  page: (said) => isText(said.url) && isText(said.title),
};

export class Host {
  #origin;
  #hooks;

  /** The hosted page, which no other page surrounds, is always open. */
  isOpen = true;
  page = { url: location.origin + location.pathname, title: document.title };

  constructor({ onOpen, onClosed }) {
    this.#hooks = { onOpen, onClosed };
    this.#origin = new URLSearchParams(location.search).get("origin");
    if (window.parent === window || !this.#origin) return;
    this.isOpen = false;
    addEventListener("message", (event) => this.#hear(event));
    this.tell("ready");
  }

  tell(type, facts = {}) {
    if (window.parent === window || !this.#origin?.startsWith("http")) return;
    window.parent.postMessage({ tandem: 1, type, ...facts }, this.#origin);
  }

  #hear({ data, origin, source }) {
    if (source !== window.parent || origin !== this.#origin) return;
    if (data?.tandem !== 1 || !Object.hasOwn(SHAPES, data.type) || !SHAPES[data.type](data)) return;
    if (data.type === "page") {
      this.page = { url: data.url, title: data.title };
    } else {
      this.isOpen = data.type === "open";
      if (this.isOpen) this.#hooks.onOpen();
      else this.#hooks.onClosed();
    }
  }
}
