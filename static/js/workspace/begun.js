// The texts that colleagues have begun to write together: conversation → mode → who wrote last.

import { hears } from "../lib/live.js";

const known = new Map();

/** `{reply: "Ming"}` for a conversation with a begun reply; `{}` if nothing is begun. */
export const begunOn = (conversation) => known.get(conversation) ?? {};

/** Call `listener(conversation)` with every change. */
export function whenBegun(listener, { signal } = {}) {
  document.addEventListener("begun", ({ detail }) => listener(detail), { signal });
}

hears("drafting", ({ conversation, begun }) => {
  if (Object.keys(begun).length) known.set(conversation, begun);
  else known.delete(conversation);
  document.dispatchEvent(new CustomEvent("begun", { detail: conversation }));
});
