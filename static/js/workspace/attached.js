// The files of what colleagues write together: everybody's, until they are sent or removed.

import { $, csrfToken } from "../lib/dom.js";
import { Refused, requestJson } from "../lib/http.js";
import { hears } from "../lib/live.js";
import { toast } from "../lib/toast.js";
import { Uploads } from "../lib/uploads.js";

let open = null; // those of the conversation on the page

hears("drafted", ({ conversation }) => {
  if (conversation === open?.conversation) open.refresh();
});
hears("hello", () => open?.refresh()); // the socket was closed: something may have been missed

/**
 * `new Attached({form, modes, agent, conversation, url, say, signal, onChange})`
 *
 * - `uploads`: an `Uploads` for each mode, whose finished files are those that the server has
 * - `url`: of the conversation
 * - `onChange()`: something was added, removed, finished or failed
 */
export class Attached {
  uploads = {};
  #agent;
  #url;
  #say;
  #signal;
  #asked = 0;

  constructor({ form, modes, agent, conversation, url, say, signal, onChange }) {
    this.conversation = conversation;
    this.#agent = Number(agent);
    this.#url = url;
    this.#say = say;
    this.#signal = signal;
    for (const mode of modes) {
      this.uploads[mode] = new Uploads({
        url: () => `${url}files/?kind=${mode}`,
        headers: () => ({ "X-CSRFToken": csrfToken() }),
        list: $(`[data-uploads="${mode}"]`, form),
        onUploaded: (source, file, element) => this.#describe(source, file, element),
        onRemove: (file) => void this.#remove(file),
        ...{ say, onChange },
      });
    }
    open = this;
    signal.addEventListener("abort", () => {
      if (open === this) open = null;
    });
    this.refresh();
  }

  /** Show what the server has. If nobody answers, the next connection asks again. */
  async refresh() {
    const asked = ++this.#asked;
    const answer = await requestJson(`${this.#url}draft/files/`).catch(() => null);
    if (!answer || asked !== this.#asked || this.#signal.aborted) return;
    for (const [mode, uploads] of Object.entries(this.uploads)) {
      uploads.sync(answer.files.filter(({ kind }) => kind === mode));
    }
  }

  /** The files there went out with their text; one that is on its way waits for the next. */
  sent(mode) {
    this.uploads[mode].sync([]);
    this.refresh();
  }

  // --- inside ------------------------------------------------------------------------------

  #describe(source, { url, type, size_shown, by }, element) {
    $("[data-name]", element).href = url;
    const name = by && by.id !== this.#agent ? by.name : "";
    $("[data-facts]", element).textContent = [name, size_shown].filter(Boolean).join(" · ");
    const picture = $("img", element);
    if (picture.hidden && type.startsWith("image/")) {
      picture.src = url;
      picture.hidden = false;
    }
    if (source instanceof File) this.refresh(); // an answer on its way may be from before it
  }

  async #remove({ id }) {
    try {
      const headers = { "X-CSRFToken": csrfToken() };
      await requestJson(`${this.#url}draft/files/${id}/remove/`, { data: {}, headers });
    } catch (error) {
      const isOurs = error instanceof Refused && error.sentence;
      toast(isOurs ? error.sentence : this.#say("unreachable"));
    }
    this.refresh();
  }
}
