// The workspace: one stream, one outbox, the list, and at most one open conversation.

import { $, $$, clone, csrfToken, words } from "./lib/dom.js";
import { connect, deliver } from "./lib/live.js";
import { Outbox } from "./lib/outbox.js";
import { Stream } from "./lib/stream.js";
import { clock } from "./lib/time.js";
import { entitle } from "./lib/title.js";
import { toast } from "./lib/toast.js";
import { tendCustomer } from "./workspace/customer.js";
import { Walk, listenToKeys } from "./workspace/keyboard.js";
import { Filters } from "./workspace/filters.js";
import { Labels } from "./workspace/labels.js";
import { List } from "./workspace/list.js";
import { Palette, commandsOf } from "./workspace/palette.js";
import { Panel } from "./workspace/panel.js";
import { Pencils } from "./workspace/pencils.js";
import "./workspace/presence.js";
import { rove } from "./workspace/roving.js";
import { Selection } from "./workspace/selection.js";
import { Talk } from "./workspace/talk.js";

const root = $("#workspace");
const main = $("#main");
const panel = $("#panel");
const agent = Number(root.dataset.agent);
const say = words();
const product = document.title.split(" · ").at(-1);
// Where one reads what others wrote and did.
const READ =
  "#rows, #talk-who, #people, #entries, #catch-up, #customer-typing, #talk-approvals, #suggestions, " +
  "#panel, #notices-panel, #toasts";
let talk = null;

const list = new List({
  root,
  onUnread(count) {
    const dot = $("#rail-unread");
    dot.textContent = count;
    dot.hidden = count === 0;
  },
});

const context = new Panel({
  ...{ panel, agent, say },
  onEntry(seq) {
    root.dataset.screen = "talk";
    talk?.showNumber(seq);
  },
});

const labels = new Labels({ root, panel, acts: () => talk.acts });

tendCustomer({
  onTexts() {
    if (talk) htmx.ajax("GET", `${root.dataset.url}${talk.conversation}/`, { target: "#main" });
  },
});
new Filters({ root, list });
const selection = new Selection({ root, list });
rove($("#rows"));

const pencils = new Pencils({ rows: $("#rows"), url: root.dataset.drafts });

const outbox = new Outbox({
  owner: `agent-${agent}`,
  headers: () => ({ "X-CSRFToken": csrfToken() }),
  onChange(item) {
    if (item.conversation === talk?.conversation) talk.showPending(item);
  },
  onSent: (item, answer) => !answer.approval && stream.expect(item.conversation, answer.seq),
});

const stream = new Stream({
  path: "/ws/workspace/",
  entriesUrl: (conversation, after) =>
    `${root.dataset.url}${conversation}/entries?after=${after}&html=1`,
  onEntry(conversation, entry, html) {
    if (conversation === talk?.conversation) talk.showEntry(entry, html);
  },
  onFrame,
  onLight,
  onPoll: refresh,
  onGone: blank,
  onEnd(code) {
    if (code !== 4401) return toast(say("failed"));
    const login = $("[data-sign-in]");
    login.href = `${root.dataset.login}?next=${encodeURIComponent(location.pathname)}`;
    $("#signed-out").hidden = false;
    forget();
  },
});

connect(stream);

// --- what the socket tells ----------------------------------------------------------------

function onFrame(frame) {
  deliver(frame);
  const isOpen = frame.conversation !== undefined && frame.conversation === talk?.conversation;
  switch (frame.type) {
    case "hello":
      if (frame.agent.id !== agent) location.reload(); // somebody else signed in here
      break;
    case "list":
      list.update(frame);
      if (isOpen) talk.noticeChange(frame);
      break;
    case "counts":
      list.setCounts(frame);
      break;
    case "read":
      list.setRead(frame.conversation, frame.messages, frame.back);
      break;
    case "presence":
      if (isOpen) talk.showPeople(frame.agents);
      break;
    case "typing":
      if (isOpen) talk.showTyping(frame.typing, frame.text);
      break;
    case "seen":
      if (isOpen) talk.showCustomerRead(frame.public_seq);
      break;
    case "access":
      if (frame.lists) refresh();
      else if (frame.allowed === false) blank(frame.conversation);
      break;
    case "floor": // how one works together was changed
      talk?.refreshParts();
      break;
    case "error":
      toast(say("failed"));
      break;
  }
}

/** What rows, counts, head and panel show may be old: ask for it. */
async function refresh() {
  await Promise.all([list.refresh(), pencils.refresh()]);
  talk?.refreshParts();
}

function onLight({ state }) {
  showLight();
  if (state !== "live") return;
  outbox.kick();
  refresh().catch(() => {}); // the stream will notice by itself that nobody answers
}

function showLight() {
  const { state, since } = stream.light;
  for (const light of $$("[data-light]")) {
    light.dataset.state = state;
    $("[data-text]", light).textContent = say(state, { time: since && clock(since) });
  }
}

// --- opening and closing a conversation ---------------------------------------------------

function open() {
  talk?.close();
  talk = new Talk({
    ...{ agent, say, stream, outbox },
    onRead: (conversation, messages) => list.setRead(conversation, messages),
    nextIn: () => list.query,
    onDone,
  });
  root.toggleAttribute("data-open", true);
  root.dataset.screen = "talk";
  list.setCurrent(talk.conversation);
  showLight();
  retitle();
}

/** Leave the conversation; `shown` says in its place what there is to say. */
function close(shown = "nothing") {
  talk?.close();
  talk = null;
  root.removeAttribute("data-open");
  main.replaceChildren(clone(shown));
  panel.replaceChildren();
  list.setCurrent(null);
  retitle();
}

/** An act is done (or, null, was refused: then the head may be old). */
function onDone(act, answer) {
  if (act === "unread") toList();
  else if (answer.merged_into) go(answer.merged_into);
  else if (answer.next) go(answer.next);
  else if (answer.next === null) toList("all-done");
  else talk?.refreshParts();
}

/** Open a conversation. */
function go(conversation) {
  const path = `${root.dataset.url}${conversation}/`;
  htmx.ajax("GET", path, { target: "#main", push: path });
}

function toList(shown) {
  close(shown);
  root.dataset.screen = "list";
  history.pushState({ htmx: true }, "", `${root.dataset.home}?${list.query}`);
}

/** A conversation may not be seen any more: nothing of it stays on the screen. */
function blank(conversation) {
  list.remove(conversation);
  if (conversation === talk?.conversation) close("no-access");
}

/** Nobody is signed in here any more: what could be read goes, what is being written stays. */
function forget() {
  for (const dialog of $$("dialog[open]")) dialog.close();
  for (const place of $$(READ)) place.replaceChildren();
  for (const earlier of $$("#earlier")) earlier.hidden = true;
  $("#composer-text")?.removeAttribute("aria-placeholder"); // it names the customer
  entitle(product);
}

function retitle() {
  const name = talk ? `${talk.customer} · ` : "";
  entitle(`${name}${product}`);
}

document.addEventListener("htmx:after:settle", ({ target }) => {
  if (target === main) open();
  else if (target === panel) {
    context.drawn();
    labels.drawn();
    talk?.partsDrawn();
  }
});

// --- places ---------------------------------------------------------------------------------

document.addEventListener("htmx:after:history:push", () => {
  const url = new URL(location);
  url.search = list.query;
  history.replaceState(history.state, "", url);
});

// Back and forward: only what is open changes, never the page.
document.addEventListener("htmx:before:history:restore", (event) => {
  event.preventDefault();
  const { pathname } = location;
  if (pathname.startsWith(root.dataset.url) && pathname !== root.dataset.url) {
    htmx.ajax("GET", pathname, { target: "#main", event });
  } else {
    close();
    root.dataset.screen = "list";
  }
});

document.addEventListener("click", (event) => {
  const shows = event.target.closest("button[data-show]");
  if (shows) root.dataset.screen = root.dataset.screen === "panel" ? "talk" : shows.dataset.show;
  if (!event.target.closest("[data-back]")) return;
  event.preventDefault();
  toList();
});

addEventListener("hashchange", () => talk?.showLinked());

// --- keys -----------------------------------------------------------------------------------

const walk = new Walk();
const palette = new Palette({ sources: commands });
const act = (name) => () => talk?.acts.run(name);
const sheet = $("#keys");

listenToKeys({
  onPalette: () => palette.toggle(),
  toggle: $("[data-single-keys]", sheet),
  keys: {
    j: () => walk.step(1),
    k: () => walk.step(-1),
    Enter: () => walk.open(),
    x: () => selection.toggle(),
    r: () => talk?.write("reply"),
    n: () => talk?.write("note"),
    q: () => talk?.quoteLast(),
    e: act("resolve"),
    E: act("resolve-next"),
    a: act("assign"),
    i: act("invite"),
    t: act("transfer"),
    z: act("snooze"),
    s: act("spam"),
    u: act("unread"),
    "/": () => palette.toggle(),
    "?": () => sheet.showModal(),
  },
});

sheet.addEventListener("click", ({ target }) => {
  if (target === sheet || target.closest("[data-close]")) sheet.close();
});
$("[data-show-keys]").addEventListener("click", () => sheet.showModal());

/** What the palette offers: acts, views, conversations of the list, pages, language, theme. */
function commands() {
  for (const next of $$("input[name=next]")) next.value = location.pathname + location.search;
  const rows = $$("#rows > .row > a").map((link) => ({
    label: `${$(".name", link).textContent} · ${$(".last", link).lastElementChild.textContent}`,
    hint: say("palette-conversation"),
    run: () => link.click(),
  }));
  const modes = $$("#composer [name=mode]").map(({ value }) => ({
    label: $("#composer").dataset[`${value}Label`],
    hint: say("palette-act"),
    key: value === "reply" ? "R" : "N",
    run: () => talk.write(value),
  }));
  const pages = $$(".rail > a:not(.logo)").map((link) => ({
    label: link.ariaLabel,
    run: () => link.click(),
  }));
  return [
    modes,
    talk ? commandsOf($("#talk-acts"), say("palette-act")) : [],
    commandsOf($("#suggest"), say("palette-act")),
    commandsOf($("#tabs"), say("palette-view")),
    rows,
    pages,
    commandsOf($("#me > div")),
    commandsOf($("#palette-pages")),
  ];
}

await outbox.open();
stream.start();
if ($("#stream")) open();
