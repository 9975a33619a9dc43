// Many events in a row are one line that opens: "7 events".

import { $, clone } from "../lib/dom.js";

const SHOWN = 3; // a run as short as this stays as it is

const isPart = (element) => element?.classList.contains("event");
const isMark = (element) => element.hasAttribute("data-fold");

/** An entry is in its place: fold the run of events it belongs to, all but the last of them. */
export function fold(entry, say) {
  if (!isPart(entry)) return;
  let first = entry;
  while (isPart(first.previousElementSibling)) first = first.previousElementSibling;
  const run = [];
  let mark = null;
  for (let part = first; isPart(part); part = part.nextElementSibling) {
    if (!isMark(part)) run.push(part);
    else if (mark) part.remove(); // two runs became one
    else mark = part;
  }
  const isLong = run.length > SHOWN;
  if (!isLong) mark?.remove();
  if (!isLong) mark = null;
  else if (!mark) mark = clone("folded-events");
  if (mark && mark !== first) run[0].before(mark);
  const isOpen = mark === null || mark.hasAttribute("data-open");
  if (mark) $("[data-text]", mark).textContent = say("events", { count: run.length - 1 });
  for (const [index, event] of run.entries()) {
    event.toggleAttribute("data-folded", !isOpen && index < run.length - 1);
  }
}

/** Open or close the run that a mark stands for. */
export function unfold(mark, open = !mark.hasAttribute("data-open")) {
  mark.toggleAttribute("data-open", open);
  $("button", mark).ariaExpanded = String(open);
  const run = [];
  let part = mark.nextElementSibling;
  for (; isPart(part); part = part.nextElementSibling) run.push(part);
  for (const event of run.slice(0, -1)) event.toggleAttribute("data-folded", !open);
}

/** Make sure that an entry is not folded away. */
export function unfoldAround(entry) {
  let mark = entry;
  while (isPart(mark) && !isMark(mark)) mark = mark.previousElementSibling;
  if (isPart(mark)) unfold(mark, true);
}
