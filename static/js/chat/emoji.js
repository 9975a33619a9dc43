// A small choice of emoji beside the field.

import { $$ } from "../lib/dom.js";

const ROW = 8;
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -ROW, ArrowDown: ROW };

export function offerEmoji({ button, choice, field }) {
  const all = $$("button", choice);

  function show(open) {
    choice.hidden = !open;
    button.ariaExpanded = String(open);
    if (open) all[0].focus();
  }

  button.addEventListener("click", () => show(choice.hidden));
  choice.addEventListener("click", ({ target }) => {
    if (!target.closest("button")) return;
    field.setRangeText(target.textContent, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    show(false);
    field.focus();
  });
  choice.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      show(false);
      button.focus();
    }
    const next = all[all.indexOf(document.activeElement) + STEPS[event.key]];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!choice.hidden && !choice.contains(target) && !button.contains(target)) show(false);
  });
}
