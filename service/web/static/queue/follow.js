import { comeBack, list, refresh } from "./cards.js";

export const POLL = 15000; // milliseconds

// What others do appears without a page load.
let since = list?.dataset.now;
let tag = "";
export async function follow() {
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
