// One key, one act. Nothing is taken from a field, a dialog, a menu or an input method.

import { $, $$, isComposing } from "../lib/dom.js";

const OFF = "single-keys-off";
const TYPES = "input, textarea, select, [contenteditable]";

/** Whether the key belongs to what has the focus. */
function isTaken(event) {
  const { target, key } = event;
  if (target.closest?.(TYPES) || $("dialog[open]") || $("[popover]:popover-open")) return true;
  return key === "Enter" && target.closest?.("a, button, summary");
}

/**
 * Keys of the workspace: `keys` maps what is pressed ("j", "E", "?") to what is done; Ctrl+K is
 * `onPalette` from anywhere. `toggle` is the box by which an agent switches the single keys off.
 */
export function listenToKeys({ keys, onPalette, toggle }) {
  toggle.checked = localStorage.getItem(OFF) === null;
  toggle.addEventListener("change", () => {
    if (toggle.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "");
  });
  document.addEventListener("keydown", (event) => {
    if (isComposing(event) || event.defaultPrevented || event.altKey) return;
    const act = keys[event.key];
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() !== "k" || event.shiftKey) return;
      event.preventDefault();
      onPalette();
    } else if (act && toggle.checked && !isTaken(event)) {
      event.preventDefault();
      act();
    }
  });
}

/** The row of the list that j and k have walked to; it is where Enter opens. */
export class Walk {
  #rows = $("#rows");

  get #links() {
    return $$(".row > a", this.#rows);
  }

  step(by) {
    const links = this.#links;
    const focused = links.indexOf(document.activeElement);
    const current = links.findIndex((link) => link.hasAttribute("aria-current"));
    const at = focused >= 0 ? focused : current;
    const next = links[Math.max(0, Math.min(links.length - 1, at + by))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  open() {
    const links = this.#links;
    (links.find((link) => link === document.activeElement) ?? links[0])?.click();
  }
}
