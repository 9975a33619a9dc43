// Files on their way into a message: chosen, pasted or dropped, uploaded at once, removable.

import { $, clone } from "./dom.js";

const MOST = 10; // files on one message
const MOST_BYTES = 25 * 1024 * 1024; // of one file

/**
 * `new Uploads({url, headers, list, say, onChange})`
 *
 * - `url()`: where a file is POSTed as `file`; answers 201 with the server's description of it
 * - `headers()`: extra HTTP headers; may be a promise
 * - `onUnauthorized(headers)`: 401; returns whether `headers()` will give others for another try
 * - `list`: the element that shows them, each a copy of `<template id="upload">` with
 *   `[data-name]`, `progress`, `[data-reason]`, `[data-act=retry]` and `[data-act=remove]`
 * - `say("upload-failed")`: the sentence for when nobody answered; `say("upload-too-large")`
 * - `onUploaded(source, file, element)`: the server has this one and describes it so
 * - `onRemove(file)`: whether one that the server has may go from the list at once
 * - `onChange()`: something was added, removed, finished or failed
 */
export class Uploads {
  #url;
  #headers;
  #onUnauthorized;
  #list;
  #say;
  #onUploaded;
  #onRemove;
  #onChange;
  #items = [];

  constructor({
    url,
    headers = () => ({}),
    onUnauthorized = () => false,
    list,
    say,
    onUploaded = () => {},
    onRemove = () => true,
    onChange = () => {},
  }) {
    this.#url = url;
    this.#headers = headers;
    this.#onUnauthorized = onUnauthorized;
    this.#list = list;
    this.#say = say;
    this.#onUploaded = onUploaded;
    this.#onRemove = onRemove;
    this.#onChange = onChange;
  }

  /** The server's descriptions of what is uploaded. */
  get files() {
    return this.#items.filter((item) => item.file).map((item) => item.file);
  }

  get isBusy() {
    return this.#items.some((item) => item.state === "busy");
  }

  get hasFailed() {
    return this.#items.some((item) => item.state === "failed");
  }

  get isEmpty() {
    return this.#items.length === 0;
  }

  /** Take files until the message is full. */
  add(files) {
    for (const source of files.slice(0, MOST - this.#items.length)) this.#begin(source);
  }

  /** Show the files that the server has, whoever uploaded them, beside those on their way. */
  sync(files) {
    for (const item of [...this.#items]) {
      if (item.file && !files.some(({ id }) => id === item.file.id)) this.#remove(item);
    }
    for (const file of files) {
      if (this.#has(file)) continue;
      const item = this.#make(file);
      this.#done(item, file);
      this.#show(item, "done");
    }
  }

  /** Forget everything, after sending. */
  clear() {
    for (const item of [...this.#items]) this.#remove(item);
  }

  /** `add(files)` hears of files chosen with an input, pasted into a field or dropped on an area. */
  static listen({ input, field, area, add }) {
    input.addEventListener("change", () => {
      add([...input.files]);
      input.value = "";
    });
    field.addEventListener("paste", (event) => {
      if (!event.clipboardData?.files.length) return;
      event.preventDefault();
      add([...event.clipboardData.files]);
    });
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    area.addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      area.toggleAttribute("data-dropping", true);
    });
    area.addEventListener("dragleave", (event) => {
      if (!area.contains(event.relatedTarget)) area.removeAttribute("data-dropping");
    });
    area.addEventListener("drop", (event) => {
      area.removeAttribute("data-dropping");
      if (!carriesFiles(event)) return;
      event.preventDefault();
      add([...event.dataTransfer.files]);
    });
  }

  #begin(source) {
    const item = this.#make(source);
    const picture = $("img", item.element);
    if (picture && source.type.startsWith("image/")) {
      picture.src = item.preview = URL.createObjectURL(source);
      picture.hidden = false;
    }
    this.#send(item);
  }

  #make(source) {
    const element = clone("upload");
    const item = { source, element, state: "busy", file: null, request: null, preview: null };
    $("[data-name]", element).textContent = source.name;
    $('[data-act="remove"]', element).addEventListener("click", () => {
      if (!item.file || this.#onRemove(item.file)) this.#remove(item);
    });
    $('[data-act="retry"]', element).addEventListener("click", () => this.#send(item));
    this.#items.push(item);
    this.#list.append(element);
    return item;
  }

  #has = ({ id }) => this.#items.find((item) => item.file?.id === id);

  #done(item, file) {
    item.file = file;
    this.#onUploaded(item.source, file, item.element);
  }

  async #send(item) {
    this.#show(item, "busy");
    if (item.source.size > MOST_BYTES) {
      return this.#show(item, "failed", this.#say("upload-too-large"));
    }
    let headers;
    try {
      headers = await this.#headers();
    } catch (error) {
      return this.#show(item, "failed", error.sentence);
    }
    if (!this.#items.includes(item)) return; // removed meanwhile
    const progress = $("progress", item.element);
    const request = (item.request = new XMLHttpRequest());
    request.open("POST", this.#url());
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => {
      progress.value = loaded / total;
    };
    request.onload = () => {
      if (request.status === 401 && !item.isRenewed && this.#onUnauthorized(headers)) {
        item.isRenewed = true;
        return this.#send(item);
      }
      if (request.status === 201) {
        const shown = this.#has(request.response); // the server's list was sooner
        if (shown) this.#remove(shown);
        this.#done(item, request.response);
      }
      this.#show(item, item.file ? "done" : "failed", request.response?.detail);
    };
    request.onerror = () => this.#show(item, "failed");
    const form = new FormData();
    form.append("file", item.source);
    request.send(form);
  }

  #show(item, state, reason) {
    item.state = item.element.dataset.state = state;
    const sentence = state === "failed" ? reason || this.#say("upload-failed") : "";
    $("[data-reason]", item.element).textContent = sentence;
    this.#onChange();
  }

  #remove(item) {
    item.request?.abort();
    if (item.preview) URL.revokeObjectURL(item.preview);
    item.element.remove();
    this.#items = this.#items.filter((other) => other !== item);
    this.#onChange();
  }
}
