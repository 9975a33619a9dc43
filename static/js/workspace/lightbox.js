// Pictures, enlarged: arrows go through them, Escape or a click closes.

import { $, $$ } from "../lib/dom.js";

const box = $("#lightbox");
let pictures = [];
let current = null;

/** Enlarge the picture that a link of the transcript or the panel leads to. */
export function enlarge(link) {
  pictures = $$(".picture", link.closest("#entries, #panel"));
  show(link);
  if (!box.open) box.showModal();
}

function show(link) {
  current = link;
  const image = $("img", box);
  image.src = link.href;
  image.alt = $("img", link).alt;
  $("[data-name]", box).textContent = image.alt;
  $("[data-original]", box).href = link.href;
  $("[data-original]", box).download = image.alt;
  const index = pictures.indexOf(link);
  $("[data-turn='-1']", box).disabled = index <= 0;
  $("[data-turn='1']", box).disabled = index === pictures.length - 1;
}

function turn(by) {
  const next = pictures[pictures.indexOf(current) + by];
  if (next) show(next);
}

box.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-turn]");
  if (button) turn(Number(button.dataset.turn));
  else if (!target.closest("a, img") || target.closest("[data-close]")) box.close();
});
box.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") turn(-1);
  else if (event.key === "ArrowRight") turn(1);
});
box.addEventListener("close", () => {
  $("img", box).removeAttribute("src");
  if (current?.isConnected) current.focus({ preventScroll: true });
});
