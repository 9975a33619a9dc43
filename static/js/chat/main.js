// The customer's chat, hosted or in the widget's frame.

import { $, clone, isComposing, words } from "../lib/dom.js";
import { Outbox } from "../lib/outbox.js";
import { clock } from "../lib/time.js";
import { Transcript } from "../lib/transcript.js";
import { Uploads } from "../lib/uploads.js";
import { Attention } from "./attention.js";
import { Composer } from "./composer.js";
import { Files } from "./files.js";
import { Host } from "./host.js";
import { Memory } from "./memory.js";
import { Session } from "./session.js";
import { Talk } from "./talk.js";

const SETTLING = 900; // a light that is live again before this was not worth showing

const root = $("[data-chat]");
const part = (name) => $(`[data-${name}]`);
const { key, url, language, name } = root.dataset;
const say = words();
const memory = new Memory(key);
const list = part("transcript");
let talk = null; // with the session's conversation; none before the first message
let settling = null;
let complaint = null;

const host = new Host();
if (memory.isBlocked) memory.adopt(await host.kept);
const session = new Session({ url, memory, language, page: () => host.page, onChange: follow });
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
  isLooking: () => host.isOpen && document.visibilityState === "visible",
  onChange: announceUnread,
});
const outbox = new Outbox({
  owner: `chat-${key}`,
  headers: () => session.authorise(),
  onUnauthorized: (headers) => session.expire(headers),
  onChange: (item) => transcript.showPending(item),
  onSent: (item, entry) => talk?.sent(entry),
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
  onSend: (body, attached) =>
    outbox.add({ conversation: key, url: `${url}messages?lang=${language}`, body, files: attached }),
  onTyping: (typing) => talk?.tellTyping(typing),
});

Uploads.listen({
  input: part("picker"),
  field: $("textarea"),
  area: root,
  add: (chosen) => uploads.add(chosen),
});
part("attach").addEventListener("click", () => part("picker").click());
part("close")?.addEventListener("click", () => host.tell("close"));
part("earlier").addEventListener("click", showEarlier);
part("pending").addEventListener("click", decideOnFailed);
document.addEventListener("keydown", closeByKey);
for (const event of ["online", "offline"]) addEventListener(event, shineAlone);
visualViewport?.addEventListener("resize", fitAboveKeyboard);

memory.onKeep = (text) => host.tell("keep", { text });
host.onOpen = opened;
host.onClosed = () => attention.look();
if (session.current) follow(session.current);
await outbox.open();
if (host.isOpen) opened();

/** Show the conversation of a session that was begun, here or in another tab, or put it away. */
function follow(current) {
  talk?.stop();
  talk = null;
  if (!current) return shineAlone();
  if (list.dataset.conversation !== current.conversation) {
    if (list.dataset.conversation) attention.startOver();
    list.dataset.conversation = current.conversation;
    list.replaceChildren();
  }
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
    onWriting: showWriting,
    onLight: shine,
    onUnknown: (headers) => session.expire(headers),
  });
}

function shown(entry, element) {
  files.dress(element);
  outbox.heard(entry.client_id);
  attention.arrived(entry);
}

function opened() {
  attention.look();
  transcript.toEnd();
  if (matchMedia("(pointer: fine)").matches) composer.focus();
}

function announceUnread(count) {
  host.tell("unread", { count });
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
  const refused = part("refused");
  refused.textContent = sentence;
  refused.hidden = false;
  clearTimeout(complaint);
  complaint = setTimeout(() => (refused.hidden = true), 6_000);
}

function closeByKey(event) {
  if (event.key === "Escape" && !isComposing(event) && !part("zoomed").open) host.tell("close");
}

/** On a phone the keyboard covers the page instead of shrinking it. */
function fitAboveKeyboard() {
  const covered = innerHeight - visualViewport.height > 1;
  if (covered) root.style.setProperty("--seen-height", `${visualViewport.height}px`);
  else root.style.removeProperty("--seen-height");
  if (covered) scrollTo(0, 0);
}
