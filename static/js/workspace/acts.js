// Acts on the open conversation: buttons that do them, dialogs that ask what they need first.

import { $, $$, csrfToken, elementFrom, isComposing, uuid } from "../lib/dom.js";
import { Refused, requestJson } from "../lib/http.js";
import { localise } from "../lib/time.js";
import { toast } from "../lib/toast.js";
import { tendExport } from "./export.js";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const inMinutes = (minutes) => new Date(Date.now() + minutes * 60_000);

/** When the natural times are, as `conversations/threads/moments.py` understands them. */
function momentOf(name) {
  const hours = /^(\d+)h$/.exec(name)?.[1];
  if (hours) return inMinutes(60 * hours);
  const now = new Date();
  const days = { tomorrow: 1, week: 7, monday: ((8 - now.getDay()) % 7 || 7) }[name];
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 9);
}

/**
 * `new Acts({url, say, nextIn, onBefore, onDone})`
 *
 * - `url`: of the conversation
 * - `nextIn()`: the address of the list from which "resolve and next" goes on
 * - `onBefore(act)`: it is about to be done, once what this returns is
 * - `onDone(act, answer)`: it is done; `answer.next` is where to go on
 */
export class Acts {
  #url;
  #say;
  #nextIn;
  #onBefore;
  #onDone;
  #people = $("#people-dialog");
  #transferId = ""; // of the note, so that sending it again makes no second one
  #busy = new Set();

  constructor({ url, say, nextIn, onBefore, onDone, signal }) {
    this.#url = url;
    this.#say = say;
    this.#nextIn = nextIn;
    this.#onBefore = onBefore;
    this.#onDone = onDone;
    $("#talk-acts").addEventListener("click", ({ target }) => {
      const button = target.closest("[data-act]");
      if (!button) return;
      this.run(button.dataset.act, button.name ? { [button.name]: button.value } : {});
    }, { signal });
    $("#talk-acts").addEventListener("toggle", ({ target, newState }) => {
      if (newState === "open") this.#standMenu(target);
    }, { signal, capture: true });
    for (const dialog of $$("#main dialog")) {
      dialog.addEventListener("click", ({ target }) => {
        if (target === dialog || target.closest("[data-cancel]")) dialog.close();
      });
    }
    this.#tendPeople();
    this.#tendSnooze();
    this.#tendMerge();
    this.#tendSimple("spam");
    this.#tendSimple("block");
    this.#tendSimple("recall");
    tendExport({ url, say, onAsked: () => onDone("export", {}) });
  }

  /** Ask whether the reply of this number is to be taken back. */
  recall(seq) {
    const dialog = $("#recall-dialog");
    $("[name=entry]", dialog).value = seq;
    dialog.showModal();
  }

  /** Whether the act is among those that can be done now. */
  can(act) {
    return Boolean($(`#talk-acts [data-act="${act}"]`));
  }

  /** Whether replies, the agent's own or those of others, can be edited and recalled. */
  mayAmend({ isOwn }) {
    return (isOwn ? "amendsOwn" : "amendsOthers") in this.#facts;
  }

  /** Do an act whose button stands elsewhere. Returns whether it was done. */
  do(act, data) {
    return this.#do(act, data);
  }

  /** Do an act, or open the dialog that asks what it needs. */
  run(act, data = {}) {
    if (!this.can(act)) return;
    if ($("#acts-menu")?.matches(":popover-open")) $("#acts-menu").hidePopover();
    if (["assign", "invite", "transfer"].includes(act)) this.#openPeople(act);
    else if (act === "merge") this.#openMerge();
    else if (act === "snooze") this.#openSnooze();
    else if (["spam", "block", "export"].includes(act)) $(`#${act}-dialog`).showModal();
    else if (act === "resolve-next") this.#do("resolve", { next_in: this.#nextIn() });
    else if (act === "take-over") this.#do(act, { instead_of: this.#facts.assignee });
    else this.#do(act, data);
  }

  /**
   * Below its button. The head keeps the place: what has an id is drawn anew, and htmx would copy
   * its style as an attribute, which the Content-Security-Policy forbids.
   */
  #standMenu(menu) {
    const { right, bottom } = $("#talk-acts [data-more]").getBoundingClientRect();
    const { style } = $("#talk-acts").closest("header");
    const most = innerWidth - menu.offsetWidth - 8; // else its beginning is out of the window
    style.setProperty("--menu-end", `${Math.max(8, Math.min(innerWidth - right, most))}px`);
    style.setProperty("--menu-top", `${bottom + 6}px`);
    $("button", menu)?.focus();
  }

  get #facts() {
    return $("#talk-acts [data-facts]").dataset;
  }

  /** Returns whether it was done; if not, the server's sentence is on the screen. */
  async #do(act, data) {
    if (this.#busy.has(act)) return false;
    this.#busy.add(act);
    for (const button of $$(`#talk-acts [data-act="${act}"]`)) button.ariaBusy = "true";
    try {
      await this.#onBefore(act);
      const headers = { "X-CSRFToken": csrfToken() };
      const answer = await requestJson(`${this.#url}${act}/`, { data, headers });
      if (answer.approval) toast(this.#say("asked"));
      this.#onDone(act, answer);
      return true;
    } catch (error) {
      const isOurs = error instanceof Refused && error.sentence;
      toast(isOurs ? error.sentence : this.#say("unreachable"));
      this.#onDone(null, {});
      return false;
    } finally {
      this.#busy.delete(act);
      for (const button of $$(`#talk-acts [data-act="${act}"]`)) button.ariaBusy = null;
    }
  }

  /** The dialog's form is sent: do the act, and close if it was done. */
  #sends(dialog, read) {
    const form = $("form", dialog);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = $("[data-do]", dialog);
      if (button.disabled || button.ariaBusy === "true") return;
      button.ariaBusy = "true";
      if (await this.#do(...read(new FormData(form)))) dialog.close();
      button.ariaBusy = null;
    });
    return form;
  }

  // --- spam, block -------------------------------------------------------------------------

  #tendSimple(act) {
    const dialog = $(`#${act}-dialog`);
    this.#sends(dialog, (form) => [act, { ...Object.fromEntries(form), time_zone: zone }]);
  }

  // --- snooze ------------------------------------------------------------------------------

  #tendSnooze() {
    const dialog = $("#snooze-dialog");
    const other = $("[data-other]", dialog);
    const button = $("[data-do]", dialog);
    other.addEventListener("input", () => (button.disabled = !other.value));
    $(".times", dialog).addEventListener("click", async ({ target }) => {
      const time = target.closest("button");
      if (time && (await this.#snooze(time.value))) dialog.close();
    });
    this.#sends(dialog, () => ["snooze", { until: new Date(other.value).toISOString() }]);
  }

  #snooze(until) {
    return this.#do("snooze", { until, time_zone: zone });
  }

  #openSnooze() {
    const dialog = $("#snooze-dialog");
    const format = new Intl.DateTimeFormat(document.documentElement.lang, {
      ...{ weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
      ...{ month: "short", day: "numeric" },
    });
    for (const time of $$(".times button", dialog)) {
      $("[data-time]", time).textContent = format.format(momentOf(time.value));
    }
    const soonest = inMinutes(5 - new Date().getTimezoneOffset());
    $("[data-other]", dialog).min = soonest.toISOString().slice(0, 16);
    dialog.showModal();
  }

  // --- merge -------------------------------------------------------------------------------

  #tendMerge() {
    const dialog = $("#merge-dialog");
    dialog.addEventListener("change", () => ($("[data-do]", dialog).disabled = false));
    this.#sends(dialog, (form) => ["merge", { into: form.get("into") }]);
  }

  async #openMerge() {
    const dialog = $("#merge-dialog");
    $("[data-do]", dialog).disabled = true;
    if (await this.#fill($("[data-options]", dialog), "mergeable/")) dialog.showModal();
  }

  /** What a dialog offers, asked for when it opens. */
  async #fill(list, path) {
    const response = await fetch(`${this.#url}${path}`).catch(() => null);
    if (!response?.ok) {
      toast(this.#say("unreachable"));
      return false;
    }
    const items = elementFrom(`<ul>${await response.text()}</ul>`);
    localise(items);
    list.replaceChildren(...items.children);
    return true;
  }

  // --- assign, invite, transfer ------------------------------------------------------------

  async #openPeople(act) {
    const dialog = this.#people;
    const options = $(".options", dialog);
    if (dialog.open || !(await this.#fill(options, "people/"))) return;
    dialog.dataset.act = act;
    this.#transferId = uuid();
    for (const part of $$("[data-for]", dialog)) part.hidden = part.dataset.for !== act;
    $("[data-nobody]", dialog).hidden ||= !this.#facts.assignee;
    $("[data-note]", dialog).hidden ||= !("notes" in this.#facts);
    for (const option of $$("[role=option]", options)) {
      const { team, owner, takesPart, me } = option.dataset;
      const isOut = [
        owner !== undefined,
        act !== "transfer" && team !== undefined,
        act !== "assign" && me !== undefined,
        act === "invite" && takesPart !== undefined,
      ];
      if (isOut.includes(true)) option.remove();
    }
    for (const [index, option] of $$("[role=option]", options).entries()) {
      option.id = `person-${index}`;
    }
    const search = $("[data-search]", dialog);
    search.value = "";
    this.#filter();
    dialog.showModal();
    search.focus();
  }

  #tendPeople() {
    const dialog = this.#people;
    const search = $("[data-search]", dialog);
    search.addEventListener("input", () => this.#filter());
    search.addEventListener("keydown", (event) => {
      if (isComposing(event)) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const options = this.#shown;
      const at = options.findIndex((option) => option.ariaSelected === "true");
      this.#select(options[(at + step + options.length) % options.length]);
    });
    $(".options", dialog).addEventListener("click", ({ target }) => {
      const option = target.closest("[role=option]");
      if (option) this.#select(option);
    });
    $(".options", dialog).addEventListener("dblclick", () => $("form", dialog).requestSubmit());
    $("[data-nobody]", dialog).addEventListener("click", async () => {
      if (await this.#do("assign", { to: null, instead_of: this.#facts.assignee })) dialog.close();
    });
    this.#sends(dialog, (form) => this.#readPeople(form));
  }

  #readPeople(form) {
    const { act } = this.#people.dataset;
    const { agent, team } = $("[role=option][aria-selected=true]", this.#people).dataset;
    const instead_of = this.#facts.assignee;
    if (act === "invite") return [act, { agent }];
    if (act === "assign") return [act, { to: agent, instead_of }];
    const to = team ? { team } : { agent };
    const note = "notes" in this.#facts ? form.get("note") : "";
    return [act, { ...to, note, client_id: this.#transferId, instead_of }];
  }

  get #shown() {
    return $$("[role=option]:not([hidden])", this.#people);
  }

  #filter() {
    const search = $("[data-search]", this.#people);
    const wanted = search.value.trim().toLocaleLowerCase();
    for (const option of $$("[role=option]", this.#people)) {
      option.hidden = !option.dataset.name.toLocaleLowerCase().includes(wanted);
    }
    const shown = this.#shown;
    $("[data-none]", this.#people).hidden = shown.length > 0;
    this.#select(shown.length && wanted ? shown[0] : null);
  }

  #select(chosen) {
    for (const option of $$("[role=option]", this.#people)) {
      option.ariaSelected = String(option === chosen);
    }
    const search = $("[data-search]", this.#people);
    if (chosen) search.setAttribute("aria-activedescendant", chosen.id);
    else search.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
    $("[data-do]", this.#people).disabled = !chosen;
  }
}
