// A short chime for an answer that nobody is looking at, unless it was switched off.

const NOTES = [880, 1174.7]; // hertz
const LENGTH = 0.18; // seconds of each

export class Sound {
  #button;
  #memory;
  #say;
  #context = null;

  constructor({ button, memory, say }) {
    this.#button = button;
    this.#memory = memory;
    this.#say = say;
    button.addEventListener("click", () => {
      memory.remember("muted", !this.#isMuted);
      this.#show();
    });
    this.#show();
  }

  /** Browsers let a page sound only after somebody touched it, and complain if it tries before. */
  chime() {
    if (this.#isMuted || !navigator.userActivation?.hasBeenActive) return;
    this.#context ??= new AudioContext();
    const { currentTime, destination } = this.#context;
    NOTES.forEach((hertz, index) => {
      const tone = new OscillatorNode(this.#context, { frequency: hertz });
      const volume = new GainNode(this.#context, { gain: 0 });
      const from = currentTime + index * LENGTH * 0.6;
      volume.gain.setValueAtTime(0.12, from);
      volume.gain.exponentialRampToValueAtTime(0.001, from + LENGTH);
      tone.connect(volume).connect(destination);
      tone.start(from);
      tone.stop(from + LENGTH);
    });
  }

  get #isMuted() {
    return Boolean(this.#memory.recall("muted"));
  }

  #show() {
    this.#button.dataset.muted = this.#isMuted;
    this.#button.title = this.#button.ariaLabel = this.#say(this.#isMuted ? "sound-on" : "sound-off");
  }
}
