// Fills in a demonstration user's name and password.

import { $, $$ } from "./lib/dom.js";

for (const button of $$("[data-name]")) {
  button.addEventListener("click", () => {
    const password = $("[data-password]")?.textContent ?? "";
    $('[name="username"]').value = button.dataset.name;
    $('[name="password"]').value = password;
    if (password) $('[name="password"]').form.requestSubmit();
    else $('[name="password"]').focus();
  });
}
