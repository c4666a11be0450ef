// The cards of a list: deciding, taking back, choosing several, fetching more.
export const list = document.getElementById("cards");
export const toast = document.getElementById("toast");
export const many = document.getElementById("many");
const csrf = document.querySelector("input[name=csrf]")?.value ?? "";
const TRIES = [1000, 2000, 4000]; // milliseconds between two tries where the server is away
const TOAST_STAYS = 20000;
const AHEAD = 30; // cards left when the next page is fetched

const undoable = []; // {done: Promise of {decision}, card, words}, oldest first
let current = null;
let underWay = 0;
export const currentCard = () => current;
export const isBusy = () => underWay > 0;
let toastTimer = 0;

export const cards = () => [...list.querySelectorAll(".card:not([hidden])")];
const nameOf = (card) => card.querySelector("h2 bdi")?.textContent ?? "";
const picks = () => [...list.querySelectorAll(".card:not([hidden]) .pick input:checked")];

function say(words, act) {
  clearTimeout(toastTimer);
  toast.textContent = words;
  if (act) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Undo";
    button.addEventListener("click", act);
    toast.append(" ", button);
  }
  toast.classList.add("shown");
  wane();
}

function wane() {
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    // Not while somebody is about to use it.
    if (toast.matches(":hover, :focus-within")) wane();
    else toast.classList.remove("shown");
  }, TOAST_STAYS);
}

export function makeCurrent(card, { focus = true } = {}) {
  if (current !== card) {
    current?.classList.remove("current");
    current = card;
    card?.classList.add("current");
    nameBar();
  }
  if (!card || !focus) return;
  card.focus({ preventScroll: true });
  const box = card.getBoundingClientRect();
  if (box.top < 0 || box.bottom > innerHeight) card.scrollIntoView({ block: "start" });
}

export function step(by) {
  const all = cards();
  const at = all.indexOf(current);
  const to = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))];
  if (to) makeCurrent(to);
  if (all.length - at < AHEAD) more();
}

function after(card) {
  const all = cards();
  const at = all.indexOf(card);
  return all[at + 1] ?? all[at - 1] ?? null;
}

// One request; where the server is away it is repeated, which is safe: the same decision twice is
// one decision.
async function post(path, fields) {
  const body = new URLSearchParams(fields);
  body.set("csrf", csrf);
  underWay += 1;
  try {
    for (let turn = 0; ; turn += 1) {
      let answer = null;
      try {
        answer = await fetch(path, { method: "POST", body, headers: { Accept: "application/json" } });
      } catch {
        answer = null;
      }
      if (answer && answer.status < 500 && answer.status !== 429) {
        return { ...(await answer.json()), http: answer.status };
      }
      if (turn === TRIES.length) {
        return { http: 503, detail: "The server does not answer. Nothing was changed." };
      }
      await new Promise((resolve) => setTimeout(resolve, TRIES[turn]));
    }
  } finally {
    underWay -= 1;
  }
}

export function decide(card, status) {
  const form = card.querySelector("form.moves");
  if (!form || card.hidden || card.dataset.status === status) return;
  const fields = { version: card.dataset.version, status };
  const next = after(card);
  card.hidden = true;
  unpick(card);
  makeCurrent(next);
  if (cards().length < AHEAD) more();
  const entry = { card, status, done: post(form.action, fields) };
  undoable.push(entry);
  entry.done.then((answer) => settle(entry, answer));
}

function settle(entry, answer) {
  const { card } = entry;
  if (answer.http === 200) {
    card.dataset.version = answer.version;
    card.dataset.status = answer.status;
    entry.words = `${answer.done}: comment by ${nameOf(card)}`;
    say(`${entry.words}.`, () => undo(entry));
    log(entry, answer.decision);
    return;
  }
  undoable.splice(undoable.indexOf(entry), 1);
  if (answer.card) replace(card, answer.card);
  else comeBack(card, answer.detail ?? "This could not be done.");
  say(`${answer.detail ?? "This could not be done."} Comment by ${nameOf(card)}.`);
}

function replace(card, html) {
  card.insertAdjacentHTML("afterend", html);
  const fresh = card.nextElementSibling;
  const was = current === card;
  card.remove();
  if (was) makeCurrent(fresh);
}

export function comeBack(card, words) {
  card.hidden = false;
  card.querySelector(".handled")?.remove();
  const note = document.createElement("p");
  note.className = "handled";
  note.setAttribute("role", "alert");
  note.textContent = words;
  card.prepend(note);
}

async function undo(entry) {
  const at = undoable.indexOf(entry);
  if (at < 0) return;
  undoable.splice(at, 1);
  const done = await entry.done;
  if (done.http !== 200) return;
  if (done.decision === null) {
    say("It stood there already, so there is nothing of yours to take back.");
    entry.card.hidden = false;
    return;
  }
  const answer = await post("/queue/undo", { decision: done.decision });
  const { card } = entry;
  if (answer.http !== 200) {
    if (answer.card) replace(card, answer.card);
    say(answer.detail ?? "This could not be taken back.");
    return;
  }
  unlog(done.decision);
  refresh(card, answer.version, answer.status);
  card.hidden = false;
  makeCurrent(card);
  say(`Taken back: comment by ${nameOf(card)}.`);
}

export function refresh(card, version, status) {
  card.dataset.version = version;
  if (status) card.dataset.status = status;
  const field = card.querySelector("form.moves [name=version]");
  if (field) field.value = version;
  const pick = card.querySelector(".pick input");
  if (pick) pick.value = `${card.dataset.id}:${version}`;
}

// The undo log: what stands there when the page comes, and what is done since.
function log(entry, decision) {
  if (decision === null) return;
  const holder = document.getElementById("log");
  let box = holder.querySelector("details");
  if (!box) {
    box = document.createElement("details");
    box.className = "undo";
    box.append(document.createElement("summary"));
    holder.append(box);
  }
  box.querySelector("summary").textContent = `What you did last: ${entry.words}`;
  const line = document.createElement("form");
  line.dataset.decision = decision;
  const words = document.createElement("span");
  words.textContent = entry.words;
  const button = document.createElement("button");
  button.className = "quiet";
  button.textContent = "Undo";
  button.setAttribute("aria-label", `Undo: ${entry.words}`);
  line.append(words, button);
  line.addEventListener("submit", (event) => {
    event.preventDefault();
    undo(entry);
  });
  box.querySelector("summary").after(line);
}

function unlog(decision) {
  document.querySelector(`#log [data-decision="${decision}"]`)?.remove();
}

export function undoLast() {
  const last = undoable.at(-1);
  if (last) undo(last);
  else document.querySelector("#log form button")?.click();
}

// Further pages come before the last card is reached.
let fetching = null;
export function more() {
  const path = list.dataset.more;
  if (!path || fetching) return;
  fetching = fetch(path, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error("refused"))))
    .then(({ html, older }) => {
      const page = document.createElement("template");
      page.innerHTML = html;
      for (const card of page.content.querySelectorAll(".card")) {
        if (!document.getElementById(card.id)) list.append(card);
      }
      if (older) list.dataset.more = older;
      else delete list.dataset.more;
      const link = document.getElementById("older");
      if (link && !older) link.parentElement.remove();
      fetching = null;
      if (!current?.isConnected || current.hidden) makeCurrent(cards()[0] ?? null);
      if (older && cards().length < AHEAD) more();
    })
    .catch(() => {
      fetching = null; // the link below still leads on
    });
}

// Choosing several. The bar below acts on the chosen ones, or on the comment in view.
function unpick(card) {
  const box = card.querySelector(".pick input");
  if (box?.checked) box.checked = false;
  nameBar();
}

export function nameBar() {
  const empty = document.getElementById("empty");
  if (empty) empty.hidden = cards().length > 0 || Boolean(list.dataset.more);
  if (!many) return;
  const number = picks().length;
  many.classList.toggle("some", number > 0);
  many.querySelector(".chosen").textContent = number
    ? `${number} chosen`
    : current
      ? `Comment by ${nameOf(current)}`
      : "Tick comments to decide them together.";
}

export async function decideMany(status) {
  const boxes = picks();
  if (!boxes.length) {
    if (current) decide(current, status);
    return;
  }
  const chosen = boxes.map((box) => box.closest(".card"));
  const fields = [["status", status], ...boxes.map((box) => ["chosen[]", box.value])];
  for (const card of chosen) {
    card.hidden = true;
    unpick(card);
  }
  makeCurrent(cards()[0] ?? null);
  if (cards().length < AHEAD) more();
  const answer = await post("/queue/chosen", fields);
  if (answer.http !== 200) {
    for (const card of chosen) card.hidden = false;
    say(answer.detail ?? "This could not be done.");
    return;
  }
  const skipped = answer.skipped ? `, ${answer.skipped} skipped: others were faster` : "";
  say(`${answer.changed} changed${skipped}.`, () => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = "/queue/undo";
    for (const [name, value] of [["csrf", csrf], ["batch", answer.batch]]) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  });
}
