// Puts entries into a transcript in order, groups them by author and day, and keeps the scroll.
//
// All markup comes from the server: entries as the HTML of their partial, messages not yet
// acknowledged as copies of a `<template>` made from the same partial.

import { $, $$, clone, elementFrom } from "./dom.js";
import { dayKey, dayName, localise } from "./time.js";

const NEAR_END = 48; // pixels from the end that still count as being there
const SAME_BREATH = 5 * 60_000; // messages of one author this close together form a group

/**
 * `new Transcript({list, pending, scroller, jump, pendingFor, arrange, onScroll})`
 *
 * - `list`: the `<ol>` of numbered entries, `<li data-seq data-kind data-author data-at>`
 * - `pending`: the `<ol>` below it for messages on their way
 * - `scroller`: the element that scrolls around both
 * - `jump`: the button "jump to latest" (its `[data-count]` shows how many came meanwhile)
 * - `pendingFor(item)`: an element for an outbox item, copied from a template of the entry partial:
 *   `[data-body]` takes the text, `[data-files]` the files' names
 * - `arrange(entry)`: an entry is in its place; what it does to the list is part of the same step
 * - `onScroll()`: the reader moved
 *
 * Templates on the page: `day-separator` and `unread-divider` (each with a `[data-text]`),
 * `pending-file` (with `[data-name]`) and `delivery`, the states of a message on its way: its
 * parts `.is-sending`, `.is-sent`, `.is-failed` are shown by `[data-state]` of the entry.
 */
export class Transcript {
  #list;
  #pending;
  #scroller;
  #jump;
  #pendingFor;
  #arrange;
  #onScroll;
  #sticky = true;
  #top = 0; // where the scroller stood: only going up leaves the end, growing content does not
  #missed = 0;
  #resized;

  constructor({
    list,
    pending,
    scroller,
    jump,
    pendingFor,
    arrange = () => {},
    onScroll = () => {},
  }) {
    this.#list = list;
    this.#pending = pending;
    this.#scroller = scroller;
    this.#jump = jump;
    this.#pendingFor = pendingFor;
    this.#arrange = arrange;
    this.#onScroll = onScroll;
    for (const entry of this.#entries()) this.#place(entry);
    localise(list);
    scroller.addEventListener("scroll", this.#scrolled, { passive: true });
    jump?.addEventListener("click", () => this.toEnd({ behavior: "smooth" }));
    this.#resized = new ResizeObserver(() => this.#sticky && this.toEnd());
    for (const element of [scroller, list, pending]) this.#resized.observe(element);
    this.toEnd();
  }

  /** Stop observing a transcript that leaves the page. */
  close() {
    this.#resized.disconnect();
    this.#scroller.removeEventListener("scroll", this.#scrolled);
  }

  /** The number of the first and of the last entry shown; 0 if there is none. */
  get first() {
    return Number(this.#entries()[0]?.dataset.seq ?? 0);
  }

  get last() {
    return Number(lastEntry(this.#list.lastElementChild)?.dataset.seq ?? 0);
  }

  /** Whether the reader is at the end, where new entries appear. */
  get isAtEnd() {
    return this.#sticky;
  }

  has(clientId) {
    return Boolean(clientId && $(`[data-client-id="${CSS.escape(clientId)}"]`, this.#list));
  }

  /** Put one entry where its number says. It takes the place of its pending message. */
  add(html) {
    const entry = elementFrom(html);
    const follower = this.#followerOf(Number(entry.dataset.seq));
    if (follower?.dataset.seq === entry.dataset.seq) follower.replaceWith(entry);
    else if (follower) follower.before(entry);
    else this.#list.append(entry);
    this.#pendingOf(entry.dataset.clientId)?.remove();
    localise(entry);
    this.#place(entry);
    const next = nextEntry(entry.nextElementSibling);
    if (next) this.#place(next);
    // At the end the observer keeps us there, after the layout that this entry causes anyway.
    if (!this.#sticky && entry.dataset.kind !== "event") this.#count(this.#missed + 1);
    return entry;
  }

  /** Put older entries above, without moving what is being read. */
  prepend(pieces) {
    const before = this.#list.firstElementChild;
    const kept = this.#entries().find((entry) => entry.dataset.kind !== "event");
    const stood = kept?.getBoundingClientRect().top;
    const entries = pieces.map(elementFrom);
    this.#list.prepend(...entries);
    for (const entry of entries) this.#place(entry);
    const next = nextEntry(before);
    if (next) this.#place(next);
    for (const entry of entries) localise(entry);
    if (kept) this.#scroller.scrollTop += kept.getBoundingClientRect().top - stood;
  }

  /** Bring one entry into view, for instance because a link led to it. Null if it is not here. */
  reveal(seq) {
    const entry = $(`:scope > [data-seq="${seq}"]`, this.#list);
    if (!entry) return null;
    this.#sticky = false;
    entry.scrollIntoView({ block: "center" });
    this.#scrolled();
    return entry;
  }

  /** Show, change or remove a message of the outbox. */
  showPending(item) {
    let entry = this.#pendingOf(item.id);
    if (item.state === "gone" || this.has(item.id)) return entry?.remove();
    if (!entry) {
      entry = this.#pendingFor(item);
      entry.removeAttribute("id");
      entry.dataset.clientId = item.id;
      this.#fill(entry, item);
      this.#pending.append(entry);
      this.toEnd();
    }
    entry.dataset.state = item.state;
    $("[data-reason]", entry).textContent = item.reason;
  }

  /** A line above the first entry that was not read; `text` says how many there are. */
  markUnread(first, text) {
    this.clearUnread();
    const entry = this.#followerOf(first);
    if (!entry) return;
    const line = clone("unread-divider");
    $("[data-text]", line).textContent = text;
    entry.before(line);
    this.#settle(entry);
    if (line.offsetTop < this.#scroller.scrollTop) line.scrollIntoView({ block: "start" });
  }

  /**
   * Put what sums up all from a number on above the first of these entries, and let the reader begin
   * there. False if they begin further up than the list does.
   */
  beginWith(element, seq) {
    const entry = this.#followerOf(seq);
    if (!entry || entry === this.#entries()[0]) return false;
    let next = entry; // below the entry before, above what belongs to this one
    while (!next.previousElementSibling.dataset.seq) next = next.previousElementSibling;
    const place = document.createElement("li");
    place.className = "catch-up-place";
    place.append(element);
    next.before(place);
    for (const neighbour of [lastEntry(place.previousElementSibling), entry]) this.#arrange(neighbour);
    if (place.offsetTop < this.#scroller.scrollTop) {
      this.#sticky = false;
      place.scrollIntoView({ block: "start" });
    }
    return true;
  }

  clearUnread() {
    const line = $("[data-unread]", this.#list);
    if (!line) return;
    const entry = nextEntry(line);
    line.remove();
    if (entry) this.#settle(entry);
  }

  toEnd(options = {}) {
    this.#sticky = true;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#scroller.scrollTo({
      top: this.#scroller.scrollHeight,
      behavior: calm ? "instant" : (options.behavior ?? "instant"),
    });
  }

  // --- inside ------------------------------------------------------------------------------

  #entries() {
    return $$(":scope > [data-seq]", this.#list);
  }

  #pendingOf(clientId) {
    return clientId && $(`[data-client-id="${CSS.escape(clientId)}"]`, this.#pending);
  }

  /** The entry with this number or else the first one after it; usually there is none. */
  #followerOf(seq) {
    let follower = null;
    let entry = lastEntry(this.#list.lastElementChild);
    while (entry && Number(entry.dataset.seq) >= seq) {
      follower = entry;
      entry = lastEntry(entry.previousElementSibling);
    }
    return follower;
  }

  #place(entry) {
    this.#settle(entry);
    if (entry.dataset.recalls) this.#recall(entry);
    const changed = $(":scope > template[data-changed]", entry);
    if (changed) this.#change(changed);
    this.#arrange(entry);
  }

  /**
   * A message was edited: it is drawn anew in its place, with the files it had. An event says so
   * once, since by the time it is placed again what it brought may be older than what is shown.
   */
  #change(template) {
    template.remove();
    const message = template.content.firstElementChild;
    const old = $(`:scope > [data-seq="${message.dataset.seq}"]`, this.#list);
    if (!old) return;
    const files = ".files, .attached";
    if ($(files, old)) $(files, message)?.replaceWith($(files, old));
    old.replaceWith(message);
    localise(message);
    this.#place(message);
    const next = nextEntry(message.nextElementSibling);
    if (next) this.#place(next);
  }

  /** A message was taken back; where its readers may not see it any more, its text leaves the page. */
  #recall(entry) {
    const message = $(`:scope > [data-seq="${entry.dataset.recalls}"]`, this.#list);
    const instead = $("template", entry)?.content.cloneNode(true);
    message?.toggleAttribute("data-recalled", true);
    if (!message || !instead) return;
    const [first, ...others] = $$(".bubble, .files", message);
    first?.replaceWith(instead);
    for (const other of others) other.remove();
  }

  /** Day separator above an entry, and whether it continues what the one before it began. */
  #settle(entry) {
    const between = [];
    let before = entry.previousElementSibling;
    for (; before && !before.dataset.seq; before = before.previousElementSibling) {
      between.push(before);
    }
    const separator = between.find((element) => element.dataset.day);
    const at = new Date(entry.dataset.at);
    const day = dayKey(at);
    const newDay = !before || dayKey(new Date(before.dataset.at)) !== day;
    if (!newDay) separator?.remove();
    else if (separator?.dataset.day !== day) {
      separator?.remove();
      const line = clone("day-separator");
      line.dataset.day = day;
      $("[data-text]", line).textContent = dayName(at);
      (between.at(-1) ?? entry).before(line);
    }
    if (!before) return;
    const together =
      !newDay &&
      !between.some((element) => element.hasAttribute("data-unread")) &&
      entry.dataset.kind !== "event" &&
      before.dataset.kind === entry.dataset.kind &&
      before.dataset.author === entry.dataset.author &&
      at - new Date(before.dataset.at) < SAME_BREATH;
    before.toggleAttribute("data-followed", together);
  }

  #fill(entry, item) {
    const body = $("[data-body]", entry);
    if (item.body) body.textContent = item.body;
    else body.remove();
    for (const file of item.files) {
      const chip = clone("pending-file");
      $("[data-name]", chip).textContent = file.name;
      $("[data-files]", entry).append(chip);
    }
    $("[data-delivery]", entry).replaceChildren(clone("delivery"));
    localise(entry);
  }

  #scrolled = () => {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    if (scrollHeight - scrollTop - clientHeight < NEAR_END) this.#sticky = true;
    else if (scrollTop < this.#top) this.#sticky = false;
    this.#top = scrollTop;
    if (this.#sticky) this.#count(0);
    if (this.#jump) this.#jump.hidden = this.#sticky;
    this.#onScroll();
  };

  #count(missed) {
    this.#missed = missed;
    const shown = this.#jump && $("[data-count]", this.#jump);
    if (!shown) return;
    shown.textContent = missed;
    shown.hidden = missed === 0;
  }
}

/** The nearest numbered entry from here on, forwards or backwards. */
function nextEntry(element) {
  while (element && !element.dataset.seq) element = element.nextElementSibling;
  return element;
}

function lastEntry(element) {
  while (element && !element.dataset.seq) element = element.previousElementSibling;
  return element;
}
