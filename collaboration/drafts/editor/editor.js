// What the composer uses of CodeMirror and Yjs. Whatever is added here makes the bundle larger.

export { standardKeymap } from "@codemirror/commands";
export { Annotation, Compartment, EditorState } from "@codemirror/state";
export { Decoration, EditorView, ViewPlugin, WidgetType, keymap } from "@codemirror/view";
export { readVarUint } from "lib0/decoding";
export { createEncoder, toUint8Array, writeVarUint } from "lib0/encoding";
export { writeSyncStep1 } from "y-protocols/sync";
export { ySyncAnnotation, yCollab, yUndoManagerKeymap } from "y-codemirror.next";
export { WebsocketProvider } from "y-websocket";
export {
  Doc,
  UndoManager,
  applyUpdate,
  compareRelativePositions,
  createAbsolutePositionFromRelativePosition,
  createRelativePositionFromJSON,
  createRelativePositionFromTypeIndex,
  mergeUpdates,
} from "yjs";
