// A small table of emoji; the ones used lately stand first.

import { $ } from "../lib/dom.js";

const EMOJI = [
  "😀 😄 😁 😅 😂 🤣 😊 😇 🙂 🙃 😉 😍 🥰 😘 😋 😎 🤩 🥳 🤔 🤗 😐 😶 🙄 😏 😴 😌 😔 😕 🙁 😣 😞 😟 😢 😭 😤 😠 😱 😨 😰 😳 🤯 🤒 🤕",
  "👍 👎 👌 🙌 👏 🙏 🤝 💪 👋 ✌️ 🤞 👉 👈 👆 👇 ☝️ ✋ ✍️ 🙋 🤷 🙆 🙅",
  "❤️ 🧡 💛 💚 💙 💜 🖤 💔 💯 ✨ ⭐ 🌟 🔥 🎉 🎊 🎁 🌹 🌸 🍀 ☀️ 🌈 ☕ 🍻 🎂",
  "✅ ❌ ❓ ❗ ⚠️ ℹ️ ⏰ ⏳ 📌 📎 📦 🚚 ✈️ 🏠 🏢 💰 💳 🧾 🛒 📞 📱 💻 🖥️ 🖨️ 🔧 🔒 🔑 🔍 📷 📄 📧 📅",
].map((group) => group.split(" "));
const LATELY = 12;
const KEY = "emoji-lately";

function lately() {
  try {
    const known = new Set(EMOJI.flat());
    return (JSON.parse(localStorage.getItem(KEY)) ?? []).filter((emoji) => known.has(emoji));
  } catch {
    return [];
  }
}

function remember(emoji) {
  try {
    const list = [emoji, ...lately().filter((other) => other !== emoji)].slice(0, LATELY);
    localStorage.setItem(KEY, JSON.stringify(list));
  } catch {
    // No storage: nothing stands first.
  }
}

/** `button` opens the table; `onChoose(emoji)` hears of each one chosen. */
export function emojiPicker({ button, onChoose, signal }) {
  const table = $("#emoji");
  const options = { signal };

  const draw = () => {
    const groups = [lately(), ...EMOJI].filter((group) => group.length);
    table.replaceChildren(
      ...groups.map((group) => {
        const row = document.createElement("div");
        row.append(
          ...group.map((emoji) => {
            const choice = document.createElement("button");
            choice.type = "button";
            choice.textContent = emoji;
            choice.tabIndex = -1;
            return choice;
          }),
        );
        return row;
      }),
    );
    $("button", table).tabIndex = 0;
  };

  button.addEventListener("click", () => {
    draw();
    const place = button.getBoundingClientRect();
    table.style.insetInlineStart = `${Math.max(8, Math.min(place.left, innerWidth - 340))}px`;
    table.style.insetBlockEnd = `${innerHeight - place.top + 6}px`;
    table.togglePopover(true);
    $("button", table).focus();
  }, options);

  table.addEventListener("click", ({ target }) => {
    const choice = target.closest("button");
    if (!choice) return;
    remember(choice.textContent);
    table.hidePopover();
    onChoose(choice.textContent);
  }, options);

  table.addEventListener("keydown", (event) => {
    const choices = [...table.querySelectorAll("button")];
    const at = choices.indexOf(document.activeElement);
    const perRow = Math.max(1, Math.floor(table.clientWidth / (choices[0]?.offsetWidth || 36)));
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: perRow, ArrowUp: -perRow }[event.key];
    if (!step) return;
    event.preventDefault();
    choices[Math.max(0, Math.min(choices.length - 1, at + step))].focus();
  }, options);
}
