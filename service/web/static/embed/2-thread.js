const LOOK_AGAIN = 60_000; // ms between two looks for new comments, while the page is in view

/* Loads and shows the comments of a page, and those of its reader that nobody else sees yet. */
class Thread extends HTMLElement {
  static observedAttributes = ["site", "page"];

  connectedCallback() {
    style();
    this.tongue = languageOf(this) || this.querySelector("[name=lang]")?.value || "";
    this.sort ??= this.getAttribute("sort");
    this.ready = learn(this.tongue).then(() => this.isConnected && this.adopt());
    // Far down a long page nobody may ever look; who comes for one comment is served at once.
    this.watch = new IntersectionObserver(
      (seen) => seen.some((one) => one.isIntersecting) && this.begin(),
      { rootMargin: "400px" },
    );
    this.onhash = () => this.jump();
    addEventListener("hashchange", this.onhash);
    if (this.target) this.begin();
    else this.watch.observe(this);
  }

  disconnectedCallback() {
    this.watch.disconnect();
    removeEventListener("hashchange", this.onhash);
    clearInterval(this.clock);
  }

  attributeChangedCallback(_, before) {
    if (before === null || !this.isConnected) return;
    this.turn();
    this.begin();
  }

  get site() {
    return this.getAttribute("site");
  }

  get page() {
    return (
      this.getAttribute("page") ||
      this.fields?.page?.value ||
      document.querySelector("link[rel=canonical]")?.href ||
      location.href
    );
  }

  get target() {
    return /^#comment-(\w+)$/.exec(location.hash)?.[1];
  }

  // The page's own scripts may listen: gatepost:loaded, gatepost:sent, gatepost:error.
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(`gatepost:${name}`, { bubbles: true, detail }));
  }

  async begin() {
    this.watch.disconnect();
    await this.ready;
    await this.load();
    if (!this.arrived) await this.jump();
    this.arrived = true;
    this.showOwn();
    clearInterval(this.clock);
    this.clock = setInterval(() => this.lookAgain(), LOOK_AGAIN);
  }

  async jump() {
    const { target } = this;
    const there = () => document.querySelector(`#comment-${target}`);
    if (target && !there()) await this.load(target);
    there()?.scrollIntoView();
  }

  async part(query) {
    const { page, tongue: lang, sort } = this;
    const answer = await ask(`/s/${this.site}/thread.html`, { page, lang, sort, ...query });
    if (!answer.ok) throw answer;
    return parsed(await answer.text());
  }

  async load(at) {
    this.box ??= this.querySelector(".gp-comments") ?? this.newBox();
    const { page, sort } = this;
    try {
      const thread = await this.part({ at });
      // A slower answer to an earlier question must not replace this one's.
      if (page !== this.page || sort !== this.sort) return;
      const parent = this.fields?.parent.value;
      const place = document.activeElement.closest(".gp-comments article")?.id;
      this.endReply();
      this.news?.remove();
      this.box.replaceChildren(...this.tools(thread, at), thread);
      this.dress();
      // The keyboard's place is where it was, and who is writing a reply goes on with it.
      if (place) this.box.querySelector(`#${place} .gp-reply`)?.focus();
      const link = parent && this.box.querySelector(`#comment-${parent} .gp-reply`);
      if (link) this.reply(link);
      this.tell("loaded");
      this.known = await this.count();
    } catch {
      // What stood there before stays: the thread put in by the server, or the link to it.
    }
  }

  newBox() {
    const box = make("div", { className: "gp-comments" });
    this.prepend(box);
    return box;
  }

  tools(thread, at) {
    if (at) return [button(say("Show all comments"), () => this.load())];
    if (!thread.querySelector("article ~ *, li ~ li")) return [];
    const choice = make("select", {
      onchange: async () => {
        this.sort = choice.value;
        await this.load();
        this.box.querySelector("select")?.focus();
      },
    });
    choice.append(new Option(say("Oldest first"), "oldest"), new Option(say("Newest first"), "newest"));
    choice.value = this.sort ?? "oldest";
    return [make("p", { className: "gp-sort" }, make("label", {}, say("Sort by"), " ", choice))];
  }

  dress() {
    // The service knows no reader's clock; the browser does.
    for (const time of this.box.querySelectorAll("time")) {
      const shape = { dateStyle: "long", timeStyle: "short" };
      time.textContent = new Date(time.dateTime).toLocaleString(this.tongue || [], shape);
    }
    if (this.respond) this.respond.hidden = this.box.querySelector(".gp-closed");
  }

  async more(link) {
    try {
      const next = await this.part({ after: new URL(link.href).searchParams.get("after") });
      const [first, list] = ["article", ".gp-thread"].map((name) => next.querySelector(name));
      this.box.querySelector(".gp-thread").append(...list.children);
      list.remove();
      link.parentElement.replaceWith(next);
      this.dress();
      first.tabIndex = -1;
      first.focus();
    } catch {
      location.assign(link.href);
    }
  }

  async count() {
    const { page } = this;
    return (await (await ask(`/s/${this.site}/counts`, { page })).json()).counts[page];
  }

  async lookAgain() {
    if (document.hidden) return;
    const more = (await this.count().catch(() => 0)) - this.known;
    if (!(more > 0) || !this.isConnected) return;
    this.news?.remove();
    this.news = button(say("Show new comments (%(number)s)", more), () => this.begin());
    this.box.after(this.news);
  }

  async showOwn() {
    const kept = recall(`own:${this.site}`) ?? [];
    if (!kept.length) return;
    try {
      const body = new URLSearchParams({ receipts: kept.map(({ token }) => token).join(" ") });
      const { receipts } = await (await ask("/receipts", {}, { method: "POST", body })).json();
      const shown = receipts.filter((told, place) => told?.card && kept[place].page === this.page);
      // What was approved proves to the service who writes, if the site lets it.
      kept.forEach(({ token }, place) => {
        if (receipts[place]?.state === "published") keep(`proof:${this.site}`, token);
      });
      // The last word on one that is not published is said once.
      keep(`own:${this.site}`, kept.filter((_, place) => receipts[place]?.state === "waiting"));
      this.own?.remove();
      this.own = make("ol", { className: "gp-thread gp-own" }, ...shown.map(({ card }) => parsed(card)));
      if (shown.length) this.box.after(this.own);
    } catch {
      // They are shown another time.
    }
  }
}
