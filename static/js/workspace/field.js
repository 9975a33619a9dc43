// The field one writes in: CodeMirror over a Yjs text, alone or together with colleagues.

import {
  Compartment,
  EditorState,
  EditorView,
  keymap,
  standardKeymap,
  yCollab,
  ySyncAnnotation,
  yUndoManagerKeymap,
} from "../../vendor/editor.js";
import { $ } from "../lib/dom.js";
import { carets } from "./carets.js";

const LOOK = [
  EditorView.cspNonce.of($("meta[property=csp-nonce]").nonce), // its style sheet is let in by this
  EditorView.editorAttributes.of({ class: "field" }),
  EditorView.lineWrapping,
];

/**
 * `new Field({place, most})`: takes the place of an element, its `id` and its ARIA attributes.
 *
 * Tells of "input" (somebody here changed the text), "change" (it is another text in any way) and
 * "full" (no room for what was to be put in). `most` is how many characters there may be.
 */
export class Field extends EventTarget {
  #view;
  #most;
  #attributes = {
    ...{ spellcheck: "true", autocorrect: "on", autocapitalize: "sentences" },
    writingsuggestions: "true",
  };
  #facts = new Compartment();
  #undo = null;

  constructor({ place, most }) {
    super();
    this.#most = most;
    for (const { name, value } of place.attributes) {
      if (name === "id" || name === "role" || name.startsWith("aria-")) this.#attributes[name] = value;
    }
    this.#view = new EditorView({ extensions: LOOK });
    place.replaceWith(this.#view.dom);
    const { contentDOM } = this.#view;
    contentDOM.addEventListener("compositionend", () => setTimeout(() => this.#tell("input")));
    contentDOM.addEventListener("beforeinput", (event) => this.#overwrite(event), true);
  }

  /** The element around the text: its keys and what is pasted reach it before the editor. */
  get root() {
    return this.#view.dom;
  }

  /** The element that has the focus and the ARIA attributes. */
  get element() {
    return this.#view.contentDOM;
  }

  get value() {
    return this.#view.state.doc.toString();
  }

  get selectionStart() {
    return this.#view.state.selection.main.from;
  }

  get selectionEnd() {
    return this.#view.state.selection.main.to;
  }

  get isComposing() {
    return this.#view.compositionStarted;
  }

  focus() {
    this.#view.focus();
  }

  blur() {
    this.element.blur();
  }

  close() {
    this.#view.destroy();
  }

  /** Write on this from now on: `{text, undo, awareness}`, the last being null if one is alone. */
  show({ text, undo, awareness }) {
    const keepsFocus = this.#view.hasFocus;
    this.#undo = undo;
    this.#view.setState(
      EditorState.create({
        doc: text.toString(),
        selection: { anchor: text.length },
        extensions: [
          LOOK,
          keymap.of([...yUndoManagerKeymap, ...standardKeymap]),
          yCollab(text, null, { undoManager: undo }),
          awareness ? carets(text, awareness) : [],
          this.#facts.of(this.#asFacts()),
          EditorState.transactionFilter.of((change) => this.#fits(change)),
          EditorView.updateListener.of((update) => this.#updated(update)),
        ],
      }),
    );
    if (keepsFocus) this.focus();
    this.#tell("change");
  }

  /** Set attributes of the text's element, among them `aria-readonly`. */
  describe(attributes) {
    const known = this.#attributes;
    if (Object.entries(attributes).every(([name, value]) => known[name] === value)) return;
    Object.assign(known, attributes);
    this.#view.dispatch({ effects: this.#facts.reconfigure(this.#asFacts()) });
  }

  /** Put a text in the place of a part, by default of what is selected; the caret goes behind it. */
  insert(text, from = this.selectionStart, to = this.selectionEnd) {
    this.#change({ changes: { from, to, insert: text }, selection: { anchor: from + text.length } });
  }

  /** Put a mark of stars on both sides of what is selected, or take it away if it is there. */
  wrap(mark) {
    const { value } = this;
    let [from, to] = [this.selectionStart, this.selectionEnd];
    while (from < to && /\s/.test(value[from])) from += 1; // beside a space it would mark nothing
    while (from < to && /\s/.test(value[to - 1])) to -= 1;
    const stars = Math.min(
      value.slice(0, from).match(/\**$/)[0].length,
      value.slice(to).match(/^\**/)[0].length,
    );
    const { length } = mark;
    const isMarked = length === 2 ? stars >= 2 : stars % 2 === 1;
    const by = isMarked ? -length : length;
    this.#change({
      changes: isMarked
        ? [{ from: from - length, to: from }, { from: to, to: to + length }]
        : [{ from, insert: mark }, { from: to, insert: mark }],
      selection: { anchor: from + by, head: to + by },
    });
  }

  select(from, to = from) {
    this.#view.dispatch({ selection: { anchor: from, head: to } });
  }

  /** `{left, top, bottom}` in the window of the character at `index`. */
  placeOf(index) {
    return this.#view.coordsAtPos(index) ?? this.root.getBoundingClientRect();
  }

  // --- inside ------------------------------------------------------------------------------

  #change(change) {
    this.focus();
    this.#undo.stopCapturing(); // it is undone by itself, and what follows it too
    this.#view.dispatch({ ...change, scrollIntoView: true, userEvent: "input" });
    this.#undo.stopCapturing();
  }

  #asFacts() {
    const isReadOnly = this.#attributes["aria-readonly"] === "true";
    return [
      EditorState.readOnly.of(isReadOnly),
      EditorView.contentAttributes.of({ ...this.#attributes }),
    ];
  }

  /**
   * What is written over a part is new in every letter: what was there may be on its way, and leave.
   * The editor looks for the fewest letters that differ, where it was not told of the selection yet.
   */
  #overwrite(event) {
    if (event.inputType !== "insertText" || !event.data || this.isComposing) return;
    const chosen = getSelection();
    const part = chosen.isCollapsed ? null : chosen.getRangeAt(0);
    if (!part || !this.element.contains(part.commonAncestorContainer)) return;
    event.preventDefault();
    if (this.#view.state.readOnly) return;
    const from = this.#view.posAtDOM(part.startContainer, part.startOffset);
    const to = this.#view.posAtDOM(part.endContainer, part.endOffset);
    this.#view.dispatch({
      changes: { from, to, insert: event.data },
      selection: { anchor: from + event.data.length },
      scrollIntoView: true,
      userEvent: "input.type",
    });
  }

  #fits(change) {
    const { newDoc, startState } = change;
    if (!change.docChanged || change.annotation(ySyncAnnotation)) return change;
    if (newDoc.length <= this.#most || newDoc.length <= startState.doc.length) return change;
    this.#tell("full");
    return [];
  }

  #updated({ docChanged, transactions }) {
    if (!docChanged) return;
    if (transactions.some((one) => one.docChanged && !one.annotation(ySyncAnnotation))) {
      this.#tell("input");
    }
    this.#tell("change");
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
