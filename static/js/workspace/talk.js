// The open conversation: its transcript, its composer, who is there, and how far it was read.

import { copyText } from "../lib/copy.js";
import { $, $$, atMostEvery, clone, csrfToken } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";
import { toast } from "../lib/toast.js";
import { Transcript } from "../lib/transcript.js";
import { Acts } from "./acts.js";
import { CatchUp } from "./catchup.js";
import { Composer } from "./composer.js";
import { Edits } from "./edits.js";
import { fold, unfold, unfoldAround } from "./folding.js";
import { enlarge } from "./lightbox.js";
import { showPeople, tendWatching } from "./people.js";
import { restFar } from "./resting.js";
import { Suggestions } from "./suggestions.js";
import { Tools } from "./tools.js";
import { Versions } from "./versions.js";

const EARLIER = 60; // entries of one step back
const LEAP = 200; // … on the way to an entry far back; the server's most
const modeOf = ({ dataset }) => ("sensitive" in dataset ? "sensitive" : dataset.kind); // of a message
const TYPING_FADES = 8_000; // a sign of the customer's typing lasts this long

/** `new Talk({agent, say, stream, outbox, onRead, nextIn, onDone})`: the conversation on the page. */
export class Talk {
  #agent;
  #say;
  #stream;
  #outbox;
  #onRead;
  #scroller = $("#stream");
  #transcript;
  #composer = null;
  #edits;
  #versions;
  #opening = Promise.resolve();
  #readSeq;
  #seen; // the last number that was on the screen
  #unseen = 0;
  #agents = [];
  #typingTimer = null;
  #reading = null; // the last request that told how far somebody has read
  #isUnread = false; // put back by its reader
  #customerRead;
  #tools;
  #loading = null;
  #leaving = new AbortController();
  #earlierSeen;

  constructor({ agent, say, stream, outbox, onRead, nextIn, onDone }) {
    this.#agent = agent;
    this.#say = say;
    this.#stream = stream;
    this.#outbox = outbox;
    this.#onRead = onRead;
    const { conversation, url, customer, read, customerRead } = this.#scroller.dataset;
    this.conversation = conversation;
    this.customer = customer;
    this.url = url;
    this.#readSeq = Number(read);
    this.#seen = this.#readSeq;
    this.#customerRead = Number(customerRead);
    this.#transcript = new Transcript({
      list: $("#entries"),
      pending: $("#pending"),
      scroller: this.#scroller,
      jump: $("#jump"),
      pendingFor: (item) => clone(`unsent-${item.kind}`),
      arrange: (entry) => this.#arrange(entry),
      onScroll: () => this.#markRead(),
    });
    this.#showFirstUnread();
    this.#takeUpUnsent();
    const { signal } = this.#leaving;
    restFar($("#entries"), signal);
    new CatchUp({
      ...{ scroller: this.#scroller, transcript: this.#transcript, conversation, url, signal },
      readSeq: () => this.#readSeq,
      onEntry: (seq) => this.showNumber(seq),
    });
    this.acts = new Acts({
      ...{ url: this.url, say, nextIn, signal },
      onBefore: (act) => this.#beforeAct(act),
      onDone: (act, answer) => {
        this.#isUnread = act === "unread";
        this.#tellViewing(); // whoever joins is seen from now on
        onDone(act, answer);
      },
    });
    tendWatching({
      onWhisper: () => this.write("note"),
      onAct: (act) => this.acts.run(act),
      signal,
    });
    this.#edits = new Edits({
      ...{ url: this.url, say, signal },
      onSaved: ({ head }) => stream.expect(conversation, head),
    });
    this.#versions = new Versions({ url: this.url, say, signal });
    const form = $("#composer");
    if (form) {
      this.#opening = this.#compose(form);
      this.#suggest();
    }
    this.#listen();
    this.#nameLanguages();
    this.#markRead();
    stream.watch(conversation, this.#transcript.last);
    this.#tellViewing();
    this.showLinked();
  }

  close() {
    this.#stream.unwatch(this.conversation);
    this.#leaving.abort();
    this.#earlierSeen.disconnect();
    clearTimeout(this.#typingTimer);
    this.#transcript.close();
  }

  /** Whether somebody is looking at the end of this conversation right now. */
  get isBeingRead() {
    return document.visibilityState === "visible" && this.#transcript.isAtEnd;
  }

  // --- what the stream brings --------------------------------------------------------------

  showEntry(entry, html) {
    const wasRead = this.isBeingRead;
    this.#outbox.heard(entry.client_id);
    this.#transcript.add(html);
    const isOnPanel = entry.kind === "event" || entry.kind === "note" || entry.files.length > 0;
    if (isOnPanel) this.refreshParts();
    if (entry.kind === "message") this.showTyping(false);
    if (entry.kind === "message" && !wasRead) this.#countUnseen(entry.seq);
    this.#markRead();
  }

  showPending(item) {
    this.#transcript.showPending(item);
  }

  showPeople(agents) {
    this.#agents = agents;
    showPeople(agents, { reader: this.#agent, say: this.#say });
  }

  /** The customer writes, and `text` if their inbox lets agents see it, or stopped. */
  showTyping(typing, text = "") {
    clearTimeout(this.#typingTimer);
    const wasAtEnd = this.#transcript.isAtEnd;
    const line = $("#customer-typing");
    const shown = $("[data-text]", line);
    line.hidden = !typing;
    shown.textContent = text;
    shown.hidden = !text;
    if (typing && wasAtEnd) this.#transcript.toEnd();
    if (typing) this.#typingTimer = setTimeout(() => this.showTyping(false), TYPING_FADES);
  }

  /** The customer has read what they were told up to this public number. */
  showCustomerRead(seq) {
    if (seq <= this.#customerRead) return;
    this.#customerRead = seq;
    for (const reply of $$("#entries > [data-public]")) this.#tick(reply);
  }

  /** The entry that the address names, if it names one. */
  showLinked() {
    const seq = Number(/^#entry-(\d+)$/.exec(location.hash)?.[1]);
    if (seq) this.showNumber(seq);
  }

  /** Bring an entry into view, however far back it is, and point at it. */
  async showNumber(seq) {
    while (seq < this.#transcript.first) {
      if (!(await this.#loadEarlier(LEAP))) return;
    }
    const entry = this.#transcript.reveal(seq);
    if (!entry) return toast(this.#say("entry-unknown"));
    unfoldAround(entry);
    this.#transcript.reveal(seq);
    for (const other of $$("#entries > [data-linked]")) other.removeAttribute("data-linked");
    entry.setAttribute("data-linked", "");
    entry.tabIndex = -1;
    entry.focus({ preventScroll: true });
  }

  /** Turn to the field; "reply" or "note" says which. */
  async write(mode) {
    await this.#opening;
    this.#composer?.focus(mode);
  }

  quoteLast() {
    const last = $$("#entries > .msg.them").at(-1);
    if (last) this.#tools.quote(last);
  }

  /** The list heard something of this conversation that its head shows as well. */
  noticeChange({ status, assignee }) {
    const shown = $("#talk-acts [data-facts]").dataset;
    if (status !== shown.status || String(assignee ?? "") !== shown.assignee) this.refreshParts();
  }

  /** Fetch head and panel anew; the transcript and the composer are left alone. */
  refreshParts = atMostEvery(1_000, () => {
    if (this.#leaving.signal.aborted) return;
    htmx.ajax("GET", `${this.url}parts/`, { target: "#talk-who", swap: "none" });
  });

  /** Head and panel were drawn anew: put in what only this screen knows. */
  partsDrawn() {
    this.showPeople(this.#agents);
    this.#composer?.floorDrawn();
    this.showCustomerRead(Number($("#talk-acts [data-facts]").dataset.customerRead));
    this.#nameLanguages();
  }

  // --- inside ------------------------------------------------------------------------------

  async #compose(form) {
    const { conversation, url } = this;
    const toOutbox = ({ kind, ...message }) =>
      this.#outbox.add({
        ...{ conversation, kind },
        url: `${url}${kind === "reply" ? "messages" : "notes"}/`,
        sensitive: kind === "sensitive" || undefined,
        ...message,
      });
    this.#composer = await Composer.open({
      ...{ form, conversation, url },
      agent: this.#agent,
      say: this.#say,
      signal: this.#leaving.signal,
      seen: () => this.#seen,
      isOffline: () => this.#stream.light.state === "offline",
      isQueued: () => this.#outbox.items(conversation).some(({ state }) => state === "sending"),
      onSent: (answer) => {
        this.#unseen = 0;
        if (!answer.approval) this.#stream.expect(conversation, answer.seq);
      },
      onStuck: toOutbox,
      onHistory: (mode, restore) => this.#versions.show(mode, restore),
      onTyping: (mode, typing) => {
        const doing = mode === "reply" ? mode : "note"; // all may know of it, not of its kind
        this.#stream.send({ type: "typing", conversation, mode: doing, typing });
      },
    });
  }

  #suggest() {
    new Suggestions({
      ...{ place: $("#suggestions"), conversation: this.conversation, url: this.url },
      ...{ say: this.#say, signal: this.#leaving.signal },
      onInsert: async (text) => {
        await this.#opening;
        this.#composer?.insert(text, "reply");
      },
    });
  }

  #listen() {
    const { signal } = this.#leaving;
    const turned = () => {
      this.#tellViewing();
      this.#markRead();
    };
    document.addEventListener("visibilitychange", turned, { signal });
    $("#pending").addEventListener("click", ({ target }) => {
      const act = target.closest("[data-act]")?.dataset.act;
      const id = target.closest("[data-client-id]")?.dataset.clientId;
      if (act === "retry") this.#outbox.retry(id);
      if (act === "discard") this.#outbox.discard(id);
    });
    const entries = $("#entries");
    entries.addEventListener("click", (event) => {
      const picture = event.target.closest(".picture");
      const mark = event.target.closest("[data-fold]");
      const edited = event.target.closest("[data-edited]");
      if (mark) unfold(mark);
      if (edited) this.#edits.showEarlier(edited.closest("[data-seq]").dataset.seq);
      if (!picture || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      enlarge(picture);
    });
    this.#tools = new Tools({
      ...{ scroller: this.#scroller, list: entries, signal },
      onQuote: (entry, text) =>
        this.#composer?.quote(text, entry.matches(".note") ? modeOf(entry) : this.#composer.mode),
      onLink: (entry) => this.#copyLink(entry),
      onWriters: (entry) => this.#versions.showSent(modeOf(entry), entry.dataset.clientId),
      onEdit: ({ dataset }) => this.#edits.edit(dataset.seq),
      onRecall: (entry) => this.acts.recall(entry.dataset.seq),
      mayAmend: ({ dataset }) => this.acts.mayAmend({ isOwn: dataset.author === `agent-${this.#agent}` }),
    });
    const earlier = $("#earlier");
    earlier.addEventListener("click", () => this.#loadEarlier());
    this.#earlierSeen = new IntersectionObserver(
      ([{ isIntersecting }]) => isIntersecting && this.#loadEarlier(),
      { root: this.#scroller, rootMargin: "400px 0px 0px" },
    );
    this.#earlierSeen.observe(earlier);
  }

  /** Tell colleagues whether this screen is being looked at. */
  #tellViewing() {
    const visible = document.visibilityState === "visible";
    this.#stream.send({ type: "viewing", conversation: this.conversation, visible });
  }

  /** Put older entries above. Whether there are more of them now. */
  #loadEarlier(limit = EARLIER) {
    if ($("#earlier").hidden) return false;
    this.#loading ??= this.#fetchEarlier(limit).finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #fetchEarlier(limit) {
    const earlier = $("#earlier");
    earlier.disabled = true;
    try {
      const query = `before=${this.#transcript.first}&limit=${limit}&html=1`;
      const { entries } = await requestJson(`${this.url}entries?${query}`);
      if (this.#leaving.signal.aborted) return false;
      this.#transcript.prepend(entries.map((entry) => entry.html));
      earlier.hidden = this.#transcript.first <= 1;
      return entries.length > 0;
    } catch {
      return false; // nobody answered: the button is there to try again
    } finally {
      earlier.disabled = false;
    }
  }

  /** An entry is in its place. */
  #arrange(entry) {
    fold(entry, this.#say);
    if (entry.dataset.public) this.#tick(entry);
  }

  #tick(reply) {
    const ticks = $("[data-ticks]", reply);
    const isRead = Number(reply.dataset.public) <= this.#customerRead;
    ticks.dataset.ticks = isRead ? "read" : "sent";
    ticks.title = this.#say(isRead ? "read-tick" : "sent-tick");
    ticks.ariaLabel = ticks.title;
  }

  async #copyLink(entry) {
    const url = new URL(this.url, location.href);
    url.hash = entry.id;
    const copied = await copyText(url.href);
    toast(this.#say(copied ? "link-copied" : "link-not-copied"));
  }

  #takeUpUnsent() {
    for (const item of this.#outbox.items(this.conversation)) {
      if (this.#transcript.has(item.id) || item.seq <= this.#transcript.last) {
        this.#outbox.heard(item.id);
      } else {
        this.#transcript.showPending(item);
      }
    }
  }

  #showFirstUnread() {
    const unread = $$('#entries > [data-kind="message"]').filter(
      (entry) => Number(entry.dataset.seq) > this.#readSeq,
    );
    const first = Number(unread[0]?.dataset.seq);
    if (!unread.length || first === this.#transcript.first) return;
    this.#unseen = unread.length; // what comes is counted on, and the line stays
    this.#transcript.markUnread(first, this.#say("unread", { count: this.#unseen }));
  }

  #countUnseen(seq) {
    this.#unseen += 1;
    const words = this.#say("unread", { count: this.#unseen });
    const line = $("#entries > [data-unread] [data-text]");
    if (this.#unseen > 1 && line) line.textContent = words;
    else this.#transcript.markUnread(seq, words);
  }

  #markRead() {
    if (this.isBeingRead) this.#seen = this.#transcript.last;
    this.#tellRead();
  }

  #tellRead = atMostEvery(1_000, async () => {
    const seq = this.#transcript.last;
    if (this.#leaving.signal.aborted || this.#isUnread) return;
    if (!this.isBeingRead || seq <= this.#readSeq) return;
    try {
      const headers = { "X-CSRFToken": csrfToken() };
      this.#reading = requestJson(`${this.url}read/`, { data: { seq }, headers });
      const { messages } = await this.#reading;
      this.#readSeq = Math.max(this.#readSeq, seq);
      this.#unseen = 0;
      this.#onRead(this.conversation, messages);
    } catch {
      // Nobody answered: the next entry or glance tells it again.
    }
  });

  /** What is put back as unread is not told as read by a request that was on its way. */
  async #beforeAct(act) {
    if (act !== "unread") return;
    this.#isUnread = true;
    await this.#reading?.catch(() => {});
  }

  #nameLanguages() {
    const names = new Intl.DisplayNames(document.documentElement.lang, { type: "language" });
    for (const element of $$("#panel [data-language]")) {
      try {
        element.textContent = names.of(element.dataset.language);
      } catch {
        // Not a language code: shown as it is.
      }
    }
  }
}
