// A long conversation: what is out of sight costs nothing when the next message comes.

const FAR = ":scope > :not([data-laid]):nth-last-child(n + 60)"; // a screen or two from the end

/**
 * Entries of the list that were laid out and are far from the end keep their size (`[data-laid]`),
 * so that the browser can leave alone those out of sight. Another width gives them other sizes.
 */
export function restFar(list, signal) {
  let laidOut = 0; // the list's width when that was
  const resized = new ResizeObserver(() => {
    const width = list.clientWidth;
    if (width !== laidOut) {
      for (const one of list.querySelectorAll(":scope > [data-laid]")) delete one.dataset.laid;
    }
    laidOut = width;
    requestAnimationFrame(() => {
      if (width !== laidOut) return;
      for (const one of list.querySelectorAll(FAR)) one.dataset.laid = "";
    });
  });
  resized.observe(list);
  signal.addEventListener("abort", () => resized.disconnect());
}
