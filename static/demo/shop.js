/* The demonstration shop: a basket that counts, and buttons that open the chat by its own API. */

const basket = document.querySelector("[data-basket]");

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-buy]")) basket.textContent = Number(basket.textContent) + 1;
  if (event.target.closest("[data-ask]")) window.Tandem?.("open");
});
