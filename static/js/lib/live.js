// The page's one socket, for the parts of a page that hear or say something on it.

const listeners = new Map();
let stream = null;

/** Name the stream whose frames are handed to `deliver`. */
export const connect = (one) => {
  stream = one;
};

/** Call `listener(frame)` with every frame of a type. */
export function hears(type, listener) {
  if (!listeners.has(type)) listeners.set(type, []);
  listeners.get(type).push(listener);
}

/** A frame arrived. */
export function deliver(frame) {
  for (const listener of listeners.get(frame.type) ?? []) {
    try {
      listener(frame);
    } catch (error) {
      console.error(error); // one part that fails must not keep the others from hearing
    }
  }
}

/** Say what is only worth something now. False if nobody can hear it. */
export const send = (frame) => stream?.send(frame) ?? false;

/** Whether the socket works, so that nobody need ask by other ways. */
export const isHeard = () => stream?.light.state === "live" && !stream.light.polling;
