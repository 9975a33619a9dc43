// What every page of a signed-in agent does: htmx our way, toasts, menus, local times.

import "./lib/copying.js";
import { $, $$, csrfToken, words } from "./lib/dom.js";
import { keepFresh, localise } from "./lib/time.js";
import { tendToasts, toast } from "./lib/toast.js";

const say = words("app-words");

/** Whether a person waits for the answer; what a screen asks for by itself fails in silence. */
const isWaitedFor = (ctx) => !["intersect", undefined].includes(ctx?.sourceEvent?.type);

document.addEventListener("htmx:config:request", ({ detail }) => {
  detail.ctx.request.headers["X-CSRFToken"] = csrfToken();
});

// Where an answer is waited for says so; the stylesheet shows it. A request that took the place of
// another is the one that counts.
const awaited = new WeakMap();
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (!isWaitedFor(ctx) || !ctx.target) return;
  awaited.set(ctx.target, ctx);
  ctx.target.ariaBusy = "true";
});
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  if (ctx.target && awaited.get(ctx.target) === ctx) ctx.target.ariaBusy = null;
});

// A refusal names #toasts as its target; any other error page has no place on the screen.
document.addEventListener("htmx:before:swap", (event) => {
  const { response, hx } = event.detail.ctx;
  if (!response || response.status < 400 || hx?.retarget) return;
  event.preventDefault();
  if (isWaitedFor(event.detail.ctx)) toast(say("failed"));
});

document.addEventListener("htmx:error", ({ detail }) => {
  const { ctx, error } = detail;
  if (isWaitedFor(ctx) && !ctx.response && error.name !== "AbortError") toast(say("unreachable"));
});

document.addEventListener("htmx:after:settle", ({ detail }) => {
  for (const node of detail.newContent) if (node instanceof Element) localise(node);
});

// Menus close when one turns elsewhere.
const closeMenus = (except) => {
  for (const menu of $$(".menu[open]")) if (menu !== except) menu.open = false;
};
document.addEventListener("click", ({ target }) => closeMenus(target.closest(".menu")));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && $(".menu[open]");
  if (!menu) return;
  menu.open = false;
  $("summary", menu).focus();
});

// On a phone the settings' menu is a strip: what is open is in sight.
$(".settings-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// A form that came back: one is where something is wrong in it.
$("main [aria-invalid=true]")?.focus();

tendToasts();
localise(document.body);
keepFresh();
