// The bell: how many notices wait, the panel that lists them, and how they make themselves heard.
// Toasts appear on every screen that is looked at; of all tabs of a browser one plays the tone and
// one shows the browser's notification.

import { alone } from "../lib/alone.js";
import { $, $$, clone, elementFrom } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";
import { hears, isHeard } from "../lib/live.js";
import { localise } from "../lib/time.js";
import { countInTitle } from "../lib/title.js";
import { toast } from "../lib/toast.js";

const TOLD = "notices:told"; // what some tab of this browser played or showed
const REMEMBERED = 100;
const HIDDEN_WAITS = 300; // tabs that are looked at go first
const MOST_TOASTS = 3;
const ASK = 30_000; // pause between two questions while sockets do not work

const bell = $("#notices");
const panel = $("#notices-panel");
const badge = $("#notices-count");
const { url } = bell.dataset;
let hasCount = false;

const isBeforeEyes = () => document.visibilityState === "visible" && document.hasFocus();

// --- the count -----------------------------------------------------------------------------

function setCount(count) {
  hasCount = true;
  badge.textContent = count > 99 ? "99+" : count;
  badge.hidden = count === 0;
  $("summary", bell).setAttribute(
    "aria-label",
    count ? bell.dataset.some.replace("{count}", badge.textContent) : bell.dataset.none,
  );
  countInTitle(count);
}

hears("notice", ({ unread, news }) => {
  const isAnother = hasCount && badge.textContent !== String(unread || 0);
  setCount(unread);
  const isAtTop = panel.scrollTop < 8; // what somebody scrolled to stays where it is
  if (bell.open && isAtTop && (news.length || isAnother)) load();
  for (const notice of news) tell(notice);
});

/** Where sockets do not work the count is asked for. */
async function ask() {
  if (isHeard() || document.visibilityState === "hidden") return;
  try {
    setCount((await requestJson(url)).unread);
  } catch {
    // Nobody answered: the next question will tell.
  }
}
setInterval(ask, ASK);

// --- the panel -----------------------------------------------------------------------------

const load = () => htmx.ajax("GET", url, { target: "#notices-panel", swap: "innerHTML" });

bell.addEventListener("toggle", () => {
  if (bell.open) load();
});

/** Open a conversation where it belongs: in the workspace without leaving the page. */
function open(address) {
  if (!$("#workspace")) return location.assign(address);
  const link = elementFrom(
    '<a hidden hx-target="#main" hx-push-url="true" hx-sync="#main:replace"></a>',
  );
  link.href = address;
  link.setAttribute("hx-get", address);
  document.body.append(link);
  htmx.process(link);
  link.click();
  link.remove();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-notice]");
  if (!link) return;
  bell.open = false;
  link.closest(".toast")?.remove();
  const another = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
  if (another || !$("#workspace")) return;
  event.preventDefault();
  open(link.href);
});

// --- making itself heard -------------------------------------------------------------------

/** Do it in one of this browser's tabs only, and once. */
const once = (key, act) =>
  alone("notices", () => {
    let told = [];
    try {
      told = JSON.parse(localStorage.getItem(TOLD) ?? "[]");
      if (told.includes(key)) return;
      localStorage.setItem(TOLD, JSON.stringify([...told, key].slice(-REMEMBERED)));
    } catch {
      // No storage: each tab speaks for itself.
    }
    act();
  });

function tell(notice) {
  const { channels } = notice;
  const key = `${notice.id}:${notice.count}`;
  if (channels.includes("app") && document.visibilityState === "visible") showToast(notice);
  const announce = () => {
    if (channels.includes("sound") && mayPlay()) once(`${key}:sound`, play);
    if (!channels.includes("browser")) return;
    if (isBeforeEyes()) once(`${key}:browser`, () => {}); // seen: no other tab need show it
    else if (permission() === "granted") once(`${key}:browser`, () => showOutside(notice));
  };
  if (isBeforeEyes()) announce();
  else setTimeout(announce, HIDDEN_WAITS);
}

function showToast(notice) {
  const shown = $$("#toasts > [data-notice-id]");
  shown.find((one) => one.dataset.noticeId === String(notice.id))?.remove();
  for (const old of shown.slice(0, Math.max(0, shown.length - MOST_TOASTS + 1))) old.remove();
  const element = clone("notice-toast");
  element.dataset.noticeId = notice.id;
  $("a", element).href = notice.url;
  $("[data-title]", element).textContent = notice.title;
  $("[data-text]", element).textContent = notice.text;
  $("[data-why]", element).textContent = notice.why;
  $("#toasts").append(element);
}

function showOutside(notice) {
  const shown = new Notification(notice.title, {
    body: notice.text || notice.why,
    tag: `tandem-${notice.id}`,
    silent: true, // the tone is ours, by the agent's own choice
  });
  shown.onclick = () => {
    shown.close();
    window.focus();
    open(notice.url);
  };
}

// A browser lets a page be heard only after somebody touched it.
let audio = null;
const mayPlay = () => navigator.userActivation?.hasBeenActive ?? audio !== null;
for (const kind of ["pointerdown", "keydown"]) {
  addEventListener(kind, () => (audio ??= new AudioContext()), { once: true, capture: true });
}

/** Two soft tones, one after the other. */
async function play() {
  audio ??= new AudioContext();
  await audio.resume();
  [660, 880].forEach((pitch, number) => {
    const begin = audio.currentTime + number * 0.14;
    const tone = new OscillatorNode(audio, { frequency: pitch, type: "sine" });
    const volume = new GainNode(audio, { gain: 0 });
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(0.12, begin + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, begin + 0.35);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + 0.4);
  });
}

// --- the browser's own notifications ----------------------------------------------------------

const permission = () => globalThis.Notification?.permission ?? "unsupported";

function showPermission() {
  for (const place of $$("[data-permission]")) place.dataset.permission = permission();
}

document.addEventListener("click", async ({ target }) => {
  if (target.closest("[data-try-sound]")) play();
  if (!target.closest("[data-ask-permission]")) return;
  try {
    await Notification.requestPermission();
  } catch {
    toast(bell.dataset.refused);
  }
  showPermission();
});
panel.addEventListener("htmx:after:settle", () => {
  showPermission();
  localise(panel);
});
showPermission();
