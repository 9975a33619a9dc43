// What a note offers: behind `@` colleagues and teams who may see it, behind `#` the tags in use.

import { requestJson } from "../lib/http.js";

/** People of a conversation; `url` is the conversation's, `isSensitive()` whether the note is. */
export const people = (url, isSensitive) => ({
  begins: /(?:^|[^\w.+-])[@＠]([^\s@＠][^\n@＠]{0,40}|)$/u,
  ask: async (text) => {
    const among = isSensitive() ? "sensitive=1&" : "";
    const found = await requestJson(`${url}mentionable/?${among}q=${encodeURIComponent(text)}`);
    return found.people;
  },
  draw: (person) => {
    const avatar = document.createElement("span");
    avatar.setAttribute("aria-hidden", "true");
    avatar.className = `avatar xs ${person.colour ? `p${person.colour}` : ""}`;
    avatar.textContent = [...person.name][0].toUpperCase();
    if (person.kind !== "agent") return [avatar, named(person)];
    avatar.dataset.statusOf = person.id;
    avatar.dataset.status = person.status;
    const status = document.createElement("small");
    status.dataset.statusWordOf = person.id;
    return [avatar, named(person), status];
  },
});

/** Tags in use, those first that begin with what was typed; they are asked for once per sign. */
export function tags(url) {
  let known = [];
  return {
    begins: /(?:^|[^\w&#＃/])[#＃]([^\s#＃][^\n#＃]{0,40}|)$/u,
    ask: async (text) => {
      if (!text || !known.length) known = (await requestJson(url)).tags;
      const wanted = text.toLocaleLowerCase();
      const placeIn = (tag) => tag.toLocaleLowerCase().indexOf(wanted);
      return known
        .filter((tag) => placeIn(tag) >= 0 && tag !== text)
        .sort((one, other) => (placeIn(one) > 0) - (placeIn(other) > 0))
        .map((name) => ({ name }));
    },
    draw: (tag) => [named(tag)],
  };
}

function named({ name }) {
  const text = document.createElement("span");
  text.textContent = name;
  return text;
}
