// The customer's chat, hosted or in the widget's frame.

import { $, $$, clone, isComposing, words } from "../lib/dom.js";
import { backoff } from "../lib/http.js";
import { Outbox } from "../lib/outbox.js";
import { clock } from "../lib/time.js";
import { Transcript } from "../lib/transcript.js";
import { Uploads } from "../lib/uploads.js";
import { Attention } from "./attention.js";
import { Away } from "./away.js";
import { Composer } from "./composer.js";
import { offerEmoji } from "./emoji.js";
import { Ending } from "./ending.js";
import { Files } from "./files.js";
import { History } from "./history.js";
import { Host } from "./host.js";
import { Memory } from "./memory.js";
import { Session } from "./session.js";
import { Sound } from "./sound.js";
import { Talk } from "./talk.js";

const SETTLING = 900; // a light that is live again before this was not worth showing
const TRIES = 5; // to tell the server what the page around us said

const root = $("[data-chat]");
const part = (name) => $(`[data-${name}]`);
const { key, url, language, name } = root.dataset;
const say = words();
const memory = new Memory(key);
const list = part("transcript");
let talk = null; // with the session's conversation; none before the first message
let settling = null;
let complaint = null;
let others = 0; // unread messages in conversations that are not on the screen
let turning = Promise.resolve(); // to another conversation
let waiting = 0; // and in the one that is

const host = new Host();
if (memory.isBlocked) memory.adopt(await host.kept);
const session = new Session({
  url,
  memory,
  language,
  page: () => host.page,
  onChange: follow,
  onStranger: startOver,
});
const transcript = new Transcript({
  list,
  pending: part("pending"),
  scroller: part("stream"),
  jump: part("latest"),
  pendingFor: () => clone("pending"),
});
const files = new Files({
  url,
  session,
  root: part("stream"),
  onFailure: () => complain(say("file-gone")),
});
const attention = new Attention({
  memory,
  isLooking: () => host.isOpen && document.visibilityState === "visible" && !history.isShown,
  onChange: (count) => {
    waiting = count;
    announceUnread();
  },
  onRead: tellSeen,
});
const outbox = new Outbox({
  owner: `chat-${key}`,
  headers: () => session.authorise(),
  onUnauthorized: (headers) => session.expire(headers),
  onChange: (item) => transcript.showPending(item),
  onSent: sent,
});
const uploads = new Uploads({
  url: () => `${url}files`,
  headers: () => session.authorise(),
  onUnauthorized: (headers) => session.expire(headers),
  list: part("uploads"),
  say,
  onUploaded: (source, file) => files.know(file.id, source),
  onChange: () => composer?.refresh(),
});
const composer = new Composer({
  form: part("composer"),
  uploads,
  memory,
  showsTyping: "showsTyping" in root.dataset,
  onSend: send,
  onTyping: (typing, text) => talk?.tellTyping(typing, text),
});
const sound = new Sound({ button: part("sound"), memory, say });
const refused = (error) => complain(error.sentence || say("unreachable"));
const away = new Away({
  card: part("away"),
  isAway: "isAway" in root.dataset,
  session,
  onFailure: refused,
});
const ending = new Ending({ card: part("ending"), session, say, onFailure: refused });
const history = new History({
  session,
  button: part("list"),
  section: part("history"),
  language,
  onAnswer: (answer) => away.show(answer),
  onChoose: (conversation) => {
    session.turnTo(conversation);
    composer.focus();
  },
  onOthers: (count) => {
    others = count;
    announceUnread();
  },
});

Uploads.listen({
  input: part("picker"),
  field: part("field"),
  area: root,
  add: (chosen) => uploads.add(chosen),
});
offerEmoji({ button: part("emoji"), choice: part("emojis"), field: part("field") });
part("attach").addEventListener("click", () => part("picker").click());
part("close")?.addEventListener("click", () => host.tell("close"));
part("earlier").addEventListener("click", showEarlier);
part("pending").addEventListener("click", decideOnFailed);
for (const button of $$("[data-begin]")) button.addEventListener("click", beginAnother);
document.addEventListener("keydown", pressed);
for (const event of ["online", "offline"]) addEventListener(event, shineAlone);
visualViewport?.addEventListener("resize", fitAboveKeyboard);

memory.onKeep = (text) => host.tell("keep", { text });
if (session.current) follow(session.current);
await outbox.open();
if (host.isOpen) opened();
host.listen({
  open: opened,
  closed: () => attention.look(),
  focus: ({ edge }) => focusable().at(edge === "first" ? 0 : -1)?.focus(),
  identify: ({ statement }) => identify(statement),
  attributes: ({ text }) => insist(() => session.tellAttributes(JSON.parse(text))),
});

/** Show the conversation of a session that was begun, here or in another tab, or put it away. */
function follow(current) {
  talk?.stop();
  talk = null;
  if (list.dataset.conversation !== current?.conversation) {
    list.dataset.conversation = current?.conversation ?? "";
    list.replaceChildren();
    ending.startOver();
    attention.follow(current?.conversation ?? "");
  }
  if (!current) return shineAlone();
  host.tell("known");
  talk = new Talk({
    url,
    language,
    session: current,
    headers: session.headers,
    transcript,
    list,
    earlier: part("earlier"),
    read: attention.read,
    onEntry: shown,
    onStanding: stand,
    onWriting: showWriting,
    onMoved: (conversation) => session.turnTo(conversation),
    onLight: shine,
    onUnknown: (headers) => session.expire(headers),
  });
  history.refresh();
}

/** Nothing of who was here before may be seen by, or sent for, who comes now. */
function startOver() {
  outbox.clear();
  uploads.clear();
  composer.clear();
  away.startOver();
  history.startOver();
}

async function send(body, attached) {
  await turning.catch(() => {}); // what is written after "New conversation" belongs there
  const here = session.current ? `&conversation=${session.current.conversation}` : "";
  const to = `${url}messages?lang=${language}${here}`;
  outbox.add({ conversation: key, url: to, body, files: attached });
}

/** What is written into a conversation that was merged into another one goes on there. */
function sent(item, entry) {
  if (entry.conversation === session.current?.conversation) talk?.sent(entry);
  else if (session.current) session.turnTo(entry.conversation);
}

function shown(entry, element, isNews) {
  files.dress(element);
  outbox.heard(entry.client_id);
  ending.heard(entry);
  if (attention.arrived(entry) && isNews) sound.chime();
}

function stand({ seen, rating }) {
  attention.readUpTo(seen);
  ending.remember(rating);
}

function tellSeen(seq) {
  const { conversation } = session.current;
  session.ask(`seen?conversation=${conversation}`, { seq }).catch(() => {
    // The next entry or the next visit tells it again.
  });
}

function opened() {
  attention.look();
  history.refresh();
  transcript.toEnd();
  if (matchMedia("(pointer: fine)").matches) composer.focus();
}

async function beginAnother() {
  try {
    await (turning = session.beginAnother());
    history.show(false);
    composer.focus();
  } catch (error) {
    refused(error);
  }
}

async function identify(statement) {
  const reason = await insist(() => session.identify(statement));
  host.tell("identity", { accepted: reason === "", reason: reason ?? "unreachable" });
}

/** Tries until the server answers, some times; undefined if it did not. */
async function insist(work) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (error.status && !error.isTemporary) return undefined;
      await new Promise((resolve) => setTimeout(resolve, backoff(tries)));
    }
  }
  return undefined;
}

function announceUnread() {
  const count = waiting + others;
  host.tell("unread", { count });
  part("others").hidden = !others;
  document.title = count ? say("unread-title", { count, name }) : name;
}

function showWriting(who) {
  part("typing").hidden = !who;
  part("typing-text").textContent = who && say("typing", { name: who });
  if (who && transcript.isAtEnd) transcript.toEnd();
}

function shine({ state, since }) {
  clearTimeout(settling);
  settling = setTimeout(
    () => {
      const light = part("light");
      light.hidden = state === "live";
      light.dataset.state = state;
      part("light-text").textContent = say(state, { time: since && clock(since) });
    },
    state === "live" ? 0 : SETTLING,
  );
}

/** Before there is a session no stream tells how the network is. */
function shineAlone() {
  if (!talk) shine({ state: navigator.onLine ? "live" : "offline", since: new Date() });
}

async function showEarlier({ currentTarget: button }) {
  button.disabled = true;
  try {
    await talk?.showEarlier();
  } catch {
    complain(say("unreachable"));
  } finally {
    button.disabled = false;
  }
}

function decideOnFailed({ target }) {
  const act = target.closest("[data-act]")?.dataset.act;
  const id = target.closest("[data-client-id]")?.dataset.clientId;
  if (act === "retry") outbox.retry(id);
  if (act === "discard") outbox.discard(id);
}

function complain(sentence) {
  const bar = part("refused");
  bar.textContent = sentence;
  bar.hidden = false;
  clearTimeout(complaint);
  complaint = setTimeout(() => (bar.hidden = true), 6_000);
}

function pressed(event) {
  if (event.key !== "Escape" || isComposing(event) || part("zoomed").open) return;
  if (history.isShown) history.show(false);
  else host.tell("close");
}

/** What the Tab key reaches, in order. */
function focusable() {
  const all = $$("a[href], button, input, textarea, [tabindex='0']", root);
  return all.filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }));
}

/** On a phone the keyboard covers the page instead of shrinking it. */
function fitAboveKeyboard() {
  const covered = innerHeight - visualViewport.height > 1;
  if (covered) root.style.setProperty("--seen-height", `${visualViewport.height}px`);
  else root.style.removeProperty("--seen-height");
  if (covered) scrollTo(0, 0);
}
