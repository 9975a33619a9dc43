// Small helpers around the DOM that every screen uses.

/** The first element that matches, or null. */
export const $ = (selector, root = document) => root.querySelector(selector);

/** All elements that match, as an array. */
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** The token that Django wants back with every POST. */
export const csrfToken = () => $('meta[name="csrf-token"]')?.content ?? "";

/** The first element of a piece of our own server-rendered HTML. */
export function elementFrom(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

/** A fresh copy of the first element inside `<template id="…">`. */
export const clone = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/**
 * The sentences a page brought along for its scripts, already translated:
 * `<template id="words"><i data-word="retry">Retry</i>…</template>`.
 * Returns `say(key, facts)`, which fills in `{name}` placeholders.
 */
export function words(id = "words") {
  const found = {};
  for (const element of $$("[data-word]", document.getElementById(id)?.content ?? document)) {
    found[element.dataset.word] = element.textContent.trim();
  }
  return (key, facts = {}) =>
    (found[key] ?? "").replace(/\{(\w+)\}/g, (whole, name) => facts[name] ?? whole);
}

/** A random UUID, also on plain http where `crypto.randomUUID` is missing. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Whether a key press belongs to an input method that is still composing. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

/** Calls `work` at most once per `pause` milliseconds: at once, and once more for what came since. */
export function atMostEvery(pause, work) {
  let timer = null;
  let again = false;
  const run = () => {
    again = false;
    work();
    timer = setTimeout(() => {
      timer = null;
      if (again) run();
    }, pause);
  };
  return () => {
    if (timer === null) run();
    else again = true;
  };
}

/** Calls `work` once after `pause` milliseconds of quiet. */
export function whenQuiet(pause, work) {
  let timer = null;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, pause);
  };
}
