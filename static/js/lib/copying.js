// Buttons that copy what another element says: `<button data-copies="its id">`.

import { copyText } from "./copy.js";
import { words } from "./dom.js";
import { toast } from "./toast.js";

const say = words("app-words");

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copies]");
  if (!button) return;
  const copied = await copyText(document.getElementById(button.dataset.copies).textContent);
  toast(say(copied ? "copied" : "not-copied"));
});
