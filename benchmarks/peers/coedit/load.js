// Load client of coedit.py: documents × editors, each a Yjs document on a raw socket. Job as JSON on
// stdin; on stdout `begin` and `end` around the measured seconds, then the figures as one line.
import { createInterface } from "node:readline";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import WebSocket from "ws";
import * as Y from "yjs";

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const SYNC = 0, AUTH = 2, HOCUS_SYNC_REPLY = 4;

class Editor {
  constructor(job, door) {
    this.hocus = job.dialect === "hocuspocus";
    this.name = door.path.split("/").filter(Boolean).pop() ?? "";
    this.doc = new Y.Doc();
    this.text = this.doc.getText("body");
    this.synced = false;
    this.closed = null;
    this.underWay = []; // of mine: {clock, sent, missing}
    this.doc.on("update", (update, origin) => origin === this || this.send(2, update));
    this.door = door;
    this.url = `ws://${job.host}:${job.port}${this.hocus ? "/" : door.path}`;
  }

  open() {
    return new Promise((done, fail) => {
      this.begun = performance.now();
      this.socket = new WebSocket(this.url, { headers: this.door.headers, perMessageDeflate: false });
      this.socket.binaryType = "nodebuffer";
      this.socket.on("open", () => {
        if (this.hocus) {
          this.write((to) => {
            encoding.writeVarUint(to, AUTH);
            encoding.writeVarUint(to, 0);
            encoding.writeVarString(to, "anybody");
          });
        }
        this.send(0, Y.encodeStateVector(this.doc));
      });
      this.socket.on("message", (data) => {
        this.take(data);
        if (this.synced) done(performance.now() - this.begun);
      });
      this.socket.on("close", (code) => (this.closed = code));
      this.socket.on("error", fail);
    });
  }

  write(fill) {
    const to = encoding.createEncoder();
    if (this.hocus) encoding.writeVarString(to, this.name);
    fill(to);
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(encoding.toUint8Array(to));
  }

  send(part, data, kind = SYNC) {
    this.write((to) => {
      encoding.writeVarUint(to, kind);
      encoding.writeVarUint(to, part);
      encoding.writeVarUint8Array(to, data);
    });
  }

  take(data) {
    const from = decoding.createDecoder(new Uint8Array(data.buffer, data.byteOffset, data.length));
    if (this.hocus) decoding.readVarString(from);
    const kind = decoding.readVarUint(from);
    if (kind !== SYNC && !(this.hocus && kind === HOCUS_SYNC_REPLY)) return;
    const part = decoding.readVarUint(from);
    const content = decoding.readVarUint8Array(from);
    if (part === 0) return this.send(1, Y.encodeStateAsUpdate(this.doc, content));
    Y.applyUpdate(this.doc, content, this);
    if (part === 1) this.synced = true;
    this.group?.arrived(this);
  }
}

// The editors of one document. An update counts once all the others have it.
class Group {
  constructor(editors) {
    this.editors = editors;
    for (const editor of editors) editor.group = this;
    this.done = 0;
    this.latencies = [];
    this.again = null;
  }

  type(editor, text = "x") {
    const sent = performance.now();
    editor.text.insert(editor.text.length, text);
    const clock = Y.getState(editor.doc.store, editor.doc.clientID);
    const missing = new Set(this.editors.filter((one) => one !== editor));
    editor.underWay.push({ clock, sent, missing });
  }

  arrived(at) {
    for (const editor of this.editors) {
      if (editor === at || !editor.underWay.length) continue;
      const has = Y.getState(at.doc.store, editor.doc.clientID);
      for (const one of editor.underWay) {
        if (one.clock > has) break;
        one.missing.delete(at);
      }
      while (editor.underWay.length && !editor.underWay[0].missing.size) {
        const one = editor.underWay.shift();
        this.done += 1;
        this.latencies.push(performance.now() - one.sent);
        this.again?.(editor);
      }
    }
  }
}

function percentile(values, percent) {
  const ordered = Float64Array.from(values).sort();
  return ordered.length ? ordered[Math.min(ordered.length - 1, Math.floor((ordered.length * percent) / 100))] : null;
}

async function openAll(job) {
  const groups = [];
  for (const doors of job.documents) {
    const editors = doors.map((door) => new Editor(job, door));
    await Promise.all(editors.map((editor) => editor.open()));
    groups.push(new Group(editors));
  }
  return groups;
}

function ended(groups) {
  const closed = {};
  for (const { editors } of groups) {
    for (const { closed: code } of editors) if (code !== null) closed[code] = (closed[code] ?? 0) + 1;
  }
  return closed;
}

async function throughput(job) {
  const groups = await openAll(job);
  let running = true;
  if (job.window) {
    for (const group of groups) {
      group.again = (editor) => running && setImmediate(() => running && group.type(editor));
      for (const editor of group.editors) for (let i = 0; i < job.window; i++) group.type(editor);
    }
  } else {
    for (const group of groups) {
      for (const editor of group.editors) {
        const next = () => {
          if (!running) return;
          group.type(editor);
          setTimeout(next, (1000 / job.rate) * (0.5 + Math.random()));
        };
        setTimeout(next, (Math.random() * 1000) / job.rate);
      }
    }
  }
  await sleep(job.warmup * 1000);
  const count = () => groups.reduce((sum, group) => sum + group.done, 0);
  for (const group of groups) group.latencies = [];
  console.log("begin");
  const [begun, before, cpu] = [performance.now(), count(), process.cpuUsage()];
  await sleep(job.seconds * 1000);
  const took = (performance.now() - begun) / 1000;
  const used = process.cpuUsage(cpu);
  const made = count() - before;
  const latencies = groups.flatMap((group) => group.latencies);
  console.log("end");
  running = false;
  for (let i = 0; i < 250 && groups.some((g) => g.editors.some((e) => e.underWay.length)); i++) await sleep(20);
  const lost = groups.reduce((sum, g) => sum + g.editors.reduce((all, e) => all + e.underWay.length, 0), 0);
  const unequal = groups.filter((g) => new Set(g.editors.map((e) => e.text.toString())).size > 1).length;
  return {
    updates_per_s: made / took,
    p50_ms: percentile(latencies, 50),
    p95_ms: percentile(latencies, 95),
    client_cpu: (used.user + used.system) / 1e6 / took,
    violations: { lost, unequal },
    closed: ended(groups),
  };
}

// One document of many edits, and how long the next one to open it waits: its writer stays there, or
// (where it is stored) nobody does. A text that stays shorter than it was is lost.
async function opening(job) {
  const [group] = await openAll({ ...job, documents: [job.documents[0].slice(0, 2)] });
  const [writer] = group.editors;
  let left = job.edits;
  await new Promise((done) => {
    group.again = () => {
      if (group.done >= job.edits) return done();
      if (left > 0) { left -= 1; group.type(writer, "word "); }
    };
    for (let i = 0; i < 16; i++) { left -= 1; group.type(writer, "word "); }
  });
  console.log("begin");
  const length = writer.text.length;
  let lost = 0;
  const openings = async () => {
    const times = [];
    for (let i = 0; i < job.times && !lost; i++) {
      const editor = new Editor(job, job.documents[0][i % 2]);
      const took = await editor.open();
      for (let wait = 0; wait < 2000 && editor.text.length < length; wait++) await sleep(1);
      if (editor.text.length < length) lost = length - editor.text.length;
      else times.push(took);
      editor.socket.close();
      await sleep(100); // after which a server that nobody else uses has forgotten the document
    }
    return times;
  };
  const times = await openings();
  console.log("end");
  for (const editor of group.editors) editor.socket.close();
  await sleep(200);
  const cold = job.stored ? await openings() : [];
  return {
    first_ms: times[0] ?? null,
    p50_ms: percentile(times, 50),
    p95_ms: percentile(times, 95),
    cold_ms: percentile(cold, 50),
    violations: { "characters lost": lost },
  };
}

// Documents in steps, a line of text in each, then nobody does anything: at `step` memory is read.
async function idle(job) {
  const groups = [];
  for (const count of job.steps) {
    const opened = await openAll({ ...job, documents: job.documents.slice(groups.length, count) });
    for (const group of opened) group.type(group.editors[0], "Your parcel is on its way. ");
    groups.push(...opened);
    await sleep(job.settle * 1000);
    console.log("step");
    await lines.next();
  }
  return { closed: ended(groups) };
}

// Numbered words until a colleague has seen so many; then the server is killed under our hands.
async function untilKilled(job) {
  const groups = await openAll(job);
  const [writer, colleague] = groups[0].editors;
  const seen = () => colleague.text.toString().split(" ").length - 1;
  let number = 0, told = false;
  const type = () => groups[0].type(writer, `${number++} `);
  groups[0].again = () => setImmediate(() => writer.closed === null && type());
  for (let i = 0; i < job.window; i++) type();
  while (writer.closed === null || colleague.closed === null) {
    if (!told && groups[0].done >= job.edits) { told = true; console.log("kill"); }
    await sleep(5);
  }
  return { typed: number, seen: seen() };
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const job = JSON.parse((await lines.next()).value);
const figures = await { throughput, opening, idle, untilKilled }[job.kind](job);
console.log(JSON.stringify(figures));
process.exit(0);
