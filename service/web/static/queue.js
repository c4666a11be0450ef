// The queue without page loads: decides, takes back, follows others. Every act is a form of the
// page and works without this script.
import {
  cards, decide, decideMany, isBusy, list, makeCurrent, many, more, nameBar, toast,
} from "./queue/cards.js";
import { follow, POLL } from "./queue/follow.js";
import { onKey } from "./queue/keys.js";

function begin() {
  list.addEventListener("submit", (event) => {
    const status = event.submitter?.name === "status" ? event.submitter.value : null;
    const card = event.target.closest(".card");
    if (!status || !card) return;
    event.preventDefault();
    decide(card, status);
  });
  list.addEventListener("change", (event) => {
    if (event.target.matches(".pick input")) nameBar();
  });
  list.addEventListener("focusin", (event) => {
    const card = event.target.closest(".card");
    if (card) makeCurrent(card, { focus: false });
  });
  many?.addEventListener("submit", (event) => {
    event.preventDefault();
    decideMany(event.submitter.value);
  });
  addEventListener("beforeunload", (event) => {
    if (isBusy()) event.preventDefault();
  });
  new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting)) more();
  }, { rootMargin: "800px" }).observe(document.getElementById("older") ?? toast);
  // The comment in the upper half of a phone is the one that the bar below acts on.
  const inView = new IntersectionObserver(
    (seen) => {
      const top = seen.find((one) => one.isIntersecting && !one.target.hidden);
      if (top && !list.contains(document.activeElement)) makeCurrent(top.target, { focus: false });
    },
    { rootMargin: "-10% 0px -60%" },
  );
  for (const card of list.children) inView.observe(card);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) if (node instanceof Element) inView.observe(node);
  }).observe(list, { childList: true });
  setInterval(() => follow().catch(() => {}), POLL);
  const place = document.getElementById(location.hash.slice(1));
  makeCurrent(place?.matches(".card") ? place : cards()[0], { focus: false });
  document.body.classList.add("with-script");
}

if (list) begin();
if (document.querySelector("[data-shortcuts='1']")) document.addEventListener("keydown", onKey);
