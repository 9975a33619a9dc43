// How what is written will look, in the field's own place: drawn by the server, like all entries.

import { $, csrfToken, whenQuiet } from "../lib/dom.js";
import { Refused, requestJson } from "../lib/http.js";
import { toast } from "../lib/toast.js";

const ASKS = 300; // ms of quiet before a text that changes is drawn anew

/**
 * `attachPreview(field, {button, url, mode, say, signal})`
 *
 * - `button`: shows the preview and takes it away; it is there only with a text
 * - `url`: of the conversation; the text is drawn by `url + "draft/preview/"`
 * - `mode()`: "reply" or "note"
 * - `signal`: the conversation is left
 * Whoever goes into the field leaves the preview. While it is shown it follows what others write.
 */
export function attachPreview(field, { button, url, mode, say, signal }) {
  const pane = document.createElement("div");
  let asked = 0;

  pane.className = "preview bubble";
  pane.tabIndex = -1;
  pane.setAttribute("role", "region");
  pane.ariaLabel = button.textContent;
  pane.hidden = true;
  field.root.append(pane);

  const isShown = () => button.ariaPressed === "true";

  function hide() {
    asked += 1;
    button.ariaPressed = "false";
    pane.hidden = true;
  }

  async function draw() {
    const number = (asked += 1);
    const data = { kind: mode(), body: field.value };
    try {
      const headers = { "X-CSRFToken": csrfToken() };
      const { html } = await requestJson(`${url}draft/preview/`, { data, headers });
      if (number !== asked || signal.aborted) return;
      pane.innerHTML = html;
      if (!pane.hidden) return;
      pane.hidden = false;
      pane.focus();
    } catch (error) {
      if (number !== asked || signal.aborted) return;
      hide();
      toast((error instanceof Refused && error.sentence) || say("unreachable"));
    }
  }

  const drawAnew = whenQuiet(ASKS, () => isShown() && draw());

  button.addEventListener("click", () => {
    if (isShown()) {
      hide();
      return field.focus();
    }
    button.ariaPressed = "true";
    draw();
  });
  field.element.addEventListener("focus", hide);
  pane.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    field.focus();
  });
  field.addEventListener("change", () => {
    button.hidden = field.value.trim() === "";
    if (button.hidden) hide();
    else if (isShown()) drawAnew();
  });
}
