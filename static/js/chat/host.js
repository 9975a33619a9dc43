// The page around the frame: the widget's script there tells us things and is told things.
// Both sides check the exact origin and the shape of what they hear.

const PATIENCE = 1_000; // how long the widget may take to say what it keeps for us

const isText = (value, most) => typeof value === "string" && value.length <= most;

const SHAPES = {
  open: () => true,
  closed: () => true,
  page: (said) => isText(said.url, 500) && isText(said.title, 200),
  kept: (said) => isText(said.text, 2_000),
  focus: (said) => ["first", "last"].includes(said.edge),
  identify: (said) => isText(said.statement, 4_000),
  attributes: (said) => isText(said.text, 10_000),
};

export class Host {
  #origin = new URLSearchParams(location.search).get("origin");
  #isThere = window.parent !== window && /^https?:/.test(this.#origin ?? "");
  #tellKept;
  #kept = new Promise((resolve) => (this.#tellKept = resolve));
  #listener = null;
  #early = []; // said before anybody listened

  /** The hosted page, which no other page surrounds, is always open. */
  isOpen = !this.#isThere;
  page = { url: location.origin + location.pathname, title: document.title };

  constructor() {
    if (!this.#isThere) return this.#tellKept("");
    addEventListener("message", (event) => this.#hear(event));
    setTimeout(this.#tellKept, PATIENCE, "");
    this.tell("ready");
  }

  /** What we asked the widget to keep for us on an earlier page; "" for nothing. */
  get kept() {
    return this.#kept;
  }

  /** `listener` has a method for each of open, closed, focus, identify and attributes. */
  listen(listener) {
    this.#listener = listener;
    for (const said of this.#early.splice(0)) listener[said.type](said);
  }

  tell(type, facts = {}) {
    if (this.#isThere) window.parent.postMessage({ tandem: 1, type, ...facts }, this.#origin);
  }

  #hear({ data, origin, source }) {
    if (source !== window.parent || origin !== this.#origin) return;
    if (data?.tandem !== 1 || !Object.hasOwn(SHAPES, data.type) || !SHAPES[data.type](data)) return;
    if (data.type === "page") {
      this.page = { url: data.url, title: data.title };
    } else if (data.type === "kept") {
      this.#tellKept(data.text);
    } else {
      if (["open", "closed"].includes(data.type)) this.isOpen = data.type === "open";
      if (this.#listener) this.#listener[data.type](data);
      else this.#early.push(data);
    }
  }
}
