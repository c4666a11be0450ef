import { cards, currentCard, decide, list, nameBar, step, undoLast } from "./cards.js";

const NEAR = 1500; // milliseconds within which the second key of a pair must follow
const LISTS = { p: "pending", a: "approved", s: "spam", t: "trash", l: "all" };
let pairBegan = -NEAR;

const ACTS = {
  j: () => step(1),
  k: () => step(-1),
  a: () => currentCard() && decide(currentCard(), "approved"),
  s: () => currentCard() && decide(currentCard(), "spam"),
  d: () => currentCard() && decide(currentCard(), "trash"),
  u: () => currentCard() && decide(currentCard(), "pending"),
  z: undoLast,
  r: () => currentCard()?.querySelector("form.moves") && go(`/queue/${currentCard().dataset.id}/answer`),
  e: () => currentCard()?.querySelector("form.moves") && go(`/queue/${currentCard().dataset.id}/edit`),
  o: () => currentCard() && go(`/queue/${currentCard().dataset.id}`),
  x: () => {
    const box = currentCard()?.querySelector(".pick input");
    if (box) box.checked = !box.checked;
    nameBar();
  },
  X: () => {
    const boxes = cards().map((card) => card.querySelector(".pick input"));
    const all = boxes.every((box) => box?.checked);
    for (const box of boxes) if (box) box.checked = !all;
    nameBar();
  },
  "/": () => document.getElementById("q").focus(),
  "?": () => {
    const help = document.getElementById("help");
    help.open = !help.open;
    if (help.open) help.scrollIntoView({ block: "nearest" });
  },
};

function go(path) {
  location.assign(path);
}

export function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.isComposing || event.repeat || event.keyCode === 229) return;
  const field = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (field && field.type !== "checkbox") return;
  if (performance.now() - pairBegan < NEAR && LISTS[event.key]) {
    event.preventDefault();
    const query = new URLSearchParams({ status: LISTS[event.key] });
    if (list?.dataset.site) query.set("site", list.dataset.site);
    go(`/queue?${query}`);
    return;
  }
  pairBegan = event.key === "g" ? performance.now() : -NEAR;
  const act = ACTS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}
