// Keeps a screen in step with its conversations, whatever the network does.
//
// Entries are numbered without a gap. The stream delivers each exactly once and in order: what
// arrives too early is held back while the gap is fetched, what arrives twice is dropped. The
// socket is only the fast way; every number it mentions can also be fetched by HTTP.

import { Refused, backoff, requestJson } from "./http.js";
import { Pauses } from "./pauses.js";

const SILENCE = 18_000; // the server's heart beats every 12 s
const QUIET = 4_000; // a visible screen that heard nothing for this long asks
const PROBE = 4_000; // how long an answer to "are you there?" may take
const CONNECT = 8_000; // how long opening a socket may take
const POLL = 2_000; // pause between two polls while sockets do not work
const TRIES_BEFORE_POLLING = 3;
const PATIENCE = 4_000; // without contact for this long is called offline
const SLEPT = 6_000; // a one-second timer this late means that the machine slept
const FLICKER = 300; // gaps closed faster than this are not worth a word
const MOST_HELD = 500; // entries kept for later; whatever is beyond comes by fetching
const FINAL = new Set([4401, 4403, 4404]);

/** One conversation's place: `have` is the highest number delivered, `head` the highest known of. */
class Place {
  joined = false;
  fetching = false;
  held = new Map();

  constructor(conversation, have) {
    this.conversation = conversation;
    this.have = have;
    this.head = have;
  }

  get isBehind() {
    return !this.joined || this.have < this.head;
  }
}

/**
 * `new Stream({path, entriesUrl, …hooks}).start()`
 *
 * - `path`: of the socket, e.g. "/ws/workspace/"
 * - `entriesUrl(conversation, after)`: where entries after a number are fetched
 * - `headers()`: extra HTTP headers of such a fetch (a customer's token)
 * - `join(conversation, have)`: the frame that asks the socket for a conversation; agents watch,
 *   customers sign in with `{type: "auth", token, after, language}`
 * - `onEntry(conversation, entry, html)`: the next entry; each number once, in order, without gaps
 * - `onFrame(frame)`: every other frame (typing, presence, list, …)
 * - `onLight({state, since, polling})`: `state` is "live", "catching up" or "offline" (`since` a Date)
 * - `onPoll()`: asked every two seconds while sockets do not work; may return a promise
 * - `onPage(page)`: an answer of `entriesUrl`, with whatever else the server says in it
 * - `onGone(conversation)`: the server says it may not be seen (any more)
 * - `onEnd(code)`: the socket was closed for good: 4401 sign in again, 4403, 4404
 */
export class Stream {
  #hooks;
  #places = new Map();
  #socket = null;
  #confirmed = false; // the server has said something on this socket
  #tries = 0;
  #reconnect = null;
  #clock = null;
  #tickedAt = Date.now();
  #heardAt = Date.now();
  #probeUntil = 0;
  #polling = false;
  #pollWorks = false;
  #ended = false;
  #light = { state: "", since: null, polling: false };
  #flicker = null;
  #pauses = new Pauses();

  constructor(hooks) {
    this.#hooks = {
      headers: () => ({}),
      join: (conversation, after) => ({ type: "watch", conversation, after }),
      onFrame() {},
      onLight() {},
      onGone() {},
      onEnd() {},
      onPoll() {},
      onPage() {},
      ...hooks,
    };
  }

  start() {
    this.#clock = setInterval(() => this.#tick(), 1_000);
    addEventListener("online", this.#wake);
    addEventListener("offline", this.#lost);
    addEventListener("pageshow", this.#wake);
    document.addEventListener("visibilitychange", this.#wake);
    document.addEventListener("resume", this.#wake);
    this.#connect();
    this.#shine();
    return this;
  }

  stop() {
    this.#ended = true;
    clearInterval(this.#clock);
    clearTimeout(this.#reconnect);
    removeEventListener("online", this.#wake);
    removeEventListener("offline", this.#lost);
    removeEventListener("pageshow", this.#wake);
    document.removeEventListener("visibilitychange", this.#wake);
    document.removeEventListener("resume", this.#wake);
    this.#forgetSocket();
    this.#pauses.end();
  }

  /** Follow a conversation whose entries up to number `have` are on the screen. */
  watch(conversation, have) {
    const place = new Place(conversation, have);
    this.#places.set(conversation, place);
    if (this.#isOpen) this.send(this.#hooks.join(conversation, have));
    this.#shine();
  }

  unwatch(conversation) {
    if (!this.#places.delete(conversation)) return;
    this.send({ type: "unwatch", conversation });
    this.#shine();
  }

  /** Send what is only worth something now (typing, viewing). False if there is no socket. */
  send(frame) {
    if (!this.#isOpen) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** An answer or a colleague mentioned this number: make sure that it gets here. */
  expect(conversation, seq) {
    const place = this.#places.get(conversation);
    if (!place || seq <= place.have) return;
    place.head = Math.max(place.head, seq);
    setTimeout(() => this.#catchUp(place), this.#confirmed ? 500 : 0);
  }

  /** An entry that came another way than by the socket, e.g. as the answer to a POST. */
  hear(conversation, entry, html) {
    const place = this.#places.get(conversation);
    if (place) this.#place(place, entry, html);
  }

  /** The highest number delivered of a conversation. */
  have(conversation) {
    return this.#places.get(conversation)?.have ?? 0;
  }

  get light() {
    return this.#light;
  }

  // --- entries -----------------------------------------------------------------------------

  #place(place, entry, html) {
    if (entry.seq <= place.have) return;
    place.head = Math.max(place.head, entry.seq);
    if (place.held.size < MOST_HELD) place.held.set(entry.seq, { entry, html });
    for (let next; (next = place.held.get(place.have + 1)); ) {
      place.held.delete(next.entry.seq);
      place.have = next.entry.seq;
      try {
        this.#hooks.onEntry(place.conversation, next.entry, next.html);
      } catch (error) {
        console.error(error); // one entry that cannot be drawn must not stop those after it
      }
    }
    this.#catchUp(place);
  }

  #hearHead(place, head) {
    place.joined = true;
    place.head = Math.max(place.head, head);
    this.#catchUp(place);
    this.#shine();
  }

  /** Fetch until nothing is missing between what we have and what we know of. */
  async #catchUp(place) {
    if (place.fetching || place.have >= place.head) return;
    place.fetching = true;
    this.#shine();
    for (let tries = 0; this.#follows(place) && place.have < place.head; ) {
      const before = place.have;
      try {
        await this.#fetch(place);
      } catch {
        // No answer now: wait below and ask again.
      }
      if (place.have > before) tries = 0;
      else if (place.have < place.head) await this.#pauses.wait(backoff(tries++, { first: 400 }));
    }
    place.fetching = false;
    this.#shine();
  }

  async #fetch(place) {
    let page;
    try {
      page = await requestJson(this.#hooks.entriesUrl(place.conversation, place.have), {
        headers: this.#hooks.headers(),
      });
    } catch (error) {
      if (error instanceof Refused && this.#follows(place)) {
        if (error.status === 401) this.#end(4401);
        if (error.status === 403 || error.status === 404) {
          this.#places.delete(place.conversation);
          this.#hooks.onGone(place.conversation);
        }
      }
      throw error;
    }
    this.#heardAt = Date.now();
    if (!this.#follows(place)) return;
    this.#hooks.onPage(page);
    place.head = Math.max(place.head, page.head);
    for (const entry of page.entries) this.#place(place, entry, entry.html);
  }

  #follows(place) {
    return !this.#ended && this.#places.get(place.conversation) === place;
  }

  // --- the socket --------------------------------------------------------------------------

  get #isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  #connect() {
    clearTimeout(this.#reconnect);
    if (this.#ended || this.#socket) return;
    const url = new URL(this.#hooks.path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = (this.#socket = new WebSocket(url));
    const tooLong = setTimeout(() => this.#drop(socket), CONNECT);
    socket.onopen = () => {
      clearTimeout(tooLong);
      this.#heardAt = Date.now();
      for (const { conversation, have } of this.#places.values()) {
        this.send(this.#hooks.join(conversation, have));
      }
    };
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data));
    socket.onclose = (event) => {
      clearTimeout(tooLong);
      this.#closed(event.code);
    };
  }

  #receive(frame) {
    this.#heardAt = Date.now();
    this.#probeUntil = 0;
    if (!this.#confirmed) {
      this.#confirmed = true;
      this.#tries = 0;
      for (const place of this.#places.values()) place.joined = false; // until its head is told
    }
    const place = this.#places.get(frame.conversation);
    if (frame.type === "entry") {
      if (place) this.#place(place, frame.entry, frame.html);
    } else if (frame.type === "head") {
      if (place) this.#hearHead(place, frame.seq);
      for (const [conversation, seq] of Object.entries(frame.heads ?? {})) {
        const other = this.#places.get(conversation);
        if (other) this.#hearHead(other, seq);
      }
    } else {
      this.#hooks.onFrame(frame);
    }
    this.#shine();
  }

  #closed(code) {
    this.#forgetSocket();
    if (FINAL.has(code)) return this.#end(code);
    this.#reconnect = setTimeout(() => this.#connect(), backoff(this.#tries++));
    if (this.#tries > TRIES_BEFORE_POLLING) this.#poll();
    this.#shine();
  }

  /** Give a socket up that does not answer; closing it politely could take minutes. */
  #drop(socket) {
    if (socket === this.#socket) this.#closed(0);
  }

  #forgetSocket() {
    const socket = this.#socket;
    this.#socket = null;
    this.#confirmed = false;
    this.#probeUntil = 0;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #end(code) {
    if (this.#ended) return;
    this.stop();
    this.#shine();
    this.#hooks.onEnd(code);
  }

  // --- noticing that something is wrong, or right again ------------------------------------

  #tick() {
    const now = Date.now();
    const slept = now - this.#tickedAt > SLEPT;
    this.#tickedAt = now;
    const silent = now - this.#heardAt;
    if (slept) this.#wake();
    else if (this.#isOpen && silent > SILENCE) this.#drop(this.#socket);
    else if (this.#probeUntil && now > this.#probeUntil) this.#drop(this.#socket);
    else if (this.#isOpen && silent > QUIET && document.visibilityState !== "hidden") this.#probe();
    this.#shine();
  }

  /** Something happened after which the network may be there: ask, or connect without waiting. */
  #wake = () => {
    if (this.#ended || document.visibilityState === "hidden") return;
    this.#pauses.end();
    if (this.#isOpen) {
      this.#probe();
    } else if (!this.#socket) {
      this.#tries = 0;
      this.#connect();
    }
  };

  /** A connection can be dead without a word: ask whether anybody is there. */
  #probe() {
    if (this.#probeUntil) return;
    this.#probeUntil = Date.now() + PROBE;
    this.send({ type: "head" });
  }

  /** The browser says that the network is gone; it may be wrong, so go on trying. */
  #lost = () => {
    if (this.#socket) this.#drop(this.#socket);
  };

  /** While sockets do not work: the same entries by plain requests. */
  async #poll() {
    if (this.#polling) return;
    this.#polling = true;
    while (!this.#ended && !this.#confirmed) {
      const worked = this.#pollWorks;
      try {
        const places = [...this.#places.values()];
        await Promise.all([...places.map((place) => this.#fetch(place)), this.#hooks.onPoll()]);
        this.#pollWorks = true;
        this.#heardAt = Date.now();
        for (const place of places) place.joined = true;
      } catch {
        this.#pollWorks = false;
      }
      if (this.#pollWorks && !worked) this.#wake();
      this.#shine();
      await this.#pauses.wait(POLL);
    }
    this.#polling = this.#pollWorks = false;
    this.#shine();
  }

  // --- the light ---------------------------------------------------------------------------

  #state() {
    if (this.#ended) return "offline";
    const inStep = [...this.#places.values()].every((place) => !place.isBehind);
    if (this.#confirmed || this.#pollWorks) return inStep ? "live" : "catching up";
    const silent = Date.now() - this.#heardAt;
    return navigator.onLine === false || silent > PATIENCE ? "offline" : "catching up";
  }

  #shine() {
    const state = this.#state();
    if (state === this.#light.state && this.#light.polling === this.#pollWorks) return;
    if (state === "catching up" && this.#light.state === "live" && this.#confirmed) {
      this.#flicker ??= setTimeout(() => {
        this.#flicker = null;
        if (this.#state() === state) this.#show(state);
      }, FLICKER);
      return;
    }
    this.#show(state);
  }

  #show(state) {
    if (state === this.#light.state && this.#light.polling === this.#pollWorks) return;
    const since = state === "offline" ? new Date(this.#heardAt) : null;
    this.#light = { state, since, polling: this.#pollWorks };
    this.#hooks.onLight(this.#light);
  }
}
