// Requests for approvals: how many wait, the queue, and what waits in the open conversation.
//
// Cards are drawn by the server. What somebody is filling in stays under their hands: of such a card
// only the conversation's last messages are drawn anew.

import { $, $$, elementFrom } from "../lib/dom.js";
import { hears } from "../lib/live.js";
import { localise } from "../lib/time.js";

const areas = () => $$("[data-approvals]");
const isInTalk = (area) => area.id === "talk-approvals";
const fields = (card) => $$("textarea, input:not([type=hidden])", card);
const isTouched = (card) =>
  card.contains(document.activeElement) ||
  fields(card).some((field) => field.value !== field.defaultValue);

hears("approvals", ({ waiting, conversations, all }) => {
  const dot = $("#approvals-count");
  dot.textContent = waiting;
  dot.hidden = waiting === 0;
  for (const count of $$("[data-approvals-waiting]")) count.textContent = waiting || "";
  const open = $("#stream")?.dataset.conversation;
  for (const area of areas()) {
    if (all || !isInTalk(area) || conversations.includes(open)) renew(area);
  }
});

/** Draw what waits anew. */
async function renew(area) {
  area.dataset.drawn = "";
  const headers = { "HX-Request": "true" };
  const response = await fetch(area.dataset.approvals, { headers }).catch(() => null);
  if (!response?.ok || !area.isConnected) return;
  const drawn = elementFrom(`<div>${await response.text()}</div>`);
  let before = null;
  for (const card of $$(":scope > .request", drawn)) {
    const known = document.getElementById(card.id);
    if (known && isTouched(known)) refreshContext(known, card);
    else place(area, card, known, before);
    before = document.getElementById(card.id);
  }
  for (const card of $$(":scope > .request", area)) {
    const isOver = !isInTalk(area) && card.dataset.state !== "waiting"; // its outcome is being read
    if (!card.dataset.fresh && !isOver && !isTouched(card)) card.remove();
    delete card.dataset.fresh;
  }
  const empty = $(":scope > .empty", area);
  if ($(":scope > .request", area)) empty?.remove();
  else if (!empty) area.append(...$$(":scope > .empty", drawn));
}

function place(area, card, known, before) {
  card.dataset.fresh = "yes";
  if (known) known.replaceWith(card);
  else if (before) before.after(card);
  else area.prepend(card);
  localise(card);
  htmx.process(card);
}

function refreshContext(known, card) {
  known.dataset.fresh = "yes";
  const [old, fresh] = [$("[data-context]", known), $("[data-context]", card)];
  if (old && fresh) old.replaceWith(fresh);
  const seen = $("[name=seen]", known);
  if (seen) seen.value = $("[name=seen]", card)?.value ?? "";
}

/** Areas that came with a conversation. */
const drawNew = () => areas().forEach((area) => "drawn" in area.dataset || renew(area));
document.addEventListener("htmx:after:settle", drawNew);
areas().filter(isInTalk).forEach(renew);

// A refusal says that something moved on: show what it is now.
document.addEventListener("htmx:after:request", ({ target, detail }) => {
  const area = target.closest?.("[data-approvals]");
  if (area && detail.ctx?.response?.status >= 400) renew(area);
});

document.addEventListener("input", ({ target }) => {
  const card = target.closest("[data-original]") && target.closest(".request");
  if (!card) return;
  const isEdited = $$("[data-original]", card).some((one) => one.value !== one.dataset.original);
  for (const part of $("[data-approve]", card).querySelectorAll("span")) {
    part.hidden = part.hasAttribute("data-edited") !== isEdited;
  }
});

// Enter in the word to a colleague decides nothing: whether it means yes or no, one has to press.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.(".request [name=answer]")) {
    event.preventDefault();
  }
});

// Beside the transcript one has seen what it shows.
document.addEventListener("submit", ({ target }) => {
  const seen = target.closest("#talk-approvals") && $("[name=seen]", target);
  if (seen) seen.value = $$("#entries > [data-seq]").at(-1)?.dataset.seq ?? "";
}, true);

document.addEventListener("click", ({ target }) => {
  const card = target.closest("[data-reuse]")?.closest(".request");
  const composer = card && $("#composer");
  if (!composer) return;
  const detail = { text: $("[data-after]", card).textContent, mode: "reply" };
  composer.dispatchEvent(new CustomEvent("compose", { detail }));
  $("[data-noted]", card).click();
});
