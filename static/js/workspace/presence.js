// Who is on the conversations of the list: small avatars on their rows, as on the open one.

import { $, $$, clone, whenQuiet, words } from "../lib/dom.js";
import { hears, send } from "../lib/live.js";

const MOST = 100; // rows whose people the server tells
const ALIVE = 10_000; // a screen that is looked at says so this often
const SHOWN = 3; // people on one row
const CHANGING = 3_000; // one sign of changing a field at most this often

const say = words();
const rows = $("#rows");
const reader = Number($("#workspace").dataset.agent);
const known = new Map(); // conversation → the agents on it
let asked = "";

const listed = () => $$(":scope > [data-conversation]", rows).slice(0, MOST);

const doing = ({ name, state }) => say("person-doing", { name, doing: say(`doing-${state}`) });

function draw(row) {
  const place = $(".row-people", row);
  if (!place) return;
  const others = (known.get(row.dataset.conversation) ?? []).filter(({ id }) => id !== reader);
  const responsible = others.find(({ id }) => id === Number(row.dataset.assignee));
  place.replaceChildren(
    ...others
      .filter((agent) => agent !== responsible)
      .slice(0, SHOWN)
      .map((agent) => {
        const person = clone("person");
        person.classList.replace("s", "xs");
        person.classList.add(`p${agent.colour}`);
        person.dataset.state = agent.state;
        person.title = doing(agent);
        person.setAttribute("role", "img");
        person.setAttribute("aria-label", doing(agent));
        person.textContent = [...agent.name.trim()][0]?.toUpperCase() ?? "?";
        return person;
      }),
  );
  drawResponsible(row, responsible);
}

/** Whoever it is assigned to stands on the row anyway: what they do is told there. */
function drawResponsible(row, agent) {
  const person = $(".responsible", row);
  if (!person) return;
  const { assigned } = person.dataset;
  person.dataset.state = agent?.state ?? "";
  person.title = agent ? doing(agent) : person.dataset.name;
  person.setAttribute("aria-label", agent ? `${assigned} · ${person.title}` : assigned);
}

/** Tell the server which rows are there, if they are others than before. */
const ask = whenQuiet(200, () => {
  const conversations = listed().map((row) => row.dataset.conversation);
  const question = [...conversations].sort().join();
  if (question === asked) return;
  for (const conversation of known.keys()) {
    if (!conversations.includes(conversation)) known.delete(conversation);
  }
  if (send({ type: "rows", conversations })) asked = question;
});

hears("presence", ({ conversation, agents }) => {
  known.set(conversation, agents);
  const row = document.getElementById(`row-${conversation}`);
  if (row) draw(row);
});

// A new socket knows nothing of us, and what the old one told may be over.
hears("hello", () => {
  known.clear();
  for (const row of listed()) draw(row);
  asked = "";
  ask();
});

new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node.dataset?.conversation) draw(node);
  }
  ask();
}).observe(rows, { childList: true });
ask();

// A machine that fell asleep says nothing any more, and is believed to look no longer.
setInterval(() => {
  const conversation = $("#stream")?.dataset.conversation;
  if (!conversation || document.visibilityState !== "visible") return;
  send({ type: "viewing", conversation, visible: true });
}, ALIVE);

// Colleagues see that a field of the customer is being changed, before it is.
let changedAt = 0;

function tellOfField(event, typing) {
  const conversation = $("#stream")?.dataset.conversation;
  if (!conversation || !event.target.closest("[data-fact] form")) return;
  if (typing && Date.now() - changedAt < CHANGING) return;
  if (!typing && !changedAt) return;
  changedAt = typing ? Date.now() : 0;
  send({ type: "typing", conversation, mode: "field", typing });
}

$("#panel").addEventListener("input", (event) => tellOfField(event, true));
$("#panel").addEventListener("focusout", (event) => tellOfField(event, false));
