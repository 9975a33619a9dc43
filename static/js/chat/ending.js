// After the end of a conversation: its rating, and the way to another one.

import { $, $$ } from "../lib/dom.js";

const ASIDE = ["rated", "recalled", "edited"]; // told after an end, they leave it the end

export class Ending {
  #card;
  #form;
  #session;
  #say;
  #onFailure;
  #resolution = 0; // number of the event that ended it; 0 while it goes on
  #rating = null;

  /** - `onFailure(error)`: the rating was not taken */
  constructor({ card, session, say, onFailure }) {
    this.#card = card;
    this.#form = $("[data-rating]", card);
    this.#session = session;
    this.#say = say;
    this.#onFailure = onFailure;
    this.#form.addEventListener("change", () => {
      this.#askMore();
      card.scrollIntoView(false); // it has grown
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    $("[data-change]", card).addEventListener("click", () => this.#show(false));
  }

  /** Another conversation is on the screen, with the rating it was last given, if any. */
  startOver(rating = null) {
    this.#rating = rating;
    this.#resolution = 0;
    this.#form.reset();
    this.#card.hidden = true;
  }

  /** The server's word on the last rating, known later than the entries perhaps. */
  remember(rating) {
    this.#rating = rating ?? null;
    if (this.#resolution) this.#show(this.#isRated);
  }

  /** An entry came: the end, or something after it. */
  heard(entry) {
    const type = entry.event?.type;
    if (ASIDE.includes(type)) return;
    this.#resolution = type === "resolved" ? entry.seq : 0;
    this.#card.hidden = !this.#resolution;
    if (this.#resolution) this.#show(this.#isRated);
  }

  get #isRated() {
    return this.#rating?.resolution === this.#resolution;
  }

  #show(isRated) {
    this.#form.hidden = isRated;
    $("[data-rated]", this.#card).hidden = !isRated;
    if (this.#isRated) {
      $("[data-rated-text]", this.#card).textContent = this.#say("rated", this.#rating);
      this.#form.elements.score.value = this.#rating.score;
      this.#form.elements.comment.value = this.#rating.comment;
    }
    this.#askMore();
  }

  #askMore() {
    const score = Number(this.#form.elements.score.value);
    $$(".stars label", this.#form).forEach((star, index) => {
      star.toggleAttribute("data-lit", index < score);
    });
    $("[data-more]", this.#form).hidden = !score;
  }

  async #send() {
    const { score, comment } = this.#form.elements;
    const resolution = this.#resolution;
    const data = { score: Number(score.value), comment: comment.value };
    const button = $("[type=submit]", this.#form);
    button.disabled = true;
    try {
      const { conversation } = this.#session.current;
      const rated = await this.#session.ask(`rating?conversation=${conversation}`, data);
      if (this.#resolution === resolution) this.remember({ resolution, ...rated });
    } catch (error) {
      this.#onFailure(error);
    }
    button.disabled = false;
  }
}
