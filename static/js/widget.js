/* Tandem's launcher: a button on any page and, behind it, the chat in a frame.

     <script src="https://help.example/widget.js" data-inbox="KEY" async></script>

   What a page can ask of it is written in docs/widget.md. Nothing is read from the page but its
   address and title, which the team sees. */
(() => {
  "use strict";

  const script =
    document.currentScript || document.querySelector('script[data-inbox][src*="/widget.js"]');
  const inbox = script && script.dataset.inbox;
  const before = window.Tandem;
  if (!inbox || (before && before.loaded)) return;

  const home = new URL(script.src).origin;
  const chat = `${home}/chat/${encodeURIComponent(inbox)}/`;
  // Set once this browser has talked, so that a badge may wait. Where browsers give foreign frames
  // no storage, it holds what the frame asked us to keep for it: its session.
  const memo = `tandem.${inbox}`;

  // The one text that no server renders: the button stands on the page before anything is asked.
  const WORDS = {
    en: {
      dismiss: "Dismiss",
      open: "Open chat",
      close: "Close chat",
      title: "Chat",
      unread: (n) => (n === 1 ? "1 unread message" : `${n} unread messages`),
    },
    zh: {
      dismiss: "不再显示",
      open: "打开聊天",
      close: "关闭聊天",
      title: "聊天",
      unread: (n) => `${n} 条未读消息`,
    },
  };

  const EVENTS = new Set(["open", "close", "unread", "identity"]);
  const GREETS_AFTER = 1500; // milliseconds, so that the page is looked at first

  const CSS = `
    :host { all: initial; color-scheme: light dark; }
    :host([hidden]) { display: none; }
    * { box-sizing: border-box; }
    .launcher, .panel, .greeting {
      --accent: var(--brand, #0d6e63); --on: var(--brand-ink, #fff);
      --ground: #f4f4f1; --sheet: #fff; --ink: #1d2022; --line: #e2e1db; --danger: #b3261e;
      --edge: max(20px, env(safe-area-inset-right), env(safe-area-inset-left));
      --foot: max(20px, env(safe-area-inset-bottom));
      position: fixed; z-index: 2147483000; inset: auto var(--edge) var(--foot) auto;
    }
    :host([data-side="left"]) :is(.launcher, .panel, .greeting) {
      inset-inline: var(--edge) auto; transform-origin: bottom left;
    }
    @media (prefers-color-scheme: dark) {
      .launcher, .panel, .greeting {
        --accent: var(--brand, #4fc3b3); --on: var(--brand-ink, #06211d);
        --ground: #131516; --sheet: #23272a; --ink: #eceeee; --line: #2d3235; --danger: #ff8a80;
      }
    }
    .launcher {
      inline-size: 56px; block-size: 56px; padding: 0; border: 0; cursor: pointer;
      display: grid; place-items: center; color: var(--on); background: var(--accent);
      border-radius: 28px 28px 12px 28px;
      box-shadow: 0 1px 2px rgb(0 0 0 / .12), 0 8px 24px rgb(0 0 0 / .2);
      transition: transform .16s cubic-bezier(.2, 0, 0, 1), border-radius .16s;
    }
    :host([data-side="left"]) .launcher { border-radius: 28px 28px 28px 12px; }
    .greeting {
      margin-block-end: 68px; display: flex; align-items: start; max-inline-size: min(280px, calc(100vw - 40px));
      border: 1px solid var(--line); border-radius: 16px 16px 6px 16px;
      color: var(--ink); background: var(--sheet); box-shadow: 0 8px 24px rgb(0 0 0 / .16);
      font: 14px/1.5 system-ui, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; animation: rise .2s cubic-bezier(.2, 0, 0, 1);
    }
    :host([data-side="left"]) .greeting { border-radius: 16px 16px 16px 6px; }
    .greeting button { border: 0; background: none; color: inherit; font: inherit; cursor: pointer; border-radius: 12px; }
    .greeting .text { padding: 12px 0 12px 16px; text-align: start; overflow-wrap: anywhere; }
    .greeting .dismiss { flex: none; padding: 10px; opacity: .7; }
    .greeting svg { display: block; inline-size: 18px; block-size: 18px; }
    .greeting button:focus-visible { outline: 2px solid var(--accent); outline-offset: -3px; }
    @keyframes rise { from { opacity: 0; transform: translateY(8px); } }
    .launcher:hover { transform: translateY(-2px); }
    .launcher:active { transform: scale(.96); }
    .launcher:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
    .launcher[aria-expanded="true"] { border-radius: 28px; }
    svg {
      grid-area: 1 / 1; inline-size: 26px; block-size: 26px; fill: none; stroke: currentColor;
      stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round;
      transition: opacity .16s, transform .16s;
    }
    [aria-expanded="false"] .away, [aria-expanded="true"] .talk {
      opacity: 0; transform: rotate(-45deg) scale(.6);
    }
    .badge {
      position: absolute; inset: -4px -4px auto auto; min-inline-size: 22px; padding-inline: 6px;
      font: 600 12px/22px system-ui, sans-serif; text-align: center; border-radius: 11px;
      background: var(--danger); color: var(--ground);
    }
    .badge:empty { display: none; }
    .panel {
      margin-block-end: 68px; inline-size: min(400px, calc(100vw - 40px)); block-size: min(680px, calc(100dvh - 112px));
      overflow: hidden; border-radius: 20px 20px 8px 20px; border: 1px solid var(--line);
      background: var(--ground); box-shadow: 0 12px 48px rgb(0 0 0 / .24);
      transform-origin: bottom right; opacity: 1;
      transition: opacity .18s, transform .18s cubic-bezier(.2, 0, 0, 1), visibility 0s;
    }
    .panel[data-open="false"] {
      opacity: 0; visibility: hidden; transform: translateY(12px) scale(.97);
      transition-delay: 0s, 0s, .18s;
    }
    iframe { display: block; inline-size: 100%; block-size: 100%; border: 0; }
    @media (max-width: 480px) {
      .panel {
        inset: 0 !important; margin: 0; inline-size: 100%; block-size: 100dvh; border: 0; border-radius: 0;
      }
      .launcher[aria-expanded="true"] { visibility: hidden; }
    }
    @media (prefers-reduced-motion: reduce) {
      * { transition: none !important; animation: none !important; }
    }`;

  const phone = window.matchMedia("(max-width: 480px)");
  let host, button, badge, panel, frame, greeting;
  let frameReady = false;
  let isOpen = false;
  let unread = 0;
  let titled = ""; // what we put before the page's title
  const heard = {}; // event → functions
  const waiting = []; // what the frame is to be told once it listens
  let hidden = false; // by the page's wish
  let pageScroll = null; // the page's own overflow, kept while a phone shows the chat alone

  const language = () =>
    script.dataset.language || document.documentElement.lang || navigator.language || "en";
  const words = () => (/^zh/i.test(language()) ? WORDS.zh : WORDS.en);

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const key of Object.keys(attributes)) made.setAttribute(key, attributes[key]);
    made.append(...children);
    return made;
  }

  function drawing(name, path) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("class", name);
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  }

  /* Rules by CSSOM: a page whose policy forbids inline styles still shows the button as it is. */
  function dress(root) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [sheet];
    } catch {
      const style = document.createElement("style");
      style.textContent = CSS;
      root.append(style);
    }
  }

  function build() {
    host = element("tandem-chat", {});
    const root = host.attachShadow({ mode: "open" });
    dress(root);
    badge = element("span", { class: "badge", "aria-hidden": "true" });
    button = element(
      "button",
      { class: "launcher", type: "button", "aria-expanded": "false", "aria-controls": "panel" },
      drawing("talk", "M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM8 10h8M8 13h5"),
      drawing("away", "m6 9.500 6 6 6-6"),
      badge,
    );
    panel = element("div", { id: "panel", class: "panel", role: "dialog", "data-open": "false" });
    panel.append(edge("last"), edge("first"));
    root.append(button, panel);
    host.hidden = true; // until it is known how it looks
    button.addEventListener("click", toggle);
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && isOpen) close();
    });
    label();
    stay();
  }

  /* The keyboard goes round inside the open chat: whoever leaves at one end comes in at the other. */
  function edge(to) {
    const stop = element("span", { tabindex: "0", "aria-hidden": "true" });
    stop.addEventListener("focus", () => {
      frame.focus();
      tell("focus", { edge: to });
    });
    return stop;
  }

  /* How the inbox looks comes as a script: policies that let this one in let that one in too. */
  function askForLook() {
    const asked = element("script", { src: `${chat}look.js`, async: "" });
    const done = () => {
      asked.remove();
      if (!hidden) host.hidden = false;
    };
    asked.addEventListener("load", done);
    asked.addEventListener("error", done);
    document.head.append(asked);
  }

  function look(found) {
    host.dataset.side = found.position;
    if (found.colours) {
      host.style.setProperty("--brand", found.colours.ground);
      host.style.setProperty("--brand-ink", found.colours.ink);
    }
    if (found.greeting && !recall() && !recall(".greeted")) {
      setTimeout(() => greet(found.greeting), GREETS_AFTER);
    }
  }

  function greet(sentence) {
    if (isOpen || hidden || recall()) return;
    const text = element("button", { class: "text", type: "button" }, sentence);
    const away = element(
      "button",
      { class: "dismiss", type: "button", "aria-label": words().dismiss },
      drawing("", "m6 6 12 12M18 6 6 18"),
    );
    greeting = element("div", { class: "greeting", role: "status" }, text, away);
    text.addEventListener("click", open);
    away.addEventListener("click", () => dismiss(true));
    host.shadowRoot.append(greeting);
  }

  function dismiss(forGood) {
    if (!greeting) return;
    if (forGood) remember("1", ".greeted");
    greeting.remove();
    greeting = null;
  }

  /* Sites that swap their whole body take the button with it; it comes back by itself. */
  function stay() {
    const watch = new MutationObserver(attach);
    function attach() {
      if (host.isConnected || !document.body) return;
      document.body.append(host);
      watch.observe(document.body, { childList: true });
    }
    watch.observe(document.documentElement, { childList: true });
    attach();
    new MutationObserver(label).observe(document.documentElement, { attributeFilter: ["lang"] });
  }

  function label() {
    const say = words();
    const state = isOpen ? say.close : say.open;
    button.setAttribute("aria-label", unread ? `${state} (${say.unread(unread)})` : state);
    button.setAttribute("aria-expanded", String(isOpen));
    panel.setAttribute("aria-label", say.title);
    badge.textContent = !isOpen && unread ? (unread > 99 ? "99+" : String(unread)) : "";
    if (frame) frame.title = say.title;
    const title = pageTitle();
    titled = unread ? `(${unread}) ` : "";
    if (document.title !== titled + title) document.title = titled + title;
  }

  const pageTitle = () =>
    titled && document.title.startsWith(titled) ? document.title.slice(titled.length) : document.title;

  function load() {
    if (frame) return;
    const query = new URLSearchParams({ embed: "1", lang: language(), origin: location.origin });
    frame = element("iframe", { title: words().title, src: `${chat}?${query}` });
    panel.lastChild.before(frame);
  }

  function tell(type, more) {
    if (frameReady) frame.contentWindow.postMessage({ tandem: 1, type, ...more }, home);
  }

  /* Something the frame must hear, even if it has yet to load for it. */
  function insist(type, more) {
    if (frameReady) return tell(type, more);
    waiting.push([type, more]);
    if (type === "identify") load();
  }

  function emit(event, fact) {
    for (const listener of heard[event] || []) {
      try {
        listener(fact);
      } catch (error) {
        setTimeout(() => {
          throw error; // the page's own mistake, told as such
        });
      }
    }
  }

  function tellPage() {
    tell("page", { url: location.href.slice(0, 500), title: pageTitle().slice(0, 200) });
  }

  function open() {
    show();
    dismiss(false);
    load();
    if (isOpen) return;
    isOpen = true;
    panel.dataset.open = "true";
    label();
    fit();
    tellPage();
    tell("open");
    frame.focus();
    emit("open");
  }

  function close() {
    if (!isOpen) return;
    const hadFocus = host.shadowRoot.activeElement;
    isOpen = false;
    panel.dataset.open = "false";
    label();
    fit();
    tell("closed");
    if (hadFocus) button.focus({ preventScroll: true });
    emit("close");
  }

  /* On a phone the chat is the screen: above the keyboard, and the page behind it stands still. */
  function fit() {
    const alone = isOpen && phone.matches;
    const page = document.documentElement.style;
    panel.setAttribute("aria-modal", String(alone));
    if (alone && pageScroll === null) {
      pageScroll = page.overflow;
      page.overflow = "hidden";
    } else if (!alone && pageScroll !== null) {
      page.overflow = pageScroll;
      pageScroll = null;
    }
    const seen = window.visualViewport;
    panel.style.height = alone && seen ? `${seen.height}px` : "";
    panel.style.top = alone && seen ? `${seen.offsetTop}px` : "";
  }

  function hear(event) {
    const said = event.data;
    if (event.origin !== home || !frame || event.source !== frame.contentWindow) return;
    if (!said || typeof said !== "object" || said.tandem !== 1) return;
    if (said.type === "ready") {
      frameReady = true;
      tell("kept", { text: recall() });
      tellPage();
      tell(isOpen ? "open" : "closed");
      for (const [type, more] of waiting.splice(0)) tell(type, more);
    } else if (said.type === "unread" && Number.isInteger(said.count) && said.count >= 0) {
      if (unread === said.count) return;
      unread = said.count;
      label();
      emit("unread", unread);
    } else if (said.type === "identity" && typeof said.accepted === "boolean") {
      emit("identity", { accepted: said.accepted, reason: String(said.reason).slice(0, 40) });
    } else if (said.type === "known") {
      if (!recall()) remember("1");
    } else if (said.type === "keep" && typeof said.text === "string" && said.text.length <= 2000) {
      remember(said.text);
    } else if (said.type === "close") {
      close();
    }
  }

  function remember(text, name = "") {
    try {
      localStorage.setItem(memo + name, text);
    } catch {
      // blocked here too: the chat lasts as long as this page
    }
  }

  function recall(name = "") {
    try {
      return localStorage.getItem(memo + name) || "";
    } catch {
      return "";
    }
  }

  function show() {
    hidden = host.hidden = false;
  }

  function hide() {
    close();
    dismiss(false);
    hidden = host.hidden = true;
  }

  const toggle = () => (isOpen ? close() : open());
  const identify = (statement) => insist("identify", { statement: String(statement || "") });
  const attributes = (told) => insist("attributes", { text: JSON.stringify(told || {}) });

  function on(event, listener) {
    if (EVENTS.has(event) && typeof listener === "function") (heard[event] ||= []).push(listener);
  }

  const acts = new Map(Object.entries({ open, close, show, hide, toggle, identify, attributes, on }));
  window.Tandem = (act, ...rest) => {
    if (acts.has(act)) acts.get(act)(...rest);
  };
  window.Tandem.loaded = true;
  window.Tandem.look = look;

  function begin() {
    build();
    window.addEventListener("message", hear);
    window.addEventListener("popstate", tellPage);
    if (window.navigation) window.navigation.addEventListener("navigatesuccess", tellPage);
    phone.addEventListener("change", fit);
    if (window.visualViewport) {
      window.visualViewport.addEventListener("resize", fit);
      window.visualViewport.addEventListener("scroll", fit);
    }
    askForLook();
    for (const call of (before && before.calls) || []) window.Tandem(...call);
    // Who has talked before may have an answer waiting: look, once the page itself is done.
    if (recall()) (window.requestIdleCallback || setTimeout)(load);
  }

  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
})();
