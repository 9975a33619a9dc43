// `@` in a note offers colleagues and teams who may see the conversation.

import { isComposing, whenQuiet } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";

const ASKS = 120; // ms of quiet before the server is asked
const BEGINS = /(?:^|[^\w.+-])[@＠]([^\s@＠][^\n@＠]{0,40}|)$/u; // up to the caret
let number = 0;

/**
 * `attachMentions(field, {url, isOn, signal})`
 *
 * - `url`: of the conversation; people are asked at `url + "mentionable/"`
 * - `isOn()`: whether the field is one for colleagues now (a note)
 * - `signal`: takes it off again
 * Nothing happens while an input method composes.
 */
export function attachMentions(field, { url, isOn, signal }) {
  const list = document.createElement("ul");
  const id = `mentions-${(number += 1)}`;
  let people = [];
  let chosen = 0;
  let asked = null; // what the shown people answer

  list.id = id;
  list.className = "mentions popover";
  list.setAttribute("role", "listbox");
  list.hidden = true;
  const { element, root } = field;
  root.after(list);
  element.setAttribute("aria-controls", id);

  /** What stands between the sign and the caret; null where nobody is being mentioned. */
  const query = () => {
    if (!isOn() || field.selectionStart !== field.selectionEnd) return null;
    return field.value.slice(0, field.selectionStart).match(BEGINS)?.[1] ?? null;
  };

  function hide() {
    list.hidden = true;
    people = [];
    element.removeAttribute("aria-activedescendant");
  }

  function mark(next) {
    chosen = (next + people.length) % people.length;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", at === chosen));
    element.setAttribute("aria-activedescendant", `${id}-${chosen}`);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  }

  function show() {
    list.replaceChildren(
      ...people.map((person, at) => {
        const option = document.createElement("li");
        const avatar = document.createElement("span");
        const name = document.createElement("span");
        option.id = `${id}-${at}`;
        option.setAttribute("role", "option");
        avatar.setAttribute("aria-hidden", "true");
        avatar.className = `avatar xs ${person.colour ? `p${person.colour}` : ""}`;
        avatar.textContent = [...person.name][0].toUpperCase();
        name.textContent = person.name;
        option.append(avatar, name);
        if (person.kind === "agent") {
          avatar.dataset.statusOf = person.id;
          avatar.dataset.status = person.status;
          const status = document.createElement("small");
          status.dataset.statusWordOf = person.id;
          option.append(status);
        }
        return option;
      }),
    );
    list.hidden = false;
    mark(0);
  }

  const ask = whenQuiet(ASKS, async () => {
    const text = query();
    if (signal.aborted || text === null) return hide();
    asked = text;
    try {
      const found = await requestJson(`${url}mentionable/?q=${encodeURIComponent(text)}`);
      if (signal.aborted || asked !== text || query() !== text) return;
      people = found.people;
    } catch {
      people = []; // nobody answered: one can still write the name
    }
    if (people.length) show();
    else hide();
  });

  function choose(at) {
    const text = query();
    if (text === null) return hide();
    const end = field.selectionStart;
    const { name } = people[at];
    hide();
    field.insert(`${name} `, end - text.length, end);
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
