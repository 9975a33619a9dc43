// What is known of a customer, wherever it is shown: revealed values count down and are masked
// again, colleagues' changes appear by themselves, a reveal asks for its reason.

import { $, $$, csrfToken, uuid } from "../lib/dom.js";
import { Refused, requestJson } from "../lib/http.js";
import { hears } from "../lib/live.js";

const ANY = "*";
const ends = new WeakMap(); // element → {left, at}: when its value is masked, by this clock
const begun = new WeakMap(); // a request of htmx → when it was sent
let changedAt = 0; // when what may be read of those on this page was last told to be another

/** `tendCustomer({onTexts})`: `onTexts` is told when message texts are to be drawn anew. */
export function tendCustomer({ onTexts = () => {} } = {}) {
  hears("customer", ({ customer, texts }) => {
    const shown = $$("[data-of-customer]").filter(
      (place) => customer === ANY || place.dataset.ofCustomer === customer,
    );
    if (shown.length) changedAt = performance.now();
    for (const place of shown) {
      for (const value of $$("[data-mask]", place)) cover(value);
      refresh(place);
    }
    if (texts && shown.length) onTexts();
  });
  hears("hello", () => {
    // What was revealed on a drawn page may have ended before the page could be told.
    for (const place of $$("[data-of-customer]")) if ($("[data-left]", place)) refresh(place);
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-reveal]");
    if (button) ask(button);
  });
  document.addEventListener("keydown", (event) => {
    const form = event.key === "Escape" && event.target.closest("[data-edit]");
    if (!form) return;
    event.preventDefault();
    $("[data-cancel]", form).click();
  });
  document.addEventListener("htmx:after:settle", ({ target }) => {
    if (target.id?.startsWith("fact-")) $(".fact.editing [autofocus]")?.focus();
    nameLanguages();
  });
  nameLanguages();
  document.addEventListener("htmx:before:request", ({ detail }) => {
    begun.set(detail.ctx, performance.now());
  });
  document.addEventListener("htmx:before:swap", notFromBefore);
  document.addEventListener("visibilitychange", countDown);
  addEventListener("pageshow", countDown);
  setInterval(countDown, 250);
  countDown();
  tendDialog();
}

/** A language by its name instead of its code. */
function nameLanguages() {
  const names = new Intl.DisplayNames([document.documentElement.lang], { type: "language" });
  for (const place of $$("[data-value][data-language]")) {
    try {
      place.textContent = names.of(place.dataset.language);
    } catch {
      // No language of this code: it is shown as it is.
    }
  }
}

// --- time ----------------------------------------------------------------------------------

function countDown() {
  for (const place of $$("[data-left]")) {
    const { left } = place.dataset;
    let end = ends.get(place);
    if (end?.left !== left) {
      end = { left, at: performance.now() + Number(left) * 1_000 };
      ends.set(place, end);
    }
    const seconds = Math.max(0, Math.ceil((end.at - performance.now()) / 1_000));
    const clock = $("[data-countdown]", place);
    const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (clock && clock.textContent !== text) clock.textContent = text;
    if (seconds === 0 && place.dataset.mask !== undefined) cover(place);
  }
}

/** Put the mask back in place of a revealed value: nothing of it stays on the page. */
function cover(place) {
  const value = $("[data-value]", place);
  value.textContent = place.dataset.mask;
  value.classList.add("masked");
  for (const left of $$("[data-copy], [data-countdown]", place)) left.remove();
  place.removeAttribute("data-mask");
  place.removeAttribute("data-left");
}

// --- drawing anew --------------------------------------------------------------------------

function refresh(place) {
  htmx.ajax("GET", place.dataset.facts, { target: place, swap: "innerMorph" });
  const history = place.dataset.history && $("#happened");
  if (history) htmx.ajax("GET", place.dataset.history, { target: history, swap: "outerMorph" });
}

/** An answer from before a change brings back what is masked now, or masks what was revealed. */
function notFromBefore(event) {
  const { ctx } = event.detail;
  if (begun.get(ctx) > changedAt || !ctx.text?.includes('id="fact-')) return;
  if (ctx.request.method !== "GET") {
    for (const place of $$("[data-of-customer]")) refresh(place); // after this one is drawn
    return;
  }
  event.preventDefault();
  const { sourceElement: source, target, swap } = ctx;
  htmx.ajax("GET", ctx.request.action, { source, target, swap });
}

// --- revealing -----------------------------------------------------------------------------

let asked = null; // {place, key, clientId} of the dialog that is open

function ask(button) {
  const place = button.closest("[data-of-customer]");
  asked = { place, key: button.dataset.reveal, clientId: uuid() };
  const dialog = $("#reveal-dialog");
  const entitled = place.dataset.entitled !== undefined;
  for (const part of $$("[data-entitled]", dialog)) part.hidden = !entitled;
  for (const part of $$("[data-asking]", dialog)) part.hidden = entitled;
  const reason = $("[name=reason]", dialog);
  reason.value = "";
  reason.required = !entitled;
  $("[data-problem]", dialog).hidden = true;
  dialog.showModal();
}

function tendDialog() {
  const dialog = $("#reveal-dialog");
  if (!dialog) return;
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog || target.closest("[data-close]")) dialog.close();
  });
  $("form", dialog).addEventListener("submit", async (event) => {
    event.preventDefault();
    const { place, key, clientId } = asked;
    const data = { fields: [key], reason: $("[name=reason]", dialog).value, client_id: clientId };
    if (place.dataset.conversation) data.conversation = place.dataset.conversation;
    try {
      const headers = { "X-CSRFToken": csrfToken() };
      await requestJson(place.dataset.revealUrl, { data, headers });
      changedAt = performance.now();
      dialog.close();
      refresh(place);
    } catch (error) {
      const problem = $("[data-problem]", dialog);
      problem.textContent =
        (error instanceof Refused && error.sentence) || $("[data-word=unreachable]", $("#app-words").content).textContent;
      problem.hidden = false;
    }
  });
}
