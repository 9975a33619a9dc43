// The issue type and the tags of the open conversation: fields that offer what is in use.

import { $, $$, clone, isComposing } from "../lib/dom.js";
import { requestJson } from "../lib/http.js";

const BELOW = 220; // px that what is offered wants; with less it stands above its field

const tidy = (text) => text.normalize().replace(/\s+/g, " ").trim();
const tagsOf = (place) => $$("[data-tag]", place).map((chip) => chip.dataset.tag);

/**
 * `new Labels({root, panel, acts})`: `panel` is the context panel, `acts()` are the acts of the
 * open conversation. Changes go out one after the other, each naming what it replaces.
 */
export class Labels {
  #root;
  #panel;
  #acts;
  #list = $("#labels-offer");
  #known = { tag: [], "issue-type": [] };
  #field = null; // the one that is being filled in
  #seen = ""; // the issue type when its field was entered
  #turn = Promise.resolve();

  constructor({ root, panel, acts }) {
    this.#root = root;
    this.#panel = panel;
    this.#acts = acts;
    panel.addEventListener("focusin", ({ target }) => {
      if (target.matches("[data-label]") && target !== this.#field) this.#enter(target);
    });
    panel.addEventListener("focusout", ({ target }) => target === this.#field && this.#left());
    panel.addEventListener("input", ({ target }) => target === this.#field && this.#show());
    panel.addEventListener("keydown", (event) => {
      if (event.target === this.#field && !isComposing(event)) this.#pressed(event);
    });
    panel.addEventListener("click", (event) => this.#clicked(event));
    panel.addEventListener("scroll", () => this.#stand());
    addEventListener("resize", () => this.#stand());
    this.#list.addEventListener("mousedown", (event) => event.preventDefault()); // stay in the field
    this.#list.addEventListener("click", ({ target }) => {
      const option = target.closest("[role=option]");
      if (option) this.#take(option.dataset.value);
    });
    document.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-field]");
      if (button) this.#goTo(button);
    });
  }

  /** The panel was drawn anew. What is being written in a field stays. */
  drawn() {
    if (this.#field && !this.#field.isConnected) this.#leave();
    const type = $("#issue-type");
    if (type && type !== this.#field) type.value = this.#place.dataset.issueType;
    if (this.#field && this.#isShown) this.#show();
  }

  // --- in a field --------------------------------------------------------------------------

  get #place() {
    return $("#labels");
  }

  get #isType() {
    return this.#field.dataset.label === "issue-type";
  }

  get #isShown() {
    return this.#list.matches(":popover-open");
  }

  #enter(field) {
    this.#field = field;
    field.setAttribute("hx-morph-skip", "");
    this.#seen = this.#place.dataset.issueType;
    if (this.#isType) field.select();
    this.#show();
    this.#ask();
  }

  async #ask() {
    try {
      const { tags, issue_types } = await requestJson(this.#root.dataset.labels);
      this.#known = { tag: tags, "issue-type": issue_types };
      if (this.#field) this.#show();
    } catch {
      // Nobody answered: one can still write it.
    }
  }

  #left() {
    if (document.activeElement === this.#field) this.#hide(); // only the window was left
    else this.#leave();
  }

  #leave() {
    this.#hide();
    const field = this.#field;
    this.#field = null;
    field.removeAttribute("hx-morph-skip");
    if (field.dataset.label === "issue-type" && field.isConnected) {
      field.value = this.#place.dataset.issueType;
    }
  }

  #pressed(event) {
    const options = [...this.#list.children];
    const at = options.findIndex((option) => option.ariaSelected === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !this.#isShown) this.#show();
    else if (step && options.length) {
      const from = at < 0 && step < 0 ? 0 : at;
      this.#mark(options[(from + step + options.length) % options.length]);
    } else if (event.key === "Enter") {
      this.#take(this.#isShown && at >= 0 ? options[at].dataset.value : tidy(this.#field.value));
    } else if (event.key === "Escape") {
      if (this.#isShown && this.#field.value) this.#hide();
      else this.#field.blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // --- what is offered ---------------------------------------------------------------------

  #show() {
    const text = tidy(this.#field.value);
    const untouched = this.#isType && text === this.#seen;
    const wanted = untouched ? "" : text.toLocaleLowerCase();
    const there = this.#isType ? [] : tagsOf(this.#place);
    const known = this.#known[this.#field.dataset.label].filter((one) => !there.includes(one));
    const found = known.filter((one) => one.toLocaleLowerCase().includes(wanted));
    const same = found.find((one) => one.toLocaleLowerCase() === text.toLocaleLowerCase());
    const options = found.map((one) => optionOf("label-option", one));
    if (text && !untouched && !same && !there.includes(text)) {
      options.push(optionOf("label-new", text));
    }
    for (const [index, option] of options.entries()) option.id = `label-${index}`;
    this.#list.replaceChildren(...options);
    if (!options.length) return this.#hide();
    if (!this.#isShown) this.#list.showPopover();
    this.#field.ariaExpanded = "true";
    this.#mark(same && options.find((option) => option.dataset.value === same));
    this.#stand();
  }

  #hide() {
    if (this.#isShown) this.#list.hidePopover();
    this.#field.ariaExpanded = "false";
    this.#field.removeAttribute("aria-activedescendant");
  }

  #mark(chosen) {
    for (const option of this.#list.children) option.ariaSelected = String(option === chosen);
    if (chosen) this.#field.setAttribute("aria-activedescendant", chosen.id);
    else this.#field.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  /** Put it below its field, or above where there is more room. */
  #stand() {
    if (!this.#field || !this.#isShown) return;
    const { left, top, bottom, width } = this.#field.getBoundingClientRect();
    const { style } = this.#list;
    const room = innerHeight - bottom;
    const isAbove = room < BELOW && top > room;
    style.left = `${left}px`;
    style.inlineSize = `${width}px`;
    style.top = isAbove ? "auto" : `${bottom + 4}px`;
    style.bottom = isAbove ? `${innerHeight - top + 4}px` : "auto";
    style.maxBlockSize = `${Math.min(320, (isAbove ? top : room) - 12)}px`;
  }

  // --- changes -----------------------------------------------------------------------------

  #clicked({ target, detail }) {
    const chip = target.closest("[data-untag]")?.closest("[data-tag]");
    if (chip) this.#untag(chip, detail === 0);
    else if (target.closest("[data-no-type]")) this.#classify("", this.#place.dataset.issueType);
    else if (target === this.#field && !this.#isShown) this.#show();
  }

  #take(value) {
    if (this.#isType) {
      this.#classify(value, this.#seen);
      this.#field.blur();
    } else if (value) {
      this.#tag(value);
    }
  }

  async #tag(tag) {
    const field = this.#field;
    field.value = "";
    const done = await this.#change("tags", (place) => {
      const instead_of = tagsOf(place);
      if (!instead_of.includes(tag)) $("#label-tags", place).append(tagOf(tag));
      return { tags: [...instead_of, tag], instead_of };
    });
    if (!done && !field.value) field.value = tag; // nothing that was written is lost
    if (field === this.#field) this.#show();
  }

  #untag(chip, byKey) {
    const { tag } = chip.dataset;
    const next = chip.nextElementSibling ?? chip.previousElementSibling;
    if (byKey) (next ? $("[data-untag]", next) : $("#add-tag"))?.focus();
    this.#change("tags", (place) => {
      const instead_of = tagsOf(place);
      $$("[data-tag]", place).find((one) => one.dataset.tag === tag)?.remove();
      return { tags: instead_of.filter((one) => one !== tag), instead_of };
    });
  }

  #classify(issue_type, instead_of) {
    const place = this.#place;
    if (issue_type === instead_of) return;
    place.dataset.issueType = issue_type;
    this.drawn();
    this.#change("issue-type", () => ({ issue_type, instead_of }));
  }

  /** Do it when what was begun before is done; `read` says then what is to be sent. */
  #change(act, read) {
    const [acts, place] = [this.#acts(), this.#place];
    this.#turn = this.#turn.then(() => acts.do(act, read(place)));
    return this.#turn;
  }

  /** Turn to a field from the menu of acts, or from the palette. */
  #goTo(button) {
    const menu = button.closest("[popover]");
    if (menu?.matches(":popover-open")) menu.hidePopover();
    $("#panel-labels").open = true;
    this.#root.dataset.screen = "panel";
    // A panel that slides in takes the focus only once it is visible.
    requestAnimationFrame(() => requestAnimationFrame(() => $(`#${button.dataset.field}`).focus()));
  }
}

function optionOf(template, value) {
  const option = clone(template);
  option.dataset.value = value;
  $("[data-text]", option).textContent = value;
  return option;
}

/** A tag on its way: the server's own takes its place. */
function tagOf(tag) {
  const chip = clone("label-tag");
  chip.dataset.tag = tag;
  $("[data-text]", chip).textContent = tag;
  return chip;
}
