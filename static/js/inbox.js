// The page of one inbox: hours of each weekday, the preview of what is not saved yet, copying.

import { $, $$, whenQuiet } from "./lib/dom.js";

const form = $("#inbox-form");
const frame = $("#preview-frame");
const SHOWN = ["name", "has_colour", "colour", "position", "greeting", "greets_visitors"];

const drawPreview = whenQuiet(250, () => {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (SHOWN.includes(name)) query.append(name, value);
  // Replaced, so that "back" leaves the page instead of going through every colour.
  frame.contentWindow.location.replace(`${frame.dataset.url}?${query}`);
});

form.addEventListener("input", ({ target }) => {
  if (SHOWN.includes(target.name)) drawPreview();
});

for (const day of $$("[data-day]", form)) {
  day.addEventListener("click", ({ target }) => {
    const remove = target.closest("[data-remove]");
    if (remove) return remove.closest(".interval").remove();
    const add = target.closest("[data-add]");
    if (!add) return;
    add.before($("template", day).content.cloneNode(true));
    $$("input", day).at(-2).focus();
  });
}
