// What a field can show: the text colleagues write together, or one that is nobody else's yet.

import {
  Doc,
  UndoManager,
  WebsocketProvider,
  applyUpdate,
  createEncoder,
  mergeUpdates,
  readVarUint,
  toUint8Array,
  writeSyncStep1,
  writeVarUint,
} from "../../vendor/editor.js";

const SYNC = 0;
const [STEP_1, STEP_2] = [0, 1];
const PATIENCE = 5_000; // milliseconds until what was typed is durable
const ACKNOWLEDGED = 100; // how many updates of this socket are durable
const OVER = [4401, 4403, 4404, 4413]; // close codes after which trying again is no use
const REFUSED = 4403;

/** A text of this agent alone: `{text, undo, awareness}` as a field wants it. */
export class OwnText {
  awareness = null;

  constructor(value = "") {
    this.text = new Doc().getText("body");
    this.text.insert(0, value);
    this.undo = new UndoManager(this.text, { captureTimeout: 400 });
  }

  get value() {
    return this.text.toString();
  }

  set value(value) {
    this.text.doc.transact(() => {
      this.text.delete(0, this.text.length);
      this.text.insert(0, value);
    });
  }
}

/**
 * `new SharedText({path, key})`: the text behind a draft's socket.
 *
 * What was typed here and is not durable yet is kept in this browser under `key` and offered again
 * by the next page. Tells of "change" (connection, saved or not), "sent" (a text was sent: what is
 * there now is the next one) and "refused" (its writer lost the right: `detail` is their text).
 */
export class SharedText extends EventTarget {
  generation = null; // of the text, once known
  #path;
  #key;
  #provider = null;
  #unsaved = [];
  #waiting = [];

  constructor({ path, key }) {
    super();
    this.#path = path;
    this.#key = key;
    this.#begin();
  }

  /** Whether what the server has is here, and what is typed gets there. */
  get isConnected() {
    return this.#provider.synced;
  }

  /** Whether all that was typed here is durable. */
  get isSaved() {
    return this.#unsaved.length === 0;
  }

  get value() {
    return this.text.toString();
  }

  /**
   * Resolves once all that has been typed here is durable, with the log's number of it, or with null
   * if more was typed so soon that no number is of just this; rejects if that does not come about
   * soon.
   */
  async saved() {
    if (!this.isConnected) throw new Error("not connected");
    const { offered, isAsked } = this.#provider.ws;
    if (this.isSaved) this.#ask(); // colleagues' words came without a number
    return new Promise((resolve, reject) => {
      this.#waiting.push({ upto: isAsked ? offered : Infinity, resolve, reject });
      setTimeout(() => reject(new Error("not saved")), PATIENCE);
    });
  }

  /** Resolves once the text that was this one has left. */
  async gone(generation) {
    if (this.generation !== generation) return;
    await new Promise((resolve) => {
      this.addEventListener("sent", resolve, { once: true });
      setTimeout(resolve, PATIENCE);
    });
  }

  /** What stands here now and is in none of these passages. */
  passage(without) {
    return new Passage(this.text, without);
  }

  close() {
    this.#provider.destroy();
    this.#fail();
  }

  // --- inside ------------------------------------------------------------------------------

  #begin() {
    const doc = new Doc();
    this.text = doc.getText("body");
    this.undo = new UndoManager(this.text, { captureTimeout: 400 });
    this.#unsaved = [];
    doc.on("update", (update, origin) => {
      if (origin === this.#provider && origin !== null) return;
      this.#unsaved.push(update);
      this.#keep();
    });
    const kept = this.#kept();
    if (kept) applyUpdate(doc, kept);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const provider = new WebsocketProvider(`${scheme}://${location.host}/ws/drafts`, this.#path, doc, {
      params: { ack: "1" },
      disableBc: true,
      WebSocketPolyfill: CountingSocket,
      shouldReconnect: ({ code }) => !OVER.includes(code),
    });
    this.#provider = provider;
    this.awareness = provider.awareness;
    provider.messageHandlers[ACKNOWLEDGED] = (_, decoder) => this.#acknowledged(decoder);
    provider.on("sync", () => this.#changed());
    provider.on("status", () => {
      if (!provider.wsconnected) this.#fail();
      this.#changed();
    });
    provider.on("closed", ({ code }) => code === REFUSED && this.#refused());
  }

  /** Ask the server how far its log is. */
  #ask() {
    const encoder = createEncoder();
    writeVarUint(encoder, SYNC);
    writeSyncStep1(encoder, this.text.doc);
    this.#provider.ws.send(toUint8Array(encoder));
  }

  #acknowledged(decoder) {
    const n = readVarUint(decoder);
    const generation = readVarUint(decoder);
    const taken = readVarUint(decoder);
    const { offered, isAsked } = this.#provider.ws;
    const isAll = taken === offered && isAsked;
    if (isAll) {
      this.#unsaved = [];
      this.#keep();
    }
    const isNext = this.generation !== null && this.generation !== generation;
    this.generation = generation;
    if (isNext) {
      this.undo.clear(); // what was sent cannot be undone here
      this.dispatchEvent(new Event("sent"));
    }
    const still = [];
    for (const one of this.#waiting) {
      const isJustThis = taken === one.upto || one.upto === Infinity;
      if (isAll || taken >= one.upto) one.resolve(isJustThis ? n : null);
      else still.push(one);
    }
    this.#waiting = still;
    this.#changed();
  }

  /** The floor is somebody else's: begin anew with what the server has. */
  #refused() {
    const text = this.isSaved ? "" : this.value;
    this.#provider.destroy();
    this.#store(null);
    this.#begin();
    this.dispatchEvent(new CustomEvent("refused", { detail: text }));
  }

  #fail() {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error("not connected"));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  // --- what is not durable, until it is ------------------------------------------------------

  #keep() {
    if (this.isSaved) this.#store(null);
    else {
      this.#unsaved = [mergeUpdates(this.#unsaved)];
      this.#store(btoa(String.fromCharCode(...this.#unsaved[0])));
      this.#changed();
    }
  }

  #store(value) {
    try {
      if (value) localStorage.setItem(this.#key, value);
      else localStorage.removeItem(this.#key);
    } catch {
      // No room or no storage: the text is still in its field.
    }
  }

  #kept() {
    try {
      const value = localStorage.getItem(this.#key);
      return value && Uint8Array.from(atob(value), (letter) => letter.charCodeAt(0));
    } catch {
      return null;
    }
  }
}

/** Letters of a text: the same ones, whatever is written before, between and behind them. */
class Passage {
  #text;
  #has; // of each letter of the text, whether it is one of these
  #was; // when it began

  constructor(text, without) {
    const others = without.filter((one) => one.#text === text);
    this.#text = text;
    this.#has = Array.from({ length: text.length }, (_, at) => !others.some((one) => one.#has[at]));
    this.#was = { value: this.value, parts: this.#runs().length };
    text.observe(this.#follow);
  }

  get value() {
    const text = this.#text.toString();
    return this.#runs().map(([from, to]) => text.slice(from, to)).join("");
  }

  /** Whether nobody changed it. */
  get isWhole() {
    return this.value === this.#was.value && this.#runs().length <= this.#was.parts;
  }

  /** Take away what is left of it; nobody's undoing brings it back. */
  remove() {
    const text = this.#text;
    const runs = this.#runs().reverse();
    text.doc.transact(() => runs.forEach(([from, to]) => text.delete(from, to - from)), this);
  }

  /** Nobody asks for it any more. */
  close() {
    this.#text.unobserve(this.#follow);
  }

  /** From where to where it goes, in as many parts as it has. */
  #runs() {
    const found = [];
    for (let from, to = 0; (from = this.#has.indexOf(true, to)) >= 0; found.push([from, to])) {
      to = this.#has.indexOf(false, from);
      if (to < 0) to = this.#has.length;
    }
    return found;
  }

  #follow = ({ delta }) => {
    const before = this.#has;
    const now = [];
    let at = 0;
    for (const { retain = 0, delete: gone = 0, insert = "" } of delta) {
      now.push(before.slice(at, at + retain), Array(insert.length).fill(false));
      at += retain + gone;
    }
    this.#has = [...now, before.slice(at)].flat();
  };
}

/** A socket that knows how many updates went through it. */
class CountingSocket extends WebSocket {
  offered = 0;
  isAsked = false; // the server said how far it is and was told what it lacks

  send(frame) {
    const [kind, part] = frame;
    if (kind === SYNC && part === STEP_2) this.isAsked = true;
    // Before that, an update could build on one that the server does not have; the answer holds it.
    if (kind === SYNC && part > STEP_2 && !this.isAsked) return;
    if (kind === SYNC && part !== STEP_1) this.offered += 1;
    super.send(frame);
  }

  /** One that is still being opened is closed once it is open: else the browser reports a failure. */
  close() {
    if (this.readyState === WebSocket.CONNECTING) {
      this.addEventListener("open", () => super.close(), { once: true });
    } else super.close();
  }
}
