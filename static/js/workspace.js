// The workspace: one stream, one outbox, the list, and at most one open conversation.

import { $, $$, clone, csrfToken, words } from "./lib/dom.js";
import { Outbox } from "./lib/outbox.js";
import { Stream } from "./lib/stream.js";
import { clock } from "./lib/time.js";
import { toast } from "./lib/toast.js";
import { List } from "./workspace/list.js";
import { Talk } from "./workspace/talk.js";

const root = $("#workspace");
const main = $("#main");
const panel = $("#panel");
const agent = Number(root.dataset.agent);
const say = words();
const product = document.title.split(" · ").at(-1);
let talk = null;
let unread = 0;

const list = new List({
  root,
  agent,
  onUnread(count) {
    unread = count;
    const dot = $("#rail-unread");
    dot.textContent = count;
    dot.hidden = count === 0;
    retitle();
  },
});

const outbox = new Outbox({
  owner: `agent-${agent}`,
  headers: () => ({ "X-CSRFToken": csrfToken() }),
  onChange(item) {
    if (item.conversation === talk?.conversation) talk.showPending(item);
  },
  onSent: (item, answer) => stream.expect(item.conversation, answer.seq),
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
  },
});

// --- what the socket tells ----------------------------------------------------------------

function onFrame(frame) {
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
      list.setCounts(frame.views);
      break;
    case "read":
      list.setRead(frame.conversation, frame.messages);
      break;
    case "presence":
      if (isOpen) talk.showPeople(frame.agents);
      break;
    case "typing":
      if (isOpen) talk.showTyping(frame.typing);
      break;
    case "access":
      if (frame.lists) refresh();
      else if (frame.allowed === false) blank(frame.conversation);
      break;
    case "error":
      toast(say("failed"));
      break;
  }
}

/** What rows, counts, head and panel show may be old: ask for it. */
async function refresh() {
  await list.refresh();
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

/** A conversation may not be seen any more: nothing of it stays on the screen. */
function blank(conversation) {
  list.remove(conversation);
  if (conversation === talk?.conversation) close("no-access");
}

function retitle() {
  const name = talk ? `${talk.customer} · ` : "";
  document.title = `${unread ? `(${unread}) ` : ""}${name}${product}`;
}

document.addEventListener("htmx:after:settle", ({ target }) => {
  if (target === main) open();
  else if (target === panel) talk?.partsDrawn();
});

// --- places ---------------------------------------------------------------------------------

document.addEventListener("htmx:after:history:push", () => {
  const url = new URL(location);
  url.searchParams.set("view", list.view);
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
  const shows = event.target.closest("[data-show]");
  if (shows) root.dataset.screen = root.dataset.screen === "panel" ? "talk" : shows.dataset.show;
  if (!event.target.closest("[data-back]")) return;
  event.preventDefault();
  close();
  root.dataset.screen = "list";
  history.pushState({ htmx: true }, "", `${root.dataset.home}?view=${list.view}`);
});

await outbox.open();
stream.start();
if ($("#stream")) open();
