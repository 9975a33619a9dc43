// The list is one stop of the Tab key, however many rows it has; arrows lead from row to row.

import { $, $$ } from "../lib/dom.js";

export function rove(list) {
  let at = ""; // the conversation whose row Tab comes to, once somebody was in the list
  const rows = () => $$(":scope > .row", list);

  function mark() {
    const all = rows();
    const isAt = (row) => row.dataset.conversation === at;
    const stop = all.find(isAt) ?? all.find((row) => $("[aria-current]", row)) ?? all[0];
    for (const row of all) {
      const index = row === stop ? "0" : "-1";
      for (const part of $$("a, input", row)) {
        if (part.getAttribute("tabindex") !== index) part.setAttribute("tabindex", index);
      }
    }
  }

  new MutationObserver(mark).observe(list, { childList: true });
  list.addEventListener("focusin", ({ target }) => {
    const row = target.closest(".row");
    if (!row || row.dataset.conversation === at) return;
    at = row.dataset.conversation;
    mark();
  });
  list.addEventListener("keydown", (event) => {
    const row = event.target.closest(".row");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = rows();
    const here = all.indexOf(row);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (all[to]) $("a", all[to]).focus();
  });
  mark();
}
