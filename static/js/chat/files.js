// Files of the conversation. They need the customer's token, so they are fetched, not linked.

import { $, $$ } from "../lib/dom.js";

export class Files {
  #url;
  #session;
  #onFailure;
  #urls = new Map(); // file id → promise of a blob: URL
  #zoomed = $("[data-zoomed]");
  #nearView;

  constructor({ url, session, root, onFailure }) {
    this.#url = url;
    this.#session = session;
    this.#onFailure = onFailure;
    this.#nearView = new IntersectionObserver((seen) => this.#showSeen(seen), {
      root,
      rootMargin: "300px",
    });
    root.addEventListener("click", (event) => this.#open(event));
    $("[data-save]", this.#zoomed).addEventListener("click", () => this.#saveZoomed());
    this.#zoomed.addEventListener("click", (event) => {
      if (event.target === this.#zoomed) this.#zoomed.close();
    });
  }

  /** This browser uploaded the file just now and need not fetch it again. */
  know(id, file) {
    this.#urls.set(id, Promise.resolve(URL.createObjectURL(file)));
  }

  /** Give the pictures below an element their room, and load them once they come near. */
  dress(element) {
    for (const picture of $$(".picture", element)) {
      const { width, height } = picture.dataset;
      if (width && height) picture.style.aspectRatio = `${width} / ${height}`;
      this.#nearView.observe(picture);
    }
  }

  #showSeen(seen) {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      this.#nearView.unobserve(target);
      this.#load(target.dataset.fileId)
        .then((url) => ($("img", target).src = url))
        .catch(() => this.#nearView.observe(target)); // it is tried again when scrolled to
    }
  }

  /** A blob: URL of the file, fetched once. */
  #load(id) {
    if (!this.#urls.has(id)) {
      const loading = this.#fetch(id);
      loading.catch(() => this.#urls.delete(id));
      this.#urls.set(id, loading);
    }
    return this.#urls.get(id);
  }

  async #fetch(id) {
    const response = await fetch(`${this.#url}files/${id}/`, { headers: this.#session.headers });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return URL.createObjectURL(await response.blob());
  }

  async #open(event) {
    const button = event.target.closest("button[data-file-id]");
    if (!button || button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    try {
      const url = await this.#load(button.dataset.fileId);
      if (button.matches(".picture")) this.#zoom(url, button.dataset.name);
      else save(url, button.dataset.name);
    } catch {
      this.#onFailure();
    } finally {
      button.ariaBusy = "false";
    }
  }

  #zoom(url, name) {
    const image = $("img", this.#zoomed);
    image.src = url;
    image.alt = name;
    this.#zoomed.showModal();
  }

  #saveZoomed() {
    const image = $("img", this.#zoomed);
    save(image.src, image.alt);
  }
}

function save(url, name) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
