// The page of one inbox: hours of each weekday, the preview of what is not saved yet, copying.

import { copyText } from "./lib/copy.js";
import { $, $$, whenQuiet, words } from "./lib/dom.js";
import { toast } from "./lib/toast.js";

const say = words("inbox-words");
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

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const copied = await copyText(document.getElementById(button.dataset.copy).textContent);
  toast(say(copied ? "copied" : "not-copied"));
});
