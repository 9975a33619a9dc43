// Who of the colleagues is online, busy, away or offline: on every avatar that asks for it, in
// every picker, and in the menu in which agents choose their own.

import { $, $$, csrfToken } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";
import { hears, send } from "../lib/live.js";
import { toast } from "../lib/toast.js";

const INPUT = 20_000; // one sign of somebody before the screen at most this often

const menu = $("#me");
const words = new Map($$("[name=status]", menu).map((one) => [one.value, one.textContent.trim()]));
const statuses = new Map();
let told = 0;

const statusOf = (agent) => statuses.get(Number(agent)) ?? "offline";

/** Write what is known onto the elements below one that ask for it. */
function show() {
  if (!statuses.size) return; // nobody has told yet
  for (const avatar of $$("[data-status-of]")) {
    const status = statusOf(avatar.dataset.statusOf);
    if (avatar.dataset.status !== status) avatar.dataset.status = status;
  }
  for (const word of $$("[data-status-word-of]")) {
    const text = words.get(statusOf(word.dataset.statusWordOf));
    if (word.textContent !== text) word.textContent = text;
  }
  for (const choice of $$("[name=status]", menu)) {
    if (choice.value === statusOf(menu.dataset.agent)) choice.setAttribute("aria-current", "true");
    else choice.removeAttribute("aria-current");
  }
}

hears("status", ({ all, agents }) => {
  if (all) statuses.clear();
  for (const [agent, status] of Object.entries(agents)) statuses.set(Number(agent), status);
  show();
});

// Parts of the page are drawn anew all the time; theirs is written once per frame at most.
const ASKS = "[data-status-of], [data-status-word-of]";
const asks = (node) => node.nodeType === 1 && (node.matches(ASKS) || $(ASKS, node) !== null);
let waiting = false;
new MutationObserver((changes) => {
  if (waiting || !changes.some(({ addedNodes }) => [...addedNodes].some(asks))) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    show();
  });
}).observe(document.body, { childList: true, subtree: true });

// --- one's own ------------------------------------------------------------------------------

$("form", menu).addEventListener("submit", async (event) => {
  event.preventDefault();
  const { action } = event.target;
  const data = { status: event.submitter.value };
  menu.open = false;
  $("summary", menu).focus();
  try {
    const headers = { "X-CSRFToken": csrfToken() };
    const { status } = await requestJson(action, { data, headers });
    statuses.set(Number(menu.dataset.agent), status);
    show();
  } catch (error) {
    toast(error.sentence || menu.dataset.failed);
  }
});

/** Somebody is before the screen: whoever sends nothing for a while is away. */
function input() {
  if (Date.now() - told < INPUT) return;
  if (send({ type: "input" })) told = Date.now();
}
for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"]) {
  addEventListener(kind, input, { passive: true, capture: true });
}
