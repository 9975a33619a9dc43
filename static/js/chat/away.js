// When nobody is there: a sentence that says so, and a form for how to reach the customer.

import { $ } from "../lib/dom.js";

export class Away {
  #card;
  #form;
  #session;
  #onFailure;

  /** - `onFailure(error)`: what was filled in was not taken */
  constructor({ card, isAway, session, onFailure }) {
    this.#card = card;
    this.#form = $("[data-contact]", card);
    this.#session = session;
    this.#onFailure = onFailure;
    card.hidden = !isAway;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  /** The server said how things are: whether nobody is there, what is known of the customer. */
  show({ away, contact }) {
    this.#card.hidden = !away;
    this.#form.hidden = Boolean(contact.email);
    this.#form.elements.name.value ||= contact.name;
  }

  /** Somebody else is here. */
  startOver() {
    this.#form.reset();
    this.#form.hidden = false;
    $("[data-kept]", this.#card).hidden = true;
  }

  async #send() {
    const button = $("[type=submit]", this.#form);
    button.disabled = true;
    try {
      await this.#session.authorise();
      await this.#session.ask("contact", Object.fromEntries(new FormData(this.#form)));
      this.#form.hidden = true;
      $("[data-kept]", this.#card).hidden = false;
    } catch (error) {
      this.#onFailure(error);
    }
    button.disabled = false;
  }
}
