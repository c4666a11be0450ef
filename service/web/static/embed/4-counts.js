const MOST_COUNTS = 100;

/* Numbers of comments on pages that list many: one question for all elements of a site. */
let waiting = [];

class GatepostCount extends HTMLElement {
  connectedCallback() {
    if (waiting.push(this) === 1) setTimeout(count);
  }
}

const count = async () => {
  const [site, some] = [waiting[0].getAttribute("site"), waiting.slice(0, MOST_COUNTS)];
  const asked = some.filter((one) => one.getAttribute("site") === site);
  waiting = waiting.filter((one) => !asked.includes(one));
  if (waiting.length) setTimeout(count);
  const page = asked.map((one) => one.getAttribute("page"));
  const answer = await ask(`/s/${site}/counts`, { page, labels: 1, lang: languageOf(asked[0]) });
  const { labels } = await answer.json();
  asked.forEach((one, place) => (one.textContent = labels[page[place]]));
};

customElements.define("gatepost-count", GatepostCount);
