// Who else is on the open conversation: the stack in its head, the words in the panel.

import { $, $$, clone } from "../lib/dom.js";

const initial = (name) => [...name.trim()][0]?.toUpperCase() ?? "?";

/** Show the agents of a presence frame, `{id, name, colour, state}`; the reader knows of themselves. */
export function showPeople(agents, { reader, say }) {
  const others = agents.filter((agent) => agent.id !== reader);
  const doing = new Map(others.map((agent) => [agent.id, say(`doing-${agent.state}`)]));

  $("#people").replaceChildren(
    ...others.map((agent) => {
      const person = clone("person");
      const words = say("person-doing", { name: agent.name, doing: doing.get(agent.id) });
      person.classList.add(`p${agent.colour}`);
      person.dataset.state = agent.state;
      person.dataset.agent = agent.id;
      person.title = words;
      $("[data-initial]", person).textContent = initial(agent.name);
      $("[data-name]", person).textContent = words;
      return person;
    }),
  );

  const watching = $("[data-watching]");
  if (watching) watching.dataset.watching = others.length < agents.length ? "seen" : "unseen";

  const list = $("#participants");
  for (const onlooker of $$("[data-onlooker]", list)) onlooker.remove();
  for (const participant of $$("[data-agent]", list)) {
    const id = Number(participant.dataset.agent);
    $("[data-doing]", participant).textContent = doing.get(id) ?? "";
    doing.delete(id);
  }
  for (const agent of others.filter(({ id }) => doing.has(id))) {
    const onlooker = clone("onlooker");
    const avatar = $(".avatar", onlooker);
    avatar.classList.add(`p${agent.colour}`);
    avatar.textContent = initial(agent.name);
    $("[data-name]", onlooker).textContent = agent.name;
    $("[data-doing]", onlooker).textContent = doing.get(agent.id);
    list.append(onlooker);
  }
}

/** A supervisor who watches unseen turns to the note, joins or takes over, beside the sentence. */
export function tendWatching({ onWhisper, onAct, signal }) {
  const answer = ({ target }) => {
    const way = target.closest("[data-way]")?.dataset.way;
    if (way === "whisper") onWhisper();
    else if (way) onAct(way);
  };
  $("#talk-watching").addEventListener("click", answer, { signal });
}
