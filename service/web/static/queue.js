// The queue without page loads: decides, takes back, follows others. Every act is a form of the
// page and works without this script.
const list = document.getElementById("cards");
const toast = document.getElementById("toast");
const many = document.getElementById("many");
const csrf = document.querySelector("input[name=csrf]")?.value ?? "";
const TRIES = [1000, 2000, 4000]; // milliseconds between two tries where the server is away
const TOAST_STAYS = 20000;
const POLL = 15000;
const AHEAD = 30; // cards left when the next page is fetched
const NEAR = 1500; // milliseconds within which the second key of a pair must follow

const undoable = []; // {done: Promise of {decision}, card, words}, oldest first
let current = null;
let underWay = 0;
let toastTimer = 0;

const cards = () => [...list.querySelectorAll(".card:not([hidden])")];
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

function makeCurrent(card, { focus = true } = {}) {
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

function step(by) {
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

function decide(card, status) {
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

function comeBack(card, words) {
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

function refresh(card, version, status) {
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

function undoLast() {
  const last = undoable.at(-1);
  if (last) undo(last);
  else document.querySelector("#log form button")?.click();
}

// Further pages come before the last card is reached.
let fetching = null;
function more() {
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

function nameBar() {
  if (!many) return;
  const number = picks().length;
  many.classList.toggle("some", number > 0);
  many.querySelector(".chosen").textContent = number
    ? `${number} chosen`
    : current
      ? `Comment by ${nameOf(current)}`
      : "Tick comments to decide them together.";
}

async function decideMany(status) {
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

// What others do appears without a page load.
let since = list?.dataset.now;
let tag = "";
async function follow() {
  if (document.hidden) return;
  const query = new URLSearchParams({ since, site: list.dataset.site });
  const headers = { Accept: "application/json", ...(tag ? { "If-None-Match": tag } : {}) };
  const answer = await fetch(`/queue/changes?${query}`, { headers, cache: "no-store" });
  if (answer.status !== 200) return;
  tag = answer.headers.get("ETag") ?? "";
  const { moved, counts, now } = await answer.json();
  since = now;
  moved.reverse().forEach(noteMove);
  count(counts);
}

function noteMove({ id, version, status, by, own, seconds }) {
  const card = document.getElementById(`comment-${id}`);
  if (!card || Number(card.dataset.version) >= version) return;
  refresh(card, version, status);
  if (card.hidden) return;
  comeBack(card, `${WORDS[status]} by ${own ? "you, elsewhere" : by} ${seconds} s ago.`);
  card.classList.add("done");
}

const WORDS = {
  approved: "Approved",
  spam: "Marked as spam",
  trash: "Moved to trash",
  pending: "Put back to pending",
};

function count(counts) {
  for (const tab of document.querySelectorAll(".lists a")) {
    const { status, shelf } = tab.dataset;
    const number = Object.entries(counts).reduce((sum, [key, value]) => {
      const [at, on] = key.split("/");
      return (status === "all" || status === at) && (!shelf || shelf === on) ? sum + value : sum;
    }, 0);
    const shown = tab.querySelector(".count");
    const text = number.toLocaleString("en");
    if (shown.textContent === text) continue;
    const grew = number > Number(shown.textContent.replaceAll(",", ""));
    shown.textContent = text;
    if (grew && tab.ariaCurrent && status === "pending") offerNew(tab.href);
  }
}

function offerNew(path) {
  if (document.getElementById("new")) return;
  const line = document.createElement("p");
  line.id = "new";
  line.className = "note";
  line.setAttribute("role", "status");
  const link = document.createElement("a");
  link.href = path;
  link.textContent = "Show them";
  line.append("New comments have come. ", link);
  list.before(line);
}

const LISTS = { p: "pending", a: "approved", s: "spam", t: "trash", l: "all" };
let pairBegan = -NEAR;

const ACTS = {
  j: () => step(1),
  k: () => step(-1),
  a: () => current && decide(current, "approved"),
  s: () => current && decide(current, "spam"),
  d: () => current && decide(current, "trash"),
  u: () => current && decide(current, "pending"),
  z: undoLast,
  r: () => current?.querySelector("form.moves") && go(`/queue/${current.dataset.id}/answer`),
  e: () => current?.querySelector("form.moves") && go(`/queue/${current.dataset.id}/edit`),
  o: () => current && go(`/queue/${current.dataset.id}`),
  x: () => {
    const box = current?.querySelector(".pick input");
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

function onKey(event) {
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
    if (underWay) event.preventDefault();
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
