// The list of conversations: live rows in order of activity, unread badges, tabs and counts.

import { $, $$, elementFrom } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";
import { localise } from "../lib/time.js";

const REMEMBER = 5_000; // a list asked for may be this much older than what we heard meanwhile

/** Which conversations a view shows; the server's predicates, for rows that change while shown. */
const BELONGS = {
  mine: ({ status, assignee }, agent) => status !== "resolved" && assignee === agent,
  unassigned: ({ status, assignee }) => status !== "resolved" && assignee === null,
  all: ({ status }) => status !== "resolved",
  resolved: ({ status }) => status === "resolved",
};

/**
 * `new List({root, agent, onUnread})`: `root` is the workspace element, `agent` the reader's id,
 * `onUnread(n)` hears how many of the rows have something unread.
 */
export class List {
  #root;
  #agent;
  #onUnread;
  #rows = $("#rows");
  #read = new Map(); // conversation → how many of the customer's messages were read
  #heard = new Map(); // conversation → its last frame and when it came
  #current = null;

  constructor({ root, agent, onUnread }) {
    this.#root = root;
    this.#agent = agent;
    this.#onUnread = onUnread;
    this.#adopt();
    this.#rows.addEventListener("htmx:after:settle", ({ detail }) => {
      const { view } = detail.task.sourceElement.dataset;
      if (view) this.#turnTo(view);
      this.#adopt();
      for (const { frame, at } of this.#heard.values()) {
        if (Date.now() - at < REMEMBER) this.update(frame);
      }
    });
  }

  get view() {
    return this.#root.dataset.view;
  }

  /** Mark the row of the open conversation. */
  setCurrent(conversation) {
    this.#current = conversation;
    this.#markCurrent();
  }

  /** A conversation changed: its row appears, moves, changes or leaves. */
  update(frame) {
    const { conversation } = frame;
    this.#heard.set(conversation, { frame, at: Date.now() });
    const old = this.#row(conversation);
    if (old && Number(old.dataset.head) > frame.head) return;
    if (!BELONGS[this.view](frame, this.#agent)) this.remove(conversation);
    else if (this.#read.has(conversation)) this.#put(elementFrom(frame.html));
    else this.#fetch(conversation);
  }

  remove(conversation) {
    this.#row(conversation)?.remove();
    this.#countUnread();
  }

  /** The agent has read this many of the customer's messages, here or on another device. */
  setRead(conversation, messages) {
    this.#read.set(conversation, Math.max(messages, this.#read.get(conversation) ?? 0));
    const row = this.#row(conversation);
    if (row) this.#badge(row);
    this.#countUnread();
  }

  setCounts(views) {
    for (const [view, count] of Object.entries(views)) {
      const shown = $(`#tabs [data-view="${view}"] [data-count]`);
      if (shown) shown.textContent = count;
    }
  }

  /** Ask for everything anew, after a time without a connection. */
  async refresh() {
    this.setCounts((await requestJson(`${this.#root.dataset.url}counts/`)).views);
    await htmx.ajax("GET", `${this.#root.dataset.url}?view=${this.view}`, {
      target: "#rows",
      swap: "innerMorph",
    });
  }

  // --- inside ------------------------------------------------------------------------------

  #row(conversation) {
    return document.getElementById(`row-${conversation}`);
  }

  /** A row never seen before: how much of it was read is for the server to say. */
  async #fetch(conversation) {
    const response = await fetch(`${this.#root.dataset.url}${conversation}/row/`).catch(() => null);
    if (!response?.ok) return;
    const row = elementFrom(await response.text());
    this.#read.set(conversation, Number(row.dataset.read));
    const { status, assignee } = row.dataset;
    const facts = { status, assignee: assignee ? Number(assignee) : null };
    if (BELONGS[this.view](facts, this.#agent)) this.#put(row);
  }

  /** Put a row where its last activity says, unless that is on a page not loaded yet. */
  #put(row) {
    const { conversation, at } = row.dataset;
    const old = this.#row(conversation);
    if (old && Number(old.dataset.head) > Number(row.dataset.head)) return;
    const hadFocus = old?.contains(document.activeElement);
    const after = $$(":scope > .row", this.#rows).find(
      (other) => other !== old && Date.parse(other.dataset.at) <= Date.parse(at),
    );
    const more = $(":scope > .more", this.#rows);
    if (!after && more && !old) return;
    if (old && old.nextElementSibling === (after ?? more ?? $(":scope > .empty", this.#rows))) {
      old.replaceWith(row);
    } else {
      old?.remove();
      (after ?? more ?? $(":scope > .empty", this.#rows)).before(row);
    }
    localise(row);
    htmx.process(row);
    if (hadFocus) $("a", row).focus();
    this.#badge(row);
    this.#markCurrent();
    this.#countUnread();
  }

  #badge(row) {
    const { conversation, messages, status } = row.dataset;
    const read = this.#read.get(conversation) ?? 0;
    const unread = status === "resolved" ? 0 : Math.max(0, Number(messages) - read);
    const badge = $("[data-badge]", row);
    badge.textContent = unread || "";
    badge.hidden = unread === 0;
    row.toggleAttribute("data-unread", unread > 0);
  }

  #countUnread() {
    this.#onUnread($$(":scope > [data-unread]", this.#rows).length);
  }

  #markCurrent() {
    for (const link of $$(".row > a", this.#rows)) {
      const isCurrent = link.parentElement.dataset.conversation === this.#current;
      if (isCurrent) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  /** Rows came from the server: learn what was read, drop doubles of rows that moved up. */
  #adopt() {
    const seen = new Set();
    for (const row of $$(":scope > .row", this.#rows)) {
      const { conversation, read } = row.dataset;
      if (seen.has(conversation)) row.remove();
      seen.add(conversation);
      const known = this.#read.get(conversation) ?? 0;
      if (read !== undefined) this.#read.set(conversation, Math.max(known, Number(read)));
      this.#badge(row);
    }
    this.#markCurrent();
    this.#countUnread();
  }

  #turnTo(view) {
    this.#root.dataset.view = view;
    for (const tab of $$("#tabs [data-view]")) {
      if (tab.dataset.view === view) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    const url = new URL(location);
    url.searchParams.set("view", view);
    history.replaceState(history.state, "", url);
  }
}
