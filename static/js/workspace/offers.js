// What a field offers behind a sign that is typed in it: people behind `@`, tags behind `#`.

import { isComposing, whenQuiet } from "../lib/dom.js";

const ASKS = 120; // ms of quiet before somebody is asked
let number = 0;

/**
 * `attachOffers(field, {kinds, isOn, signal})`
 *
 * - `kinds`: `{begins, ask, draw}` each. `begins` matches the text before the caret, its first group
 *   being what was typed behind the sign; `ask(text)` resolves to items with a `name`, which is what
 *   is written behind the sign; `draw(item)` returns what stands in its row.
 * - `isOn()`: whether anything is offered now
 * - `signal`: takes it off again
 * Nothing happens while an input method composes.
 */
export function attachOffers(field, { kinds, isOn, signal }) {
  const list = document.createElement("ul");
  const id = `offers-${(number += 1)}`;
  let items = [];
  let chosen = 0;
  let asked = 0;
  let written = null; // the name chosen last: what follows it asks for nothing

  list.id = id;
  list.className = "offers popover";
  list.setAttribute("role", "listbox");
  list.hidden = true;
  const { element, root } = field;
  root.after(list);

  /** `{kind, text}` where something is asked for: what stands between the sign and the caret. */
  const query = () => {
    if (!isOn() || field.selectionStart !== field.selectionEnd) return null;
    const before = field.value.slice(0, field.selectionStart);
    for (const kind of kinds) {
      const found = before.match(kind.begins);
      if (found && written && found[1].startsWith(written)) return null;
      if (found) return { kind, text: found[1] };
    }
    return null;
  };

  function hide() {
    asked += 1;
    list.hidden = true;
    items = [];
    element.removeAttribute("aria-activedescendant");
  }

  function mark(next) {
    chosen = (next + items.length) % items.length;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", at === chosen));
    element.setAttribute("aria-activedescendant", `${id}-${chosen}`);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  }

  function show({ draw }) {
    list.replaceChildren(
      ...items.map((item, at) => {
        const option = document.createElement("li");
        option.id = `${id}-${at}`;
        option.setAttribute("role", "option");
        option.append(...draw(item));
        return option;
      }),
    );
    list.hidden = false;
    element.setAttribute("aria-controls", id);
    mark(0);
  }

  const ask = whenQuiet(ASKS, async () => {
    const now = query();
    if (signal.aborted || now === null) return hide();
    const turn = (asked += 1);
    const found = await now.kind.ask(now.text).catch(() => []); // one can still write it
    const still = query();
    if (signal.aborted || turn !== asked) return;
    if (still?.kind !== now.kind || still.text !== now.text) return;
    items = found;
    if (items.length) show(now.kind);
    else hide();
  });

  function choose(at) {
    const now = query();
    if (now === null) return hide();
    const end = field.selectionStart;
    written = `${items[at].name} `;
    hide();
    field.insert(written, end - now.text.length, end);
  }

  field.addEventListener(
    "input",
    () => {
      if (field.isComposing) return;
      if (query() === null) hide();
      else ask();
    },
    { signal },
  );
  // It is another text without anybody typing: sent, or the other mode's.
  field.addEventListener("change", () => list.hidden || query() !== null || hide(), { signal });
  element.addEventListener("blur", hide, { signal });
  element.addEventListener("click", () => query() === null && hide(), { signal });
  // Before the composer's own keys, which send or leave.
  root.addEventListener(
    "keydown",
    (event) => {
      if (list.hidden || isComposing(event)) return;
      const acts = {
        ArrowDown: () => mark(chosen + 1),
        ArrowUp: () => mark(chosen - 1),
        Enter: () => choose(chosen),
        Tab: () => choose(chosen),
        Escape: hide,
      };
      if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      acts[event.key]();
    },
    { signal, capture: true },
  );
  // The field keeps the focus: a press on an option must not blur it.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", ({ target }) => {
    const option = target.closest("[role=option]");
    if (option) choose([...list.children].indexOf(option));
  });
  signal.addEventListener("abort", () => list.remove());
}
