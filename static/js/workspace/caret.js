// Where in a text field the caret stands, as a place on the screen.

const COPIED = [
  ...["fontFamily", "fontSize", "fontWeight", "fontStyle", "letterSpacing", "lineHeight"],
  ...["paddingTop", "paddingRight", "paddingBottom", "paddingLeft", "textIndent", "tabSize"],
  ...["wordBreak", "lineBreak", "boxSizing"],
];

/** `{left, top, height}` in the window of the character at `index` of a textarea. */
export function caretPlace(field, index = field.selectionStart) {
  const mirror = document.createElement("div");
  const style = getComputedStyle(field);
  for (const name of COPIED) mirror.style[name] = style[name];
  mirror.className = "mirror";
  mirror.style.inlineSize = `${field.clientWidth}px`;
  mirror.textContent = field.value.slice(0, index);
  const mark = document.createElement("span");
  mark.textContent = "\u200b";
  mirror.append(mark);
  document.body.append(mirror);
  const box = field.getBoundingClientRect();
  const place = {
    left: box.left + mark.offsetLeft,
    top: box.top + mark.offsetTop - field.scrollTop,
    height: mark.offsetHeight,
  };
  mirror.remove();
  return place;
}
