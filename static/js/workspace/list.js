// The list of conversations: live rows in order of activity, unread badges, views and counts.
//
// What is under the pointer never moves. While somebody points into the list, walks in it with the
// keyboard or has scrolled it, new and moved rows wait behind a bar that says how many there are,
// and rows that left the view only fade.

import { $, $$, atMostEvery, elementFrom, words } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";
import { hears, send } from "../lib/live.js";
import { localise } from "../lib/time.js";

const REMEMBER = 5_000; // a list asked for may be this much older than what we heard meanwhile
const AHEAD = "600px"; // the next page is asked for this much before its place comes into sight
const PAGE = 50; // rows of one page
const MOST = 100; // rows of one answer
const LEAVING = 170; // milliseconds in which a row fades out
const TOGETHER = 200; // milliseconds in which changes of rows are gathered, once one was drawn
const STALE = 60_000; // a list by waiting time changes without any event

/** Elements of a piece of the server's HTML. */
function elementsFrom(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.children];
}

/**
 * `new List({root, agent, onUnread})`: `root` is the workspace element, `agent` the reader's id,
 * `onUnread(n)` hears how many of the rows have something unread.
 */
export class List {
  #root;
  #onUnread;
  #rows = $("#rows");
  #fresh = $("#fresh");
  #say = words("list-words");
  #read = new Map(); // conversation → how many of the customer's messages were read
  #heard = new Map(); // conversation → its last frame and when it came
  #changed = new Map(); // conversation → its frame that is not drawn yet
  #held = new Map(); // conversation → its row, waiting until the list may move
  #doubtful = new Set(); // heard of before the server knew which list we show
  #isKnown = false; // whether the server knows it
  #current = null;
  #nearEnd;

  constructor({ root, onUnread }) {
    this.#root = root;
    this.#onUnread = onUnread;
    this.#nearEnd = new IntersectionObserver(
      (seen) => seen.some((one) => one.isIntersecting) && this.#loadMore(),
      { root: this.#rows, rootMargin: AHEAD },
    );
    this.#adopt();
    this.markTab();
    this.#listen();
    hears("hello", () => this.#tellQuery());
    hears("listing", ({ query }) => query === this.query && this.#settle());
    setInterval(() => this.query.includes("waiting=") && this.refresh().catch(() => {}), STALE);
  }

  get view() {
    return this.#root.dataset.view;
  }

  /** The view and its filters, as an address says them. */
  get query() {
    return this.#root.dataset.query;
  }

  /** Show another list. */
  turnTo(query) {
    const path = `${this.#root.dataset.url}?${query}`;
    return htmx.ajax("GET", path, { target: "#rows", swap: "innerHTML" });
  }

  /** Mark the row of the open conversation. */
  setCurrent(conversation) {
    this.#current = conversation;
    this.#markCurrent();
  }

  /** A conversation changed: its row appears, moves, changes or leaves. */
  update(frame) {
    const { conversation, head } = frame;
    this.#heard.set(conversation, { frame, at: Date.now() });
    if (this.#changed.get(conversation)?.head > head) return;
    this.#changed.set(conversation, frame);
    this.#drawChanged();
  }

  #drawChanged = atMostEvery(TOGETHER, () => {
    const frames = [...this.#changed.values()];
    this.#changed.clear();
    for (const frame of frames) this.#change(frame);
  });

  #change(frame) {
    const { conversation } = frame;
    if (!this.#isKnown) return void this.#doubtful.add(conversation);
    const old = this.#row(conversation);
    if (old && Number(old.dataset.head) > frame.head) return;
    if (!frame.belongs) this.#leave(conversation);
    else if (this.#read.has(conversation)) this.#place(elementFrom(frame.html));
    else this.#fetch(conversation);
  }

  /** It may not be seen any more: away with it at once. */
  remove(conversation) {
    this.#changed.delete(conversation);
    this.#held.delete(conversation);
    this.#row(conversation)?.remove();
    this.#counted();
  }

  /** So many of the customer's messages were read, here or elsewhere; `back` if fewer than before. */
  setRead(conversation, messages, back = false) {
    const known = this.#read.get(conversation) ?? 0;
    this.#read.set(conversation, back ? messages : Math.max(messages, known));
    const row = this.#row(conversation);
    if (row) this.#badge(row);
    this.#counted();
  }

  /** Counts by view, and by number of a saved view. */
  setCounts({ views, saved = {} }) {
    const keys = Object.entries(saved).map(([pk, count]) => [`saved-${pk}`, count]);
    for (const [key, count] of [...Object.entries(views), ...keys]) {
      const shown = $(`#tabs [data-view="${key}"] [data-count]`);
      if (shown && shown.textContent !== String(count)) shown.textContent = count;
    }
  }

  /** Ask for everything anew, as far as it was shown, after a time without a connection. */
  async refresh() {
    const { query } = this;
    this.setCounts(await requestJson(`${this.#root.dataset.url}counts/`));
    const found = [];
    const wanted = $$(":scope > .row", this.#rows).length;
    let cursor = "";
    do {
      const size = Math.min(MOST, Math.max(PAGE, wanted - found.length));
      const page = await this.#page(query, cursor, size);
      cursor = page.find((one) => one.matches(".more"))?.dataset.cursor ?? "";
      found.push(...page.filter((one) => one.matches(".row")));
      if (!cursor || found.length >= wanted) {
        found.push(...page.filter((one) => one.matches(".more")));
        break;
      }
    } while (query === this.query);
    if (query === this.query) this.#replace(found);
  }

  // --- where rows are ----------------------------------------------------------------------

  #row(conversation) {
    return document.getElementById(`row-${conversation}`);
  }

  /** Whether somebody points into the list, or walks in it with the keyboard. */
  get #isPointed() {
    const points = matchMedia("(hover: hover)").matches && this.#rows.matches(":hover");
    return points || $(":focus-visible", this.#rows) !== null;
  }

  /** Whether a row that moves now could move under somebody's pointer, keys or eyes. */
  get #isBusy() {
    return this.#isPointed || this.#rows.scrollTop > 8;
  }

  /** A row never seen before, or doubted: whether it belongs here and how much of it was read. */
  async #fetch(conversation) {
    const { query } = this;
    const path = `${this.#root.dataset.url}${conversation}/row/?${query}`;
    const response = await fetch(path).catch(() => null);
    if (!response?.ok || query !== this.query) return;
    if (response.status === 204) return this.#leave(conversation);
    const row = elementFrom(await response.text());
    this.#learnRead(row);
    this.#place(row);
  }

  /** The element before which a row stands by its last activity. */
  #after(row) {
    const at = Date.parse(row.dataset.at);
    const later = $$(":scope > .row", this.#rows).find(
      (other) =>
        other.dataset.conversation !== row.dataset.conversation &&
        Date.parse(other.dataset.at) <= at,
    );
    return later ?? $(":scope > .more", this.#rows) ?? $(":scope > .empty", this.#rows);
  }

  /** Put a row where its last activity says, now or when the list may move. */
  #place(row) {
    const { conversation } = row.dataset;
    const old = this.#row(conversation);
    if (old && Number(old.dataset.head) > Number(row.dataset.head)) return;
    const after = this.#after(row);
    if (after.matches(".more") && !old) return; // on a page not loaded yet
    const stays = old && old.nextElementSibling === after;
    if (stays || (old && this.#isBusy)) this.#draw(old, row);
    if (stays) this.#held.delete(conversation);
    else if (this.#isBusy) this.#held.set(conversation, row);
    else this.#insert(row, after);
    this.#counted();
  }

  #insert(row, after) {
    const old = this.#row(row.dataset.conversation);
    if (old && old !== row) this.#draw(old, row);
    after.before(row);
    if (!old) this.#prepare(row);
    row.dataset.arriving = "";
    row.addEventListener("animationend", () => delete row.dataset.arriving, { once: true });
  }

  /** Draw a row anew in its place. Who is on it and what is begun there stay as they are. */
  #draw(old, row) {
    const hadFocus = old.contains(document.activeElement);
    for (const part of [".row-people", ".row-draft"]) {
      const kept = $(part, old);
      if (kept) $(part, row)?.replaceWith(kept);
    }
    old.replaceWith(row);
    this.#prepare(row);
    if (hadFocus) $("a", row).focus();
  }

  #prepare(row) {
    localise(row);
    htmx.process(row);
    this.#badge(row);
    this.#markCurrent();
  }

  /** The conversation does not belong here any more. */
  #leave(conversation) {
    this.#held.delete(conversation);
    const row = this.#row(conversation);
    if (row && this.#isPointed) row.dataset.gone = "";
    else if (row) this.#fade(row);
    this.#counted();
  }

  #fade(row) {
    row.dataset.leaving = "";
    setTimeout(() => row.dataset.leaving !== undefined && this.#takeAway(row), LEAVING);
  }

  /** Remove a row; what is in sight stays where it is. */
  #takeAway(row) {
    const still = this.#rows.scrollTop > 8 ? this.#inSight() : null;
    const top = still?.getBoundingClientRect().top;
    row.remove();
    if (still?.isConnected) this.#rows.scrollTop += still.getBoundingClientRect().top - top;
    this.#counted();
  }

  #fadeGone() {
    for (const row of $$(":scope > [data-gone]", this.#rows)) this.#fade(row);
  }

  /** Let everything take its place that had to wait. */
  #release() {
    this.#fadeGone();
    for (const row of this.#held.values()) {
      const after = this.#after(row);
      if (!after.matches(".more") || this.#row(row.dataset.conversation)) this.#insert(row, after);
    }
    this.#held.clear();
    this.#counted();
  }

  #counted() {
    const waiting = this.#held.size;
    this.#fresh.hidden = waiting === 0;
    if (waiting) {
      const text = this.#say(waiting === 1 ? "fresh-1" : "fresh", { count: waiting });
      $("[data-text]", this.#fresh).textContent = text;
    }
    this.#onUnread($$(":scope > [data-unread]", this.#rows).length);
  }

  #listen() {
    const settle = () =>
      requestAnimationFrame(() => {
        if (!this.#isPointed) this.#fadeGone();
        if (!this.#isBusy) this.#release();
      });
    this.#rows.addEventListener("pointerleave", settle);
    this.#rows.addEventListener("focusout", settle);
    this.#rows.addEventListener("scroll", () => this.#rows.scrollTop <= 8 && settle());
    this.#fresh.addEventListener("click", () => {
      this.#release();
      this.#rows.scrollTo({ top: 0 });
    });
    this.#rows.addEventListener("click", ({ target }) => {
      if (target.closest("[data-again]")) this.#again(target.closest(".more"));
    });
    this.#rows.addEventListener("htmx:after:settle", () => this.#adopt());
  }

  // --- pages -------------------------------------------------------------------------------

  /** The rows of a page, with the place of the next one if there is any. */
  async #page(query, cursor, size) {
    const path = `${this.#root.dataset.url}?${query}&size=${size}&cursor=${cursor}`;
    const response = await fetch(path, { headers: { "HX-Request": "true" } });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return elementsFrom(await response.text()).filter((one) => one.matches(".row, .more"));
  }

  async #loadMore() {
    const place = $(":scope > .more[data-cursor]", this.#rows);
    if (!place || place.ariaBusy) return;
    place.ariaBusy = "true";
    const { query } = this;
    try {
      const page = await this.#page(query, place.dataset.cursor, PAGE);
      if (query !== this.query || !place.isConnected) return;
      const isNew = (one) => one.matches(".more") || !this.#row(one.dataset.conversation);
      place.replaceWith(...page.filter(isNew));
      for (const one of page) {
        if (!one.matches(".row")) continue;
        this.#learnRead(one);
        this.#prepare(one);
      }
      this.#watchEnd();
      this.#counted();
    } catch {
      const failed = document.getElementById("rows-failed").content.firstElementChild;
      const shown = failed.cloneNode(true);
      shown.dataset.place = place.dataset.cursor;
      if (place.isConnected) place.replaceWith(shown);
    }
  }

  #again(failed) {
    failed.dataset.cursor = failed.dataset.place;
    this.#loadMore();
  }

  #watchEnd() {
    this.#nearEnd.disconnect();
    const place = $(":scope > .more[data-cursor]", this.#rows);
    if (place) this.#nearEnd.observe(place);
  }

  /** Show these rows, in this order, moving no more of what is there than need be. */
  #replace(wanted) {
    const still = this.#isBusy ? this.#inSight() : null;
    const top = still?.getBoundingClientRect().top;
    let place = this.#rows.firstElementChild;
    for (const one of wanted) {
      const old = one.matches(".row") ? this.#row(one.dataset.conversation) : null;
      if (one.matches(".row")) this.#learnRead(one);
      const same = old && old.dataset.head === one.dataset.head && old.dataset.gone === undefined;
      const shown = same ? old : one;
      if (old === place) place = place.nextElementSibling;
      if (!same && old) this.#draw(old, one);
      if (shown.nextElementSibling !== place || !shown.isConnected) place.before(shown);
      if (!old && one.matches(".row")) this.#prepare(one);
    }
    while (place && !place.matches(".empty")) {
      const gone = place;
      place = place.nextElementSibling;
      gone.remove();
    }
    this.#held.clear();
    if (still?.isConnected) {
      this.#rows.scrollTop += still.getBoundingClientRect().top - top;
    }
    this.#watchEnd();
    this.#markCurrent();
    this.#counted();
  }

  /** The row that is pointed at or first in sight. */
  #inSight() {
    const { top } = this.#rows.getBoundingClientRect();
    return (
      $(":scope > .row:hover", this.#rows) ??
      $$(":scope > .row", this.#rows).find((row) => row.getBoundingClientRect().bottom > top)
    );
  }

  // --- which list --------------------------------------------------------------------------

  /** Rows came from the server: learn which list they are, and what was read. */
  #adopt() {
    const { query, view } = $(":scope > .empty", this.#rows)?.dataset ?? {};
    if (query !== undefined && query !== this.query) this.#turned(query, view);
    this.#held.clear();
    const seen = new Set();
    for (const row of $$(":scope > .row", this.#rows)) {
      if (seen.has(row.dataset.conversation)) row.remove();
      seen.add(row.dataset.conversation);
      this.#learnRead(row);
      this.#badge(row);
    }
    for (const [conversation, { frame, at }] of this.#heard) {
      if (Date.now() - at > REMEMBER) this.#heard.delete(conversation);
      else this.#change(frame);
    }
    this.#watchEnd();
    this.#markCurrent();
    this.#counted();
  }

  #turned(query, view) {
    this.#root.dataset.query = query;
    this.#root.dataset.view = view;
    this.#rows.scrollTop = 0;
    this.markTab();
    const url = new URL(location);
    url.search = query;
    history.replaceState(history.state, "", url);
    this.#tellQuery();
    this.#root.dispatchEvent(new CustomEvent("list:turned"));
  }

  /** Mark the tab of this list; the menu says the name of one that is in it. */
  markTab() {
    const tabs = $$("#tabs [data-query]");
    const shown =
      tabs.find((tab) => tab.dataset.query === this.query) ??
      tabs.find((tab) => tab.dataset.view === this.view);
    for (const tab of tabs) {
      if (tab === shown) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    const summary = $("#more-views > summary");
    const inMenu = shown?.closest("#more-views");
    if (inMenu) summary.setAttribute("aria-current", "page");
    else summary.removeAttribute("aria-current");
    $("[data-text]", summary).textContent = inMenu ? $("[data-name]", shown).textContent : "";
    if (summary.parentElement.contains(document.activeElement)) summary.focus();
    $("#more-views").open = false;
  }

  /** Tell the server which list is shown, so that it tells which changed rows belong to it. */
  #tellQuery() {
    this.#isKnown = false;
    send({ type: "listing", query: this.query });
  }

  /** The server knows; what was heard before is looked up. */
  #settle() {
    this.#isKnown = true;
    for (const conversation of this.#doubtful) this.#fetch(conversation);
    this.#doubtful.clear();
  }

  // --- marks -------------------------------------------------------------------------------

  #learnRead(row) {
    const { conversation, read } = row.dataset;
    const known = this.#read.get(conversation) ?? 0;
    if (read !== undefined) this.#read.set(conversation, Math.max(known, Number(read)));
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

  #markCurrent() {
    for (const link of $$(".row > a", this.#rows)) {
      const isCurrent = link.parentElement.dataset.conversation === this.#current;
      if (isCurrent) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
}
