// Short sentences that appear in a corner and go away again.

import { $, clone } from "./dom.js";

const STAYS = 7_000;

/** Close a toast by its button, or by itself unless somebody is reading it. */
function tend(element) {
  let timer = null;
  const start = () => {
    timer = setTimeout(() => element.remove(), STAYS);
  };
  element.addEventListener("pointerenter", () => clearTimeout(timer));
  element.addEventListener("pointerleave", start);
  $("[data-close]", element).addEventListener("click", () => element.remove());
  start();
}

/** Tend every toast of the page, also those the server sends. */
export function tendToasts() {
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) if (node.classList?.contains("toast")) tend(node);
    }
  }).observe($("#toasts"), { childList: true });
}

/** Show a sentence. */
export function toast(sentence) {
  const element = clone("toast");
  $("p", element).textContent = sentence;
  $("#toasts").append(element);
}
