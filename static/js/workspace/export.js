// The open conversation as a file: fetched by a request that is recorded, or waits for an approval.

import { $, csrfToken } from "../lib/dom.js";
import { toast } from "../lib/toast.js";

/**
 * `tendExport({url, say, onAsked})`: `url` is the conversation's; `onAsked()` is told when a
 * colleague has to approve it first.
 */
export function tendExport({ url, say, onAsked }) {
  const dialog = $("#export-dialog");
  const form = $("form", dialog);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = $("[data-do]", dialog);
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    try {
      const answer = await ask(`${url}export/`, new FormData(form).get("format"));
      if (answer.status === 202) {
        toast(say("asked"));
        onAsked();
      } else if (answer.ok) {
        save(await answer.blob(), nameOf(answer));
      } else {
        toast((await answer.json()).detail);
      }
      dialog.close();
    } catch {
      toast(say("unreachable"));
    } finally {
      button.ariaBusy = null;
    }
  });
}

function ask(url, format) {
  const time_zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return fetch(url, {
    method: "POST",
    headers: {
      Accept: "application/json",
      "Content-Type": "application/json",
      "X-CSRFToken": csrfToken(),
    },
    body: JSON.stringify({ format, time_zone }),
  });
}

const nameOf = (answer) =>
  /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))?.[1] ?? "conversation";

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
