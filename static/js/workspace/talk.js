// The open conversation: its transcript, its composer, who is there, and how far it was read.

import { $, $$, atMostEvery, clone, csrfToken } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";
import { Transcript } from "../lib/transcript.js";
import { Composer } from "./composer.js";
import { showPeople } from "./people.js";

const EARLIER = 60; // entries of one step back
const TYPING_FADES = 8_000; // a sign of the customer's typing lasts this long

/** `new Talk({agent, say, stream, outbox, onRead})` for the conversation that is on the page. */
export class Talk {
  #agent;
  #say;
  #stream;
  #outbox;
  #onRead;
  #scroller = $("#stream");
  #transcript;
  #composer = null;
  #readSeq;
  #unseen = 0;
  #agents = [];
  #facts = "";
  #typingTimer = null;
  #leaving = new AbortController();
  #earlierSeen;

  constructor({ agent, say, stream, outbox, onRead }) {
    this.#agent = agent;
    this.#say = say;
    this.#stream = stream;
    this.#outbox = outbox;
    this.#onRead = onRead;
    const { conversation, url, customer, read } = this.#scroller.dataset;
    this.conversation = conversation;
    this.customer = customer;
    this.url = url;
    this.#readSeq = Number(read);
    this.#transcript = new Transcript({
      list: $("#entries"),
      pending: $("#pending"),
      scroller: this.#scroller,
      jump: $("#jump"),
      pendingFor: (item) => clone(`unsent-${item.kind}`),
      onScroll: () => this.#markRead(),
    });
    this.#showFirstUnread();
    this.#takeUpUnsent();
    const form = $("#composer");
    if (form) this.#composer = this.#compose(form);
    this.#listen();
    this.#nameLanguages();
    this.#markRead();
    stream.watch(conversation, this.#transcript.last);
    this.#tellViewing();
  }

  close() {
    this.#stream.unwatch(this.conversation);
    this.#leaving.abort();
    this.#earlierSeen.disconnect();
    clearTimeout(this.#typingTimer);
    this.#composer?.close();
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
    if (entry.kind === "event") this.refreshParts();
    if (entry.kind === "message") this.showTyping(false);
    if (entry.author.kind === "agent" && entry.author.id === this.#agent) this.#forgetUnread();
    else if (entry.kind === "message" && !wasRead) this.#countUnseen(entry.seq);
    this.#markRead();
  }

  showPending(item) {
    this.#transcript.showPending(item);
  }

  showPeople(agents) {
    this.#agents = agents;
    showPeople(agents, { reader: this.#agent, say: this.#say });
  }

  showTyping(typing) {
    clearTimeout(this.#typingTimer);
    const wasAtEnd = this.#transcript.isAtEnd;
    $("#customer-typing").hidden = !typing;
    if (typing && wasAtEnd) this.#transcript.toEnd();
    if (typing) this.#typingTimer = setTimeout(() => this.showTyping(false), TYPING_FADES);
  }

  /** The list heard something of this conversation that its head shows as well. */
  noticeChange({ status, assignee }) {
    const facts = `${status} ${assignee}`;
    if (this.#facts && facts !== this.#facts) this.refreshParts();
    this.#facts = facts;
  }

  /** Fetch head and panel anew; the transcript and the composer are left alone. */
  refreshParts = atMostEvery(1_000, () => {
    if (this.#leaving.signal.aborted) return;
    htmx.ajax("GET", `${this.url}parts/`, { target: "#talk-who", swap: "none" });
  });

  /** Head and panel were drawn anew: put in what only this screen knows. */
  partsDrawn() {
    this.showPeople(this.#agents);
    this.#nameLanguages();
  }

  // --- inside ------------------------------------------------------------------------------

  #compose(form) {
    return new Composer({
      form,
      agent: this.#agent,
      conversation: this.conversation,
      url: this.url,
      say: this.#say,
      onSend: ({ kind, body, files }) => {
        this.#forgetUnread();
        this.#outbox.add({
          conversation: this.conversation,
          url: `${this.url}${kind === "note" ? "notes" : "messages"}/`,
          seen: this.#transcript.last,
          ...{ kind, body, files },
        });
      },
      onTyping: (mode, typing) => {
        const { conversation } = this;
        this.#stream.send({ type: "typing", conversation, mode, typing });
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
    const earlier = $("#earlier");
    earlier.addEventListener("click", () => this.#loadEarlier());
    this.#earlierSeen = new IntersectionObserver(
      ([{ isIntersecting }]) => isIntersecting && this.#loadEarlier(),
      { root: this.#scroller },
    );
    this.#earlierSeen.observe(earlier);
  }

  /** Tell colleagues whether this screen is being looked at. */
  #tellViewing() {
    const visible = document.visibilityState === "visible";
    this.#stream.send({ type: "viewing", conversation: this.conversation, visible });
  }

  async #loadEarlier() {
    const earlier = $("#earlier");
    if (earlier.disabled || earlier.hidden) return;
    earlier.disabled = true;
    try {
      const query = `before=${this.#transcript.first}&limit=${EARLIER}&html=1`;
      const { entries } = await requestJson(`${this.url}entries?${query}`);
      if (this.#leaving.signal.aborted) return;
      this.#transcript.prepend(entries.map((entry) => entry.html));
      earlier.hidden = this.#transcript.first <= 1;
    } catch {
      // Nobody answered: the button is there to try again.
    }
    earlier.disabled = false;
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
    this.#transcript.markUnread(first, this.#say("unread", { count: unread.length }));
  }

  #countUnseen(seq) {
    this.#unseen += 1;
    const words = this.#say("unread", { count: this.#unseen });
    const line = $("#entries > [data-unread] [data-text]");
    if (this.#unseen > 1 && line) line.textContent = words;
    else this.#transcript.markUnread(seq, words);
  }

  #forgetUnread() {
    this.#unseen = 0;
    this.#transcript.clearUnread();
  }

  #markRead = atMostEvery(1_000, async () => {
    const seq = this.#transcript.last;
    if (this.#leaving.signal.aborted || !this.isBeingRead || seq <= this.#readSeq) return;
    try {
      const headers = { "X-CSRFToken": csrfToken() };
      const { messages } = await requestJson(`${this.url}read/`, { data: { seq }, headers });
      this.#readSeq = Math.max(this.#readSeq, seq);
      this.#unseen = 0;
      this.#onRead(this.conversation, messages);
    } catch {
      // Nobody answered: the next entry or glance tells it again.
    }
  });

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
