// The title of the page, with the number of notices before it: "(3) Lin · Tandem".

let bare = document.title;
let count = 0;

function show() {
  const shown = `${count ? `(${count > 99 ? "99+" : count}) ` : ""}${bare}`;
  if (document.title !== shown) document.title = shown;
}

/** What the page is called. */
export function entitle(text) {
  bare = text;
  show();
}

/** How many notices wait. */
export function countInTitle(number) {
  count = number;
  show();
}
