// A customer's own page, and the page that tells who sees what.

import { copyText } from "./lib/copy.js";
import { $, words } from "./lib/dom.js";
import { tendCustomer } from "./workspace/customer.js";

tendCustomer();

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button || !(await copyText(button.dataset.copy))) return;
  button.toggleAttribute("data-done", true);
  $("#copied").textContent = words()("copied");
  setTimeout(() => button.removeAttribute("data-done"), 1_500);
});
