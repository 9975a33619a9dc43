// Choosing several conversations, and doing one thing to all of them.

import { $, $$, csrfToken, uuid, words } from "../lib/dom.js";
import { Refused, requestJson } from "../lib/http.js";
import { toast } from "../lib/toast.js";

const ASK = 400; // milliseconds between two looks at how far it has come

/** `new Selection({root, list})`: `root` is the workspace element, `list` knows what is shown. */
export class Selection {
  #root;
  #list;
  #section = $("#list");
  #rows = $("#rows");
  #bar = $("#bulk");
  #mode = $("#pick-mode");
  #say = words("list-words");
  #chosen = new Set();
  #everything = null; // {query, count} once all of a list is chosen
  #last = null; // the conversation last chosen: where Shift goes on from
  #hasActs = false;

  constructor({ root, list }) {
    this.#root = root;
    this.#list = list;
    this.#listen();
    // Rows are drawn anew whenever they change.
    new MutationObserver(() => this.#mark()).observe(this.#rows, { childList: true });
  }

  #listen() {
    this.#rows.addEventListener("click", (event) => {
      const box = event.target.closest("[data-pick]");
      if (box) this.#choose(box.closest(".row"), box.checked, event.shiftKey);
    });
    document.addEventListener("keydown", ({ key, target }) => {
      const isElsewhere = $(".menu[open], dialog[open]") || target.closest?.("textarea, .input");
      if (key === "Escape" && this.#isPicking && !isElsewhere) this.clear();
    });
    this.#mode.addEventListener("click", () => {
      if (this.#isPicking) this.clear();
      else this.#pick(true);
    });
    this.#root.addEventListener("list:turned", () => this.clear());
    this.#bar.addEventListener("submit", (event) => {
      event.preventDefault();
      $("[data-bulk]", event.target).click();
    });
    this.#bar.addEventListener("click", ({ target }) => {
      const act = target.closest("[data-bulk]");
      if (act && (act.form?.reportValidity() ?? true)) this.#do(act.dataset.bulk, inputOf(act));
      else if (target.closest("[data-everything]")) this.#chooseEverything();
      else if (target.closest("[data-nothing]")) this.clear();
    });
  }

  get #isPicking() {
    return this.#section.dataset.picking !== undefined;
  }

  #pick(on) {
    this.#section.toggleAttribute("data-picking", on);
    this.#mode.ariaPressed = String(on);
  }

  /** Choose, or no longer, the row that has the focus, else the one whose conversation is open. */
  toggle() {
    const focused = document.activeElement?.closest?.("#rows > .row");
    const row = focused ?? $(".row > [aria-current]", this.#rows)?.closest(".row");
    if (row) this.#choose(row, !this.#chosen.has(row.dataset.conversation), false);
  }

  clear() {
    this.#chosen.clear();
    this.#everything = this.#last = null;
    this.#pick(false);
    this.#show();
  }

  #choose(row, isChosen, isRange) {
    const rows = $$(":scope > .row", this.#rows);
    const from = isRange ? rows.findIndex((one) => one.dataset.conversation === this.#last) : -1;
    const to = rows.indexOf(row);
    const [first, last] = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
    for (const { dataset } of rows.slice(first, last + 1)) {
      if (isChosen) this.#chosen.add(dataset.conversation);
      else this.#chosen.delete(dataset.conversation);
    }
    this.#everything = null;
    this.#last = row.dataset.conversation;
    this.#pick(this.#chosen.size > 0);
    this.#show();
  }

  async #chooseEverything() {
    const { query } = this.#list;
    this.#bar.ariaBusy = "true"; // what is done now would be done to the few
    try {
      const { here } = await requestJson(`${this.#root.dataset.url}counts/?${query}&here=1`);
      if (query !== this.#list.query) return;
      this.#everything = { query, count: here };
      for (const row of $$(":scope > .row", this.#rows)) this.#chosen.add(row.dataset.conversation);
      this.#show();
    } catch {
      toast(this.#say("failed"));
    } finally {
      this.#bar.ariaBusy = null;
    }
  }

  #mark() {
    for (const row of $$(":scope > .row", this.#rows)) {
      const box = $("[data-pick]", row);
      if (box) box.checked = this.#everything !== null || this.#chosen.has(row.dataset.conversation);
    }
  }

  #show() {
    this.#mark();
    const count = this.#everything?.count ?? this.#chosen.size;
    this.#bar.hidden = count === 0;
    if (!count) return;
    $("[data-text]", this.#bar).textContent = this.#say("chosen", { count });
    $("[data-everything]", this.#bar).hidden = this.#everything !== null;
    if (!this.#hasActs) {
      this.#hasActs = true;
      htmx.ajax("GET", `${this.#root.dataset.url}bulk/`, { target: "#bulk-acts" });
    }
  }

  // --- doing it ----------------------------------------------------------------------------

  async #do(act, data) {
    if (this.#bar.ariaBusy) return;
    for (const menu of $$(".menu[open]", this.#bar)) menu.open = false;
    this.#bar.ariaBusy = "true";
    const which = this.#everything
      ? { listing: this.#everything.query }
      : { ids: [...this.#chosen] };
    const time_zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    try {
      let job = await requestJson(`${this.#root.dataset.url}bulk/`, {
        data: { act, client_id: uuid(), time_zone, ...data, ...which },
        headers: { "X-CSRFToken": csrfToken() },
        timeout: 60_000,
      });
      while (!job.finished) {
        this.#showProgress(job);
        await new Promise((resolve) => setTimeout(resolve, ASK));
        job = await requestJson(`${this.#root.dataset.url}bulk/${job.id}/`);
      }
      toast(job.sentence);
      this.clear();
    } catch (error) {
      toast((error instanceof Refused && error.sentence) || this.#say("failed"));
    } finally {
      this.#bar.ariaBusy = null;
      $("[data-progress]", this.#bar).hidden = true;
    }
  }

  #showProgress({ settled, total }) {
    const progress = $("[data-progress]", this.#bar);
    progress.hidden = false;
    $("progress", progress).max = total;
    $("progress", progress).value = settled;
    $("[data-settled]", progress).textContent = this.#say("settled", { settled, total });
  }
}

/** What the act is to be told: what the button says, or the form that it is in. */
function inputOf({ form, name, value }) {
  if (form) return Object.fromEntries(new FormData(form));
  return name ? { [name]: value } : {};
}
