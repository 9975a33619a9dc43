// Where colleagues stand in the text: their caret with their name, and what they have selected.

import {
  Annotation,
  Decoration,
  ViewPlugin,
  WidgetType,
  compareRelativePositions,
  createAbsolutePositionFromRelativePosition,
  createRelativePositionFromJSON,
  createRelativePositionFromTypeIndex,
} from "../../vendor/editor.js";

const moved = Annotation.define();

class Caret extends WidgetType {
  constructor(client, { name, colour }) {
    super();
    this.client = client;
    this.name = name;
    this.colour = colour;
  }

  eq(other) {
    return this.client === other.client && this.name === other.name;
  }

  toDOM() {
    const caret = document.createElement("span");
    caret.className = `caret p${this.colour}`;
    caret.setAttribute("aria-hidden", "true");
    const flag = document.createElement("i");
    flag.textContent = this.name;
    caret.append("\u2060", flag, "\u2060");
    return caret;
  }

  get estimatedHeight() {
    return -1;
  }

  ignoreEvent() {
    return true;
  }
}

class Carets {
  constructor(view, text, awareness) {
    this.text = text;
    this.awareness = awareness;
    this.listener = ({ added, updated, removed }) => {
      const own = awareness.clientID;
      if ([...added, ...updated, ...removed].some((client) => client !== own)) {
        view.dispatch({ annotations: moved.of(true) });
      }
    };
    awareness.on("change", this.listener);
    this.decorations = this.#draw(view.state);
  }

  update({ view, state, docChanged, selectionSet, focusChanged, transactions }) {
    const isMoved = transactions.some((one) => one.annotation(moved));
    if (docChanged || selectionSet || focusChanged) this.#tell(view);
    if (docChanged || isMoved) this.decorations = this.#draw(state);
  }

  destroy() {
    this.awareness.off("change", this.listener);
    this.awareness.setLocalStateField("cursor", null);
  }

  /** Tell colleagues where this agent stands. */
  #tell(view) {
    const known = this.awareness.getLocalState()?.cursor ?? null;
    if (!view.hasFocus) {
      if (known) this.awareness.setLocalStateField("cursor", null);
      return;
    }
    const { anchor, head } = view.state.selection.main;
    const [from, to] = [anchor, head].map((at) =>
      createRelativePositionFromTypeIndex(this.text, at),
    );
    const isThere = (place, before) =>
      compareRelativePositions(createRelativePositionFromJSON(before), place);
    if (known && isThere(from, known.anchor) && isThere(to, known.head)) return;
    this.awareness.setLocalStateField("cursor", { anchor: from, head: to });
  }

  #draw(state) {
    const found = [];
    for (const [client, { cursor, user }] of this.awareness.getStates()) {
      if (client === this.awareness.clientID || !user) continue;
      const anchor = this.#place(cursor?.anchor, state);
      const head = this.#place(cursor?.head, state);
      if (anchor === null || head === null) continue;
      const [from, to] = [Math.min(anchor, head), Math.max(anchor, head)];
      if (from < to) found.push(Decoration.mark({ class: `chosen p${user.colour}` }).range(from, to));
      found.push(
        Decoration.widget({ widget: new Caret(client, user), side: head > anchor ? -1 : 1 }).range(
          head,
        ),
      );
    }
    return Decoration.set(found, true);
  }

  /** Where a position of another client is here; null if it is in no text of ours. */
  #place(position, state) {
    if (!position) return null;
    try {
      const relative = createRelativePositionFromJSON(position);
      const found = createAbsolutePositionFromRelativePosition(relative, this.text.doc);
      return found?.type === this.text ? Math.min(found.index, state.doc.length) : null;
    } catch {
      return null; // whatever that client said, it is no position
    }
  }
}

/** An extension for a view over `text`: `carets(text, awareness)`. */
export const carets = (text, awareness) =>
  ViewPlugin.define((view) => new Carets(view, text, awareness), {
    decorations: (plugin) => plugin.decorations,
  });
