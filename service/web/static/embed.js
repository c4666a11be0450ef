/* The comforts of <gatepost-comments>. Without this file the form inside still works.
   No cookie, no inline style or script, nobody but the address this file came from. */
const REMEMBERED = "gatepost:author";
const FIELDS = ["author", "email", "url"];
const FAILED = "Your comment could not be sent. What you typed is still here: please try again.";
const PATIENCE = 30_000; // ms

const service = (path) => new URL(path, import.meta.url);

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

// randomUUID is missing on plain http; this is not.
const fresh = () => crypto.getRandomValues(new Uint32Array(4)).join("-");

// Storage may be forbidden altogether; then nothing is remembered and nothing breaks.
const memory = (deed) => {
  try {
    return deed(localStorage);
  } catch {
    return null;
  }
};

// Under the page's own rules (a layer of its own), and without asking its style-src.
let styled;
const style = () =>
  (styled ??= fetch(service("/embed.css"), { credentials: "omit" })
    .then((answer) => answer.text())
    .then(async (css) => {
      const sheet = await new CSSStyleSheet().replace(css);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    })
    .catch(() => {}));

class GatepostComments extends HTMLElement {
  static observedAttributes = ["site", "page"];

  connectedCallback() {
    style();
    if (!this.form && this.querySelector("form")) this.adopt();
    this.load();
  }

  attributeChangedCallback(name, before) {
    if (before === null || !this.isConnected) return;
    this.endReply();
    if (this.form) {
      this.field("page").value = this.page;
      this.field("title").value = document.title;
    }
    this.load();
  }

  get page() {
    return (
      this.getAttribute("page") ||
      this.form?.elements.page?.value ||
      document.querySelector("link[rel=canonical]")?.href ||
      location.href
    );
  }

  /* The thread ------------------------------------------------------------------ */

  async load() {
    const box = (this.box ??= this.querySelector(".gp-comments") ?? this.newBox());
    const address = service(`/s/${this.getAttribute("site")}/thread.html`);
    address.searchParams.set("page", this.page);
    try {
      const answer = await fetch(address, { credentials: "omit" });
      // A slower answer for an earlier page must not replace this one's.
      if (!answer.ok || address.searchParams.get("page") !== this.page) return;
      const html = await answer.text();
      this.endReply();
      box.replaceChildren(document.createRange().createContextualFragment(html));
      this.goToTarget();
    } catch {
      // What stood there before stays: the thread put in by the server, or the link to it.
    }
  }

  newBox() {
    const box = make("div", { className: "gp-comments" });
    this.prepend(box);
    return box;
  }

  goToTarget() {
    if (!this.arrived && location.hash.startsWith("#comment-")) {
      document.getElementById(location.hash.slice(1))?.scrollIntoView();
    }
    this.arrived = true;
  }

  /* The form -------------------------------------------------------------------- */

  adopt() {
    this.form = this.querySelector("form");
    this.respond = this.form.closest("#respond") ?? this.form;
    this.submit = this.form.querySelector("[type=submit]");
    this.form.noValidate = true; // the service says all that is wrong at once
    // It counts UTF-16 units and would cut a text that the service, counting characters, takes.
    this.form.elements.comment.removeAttribute("maxlength");
    this.field("page").value = this.page;
    this.field("title").value = document.title;
    this.field("parent");
    this.field("submission_id").value ||= fresh();
    this.status = make("p", { className: "gp-status", role: "status" });
    this.form.append(this.status);
    this.remember();
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.addEventListener("click", (event) => this.reply(event));
  }

  field(name) {
    const there = this.form.elements[name];
    if (there) return there;
    const input = make("input", { type: "hidden", name });
    this.form.append(input);
    return input;
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    this.submit.setAttribute("aria-disabled", "true");
    this.clearErrors();
    try {
      // Urlencoded and without a header of our own, so that the browser asks no leave first. The
      // submission_id stays until a comment is taken: sent twice, it is still stored once.
      const answer = await fetch(this.form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(this.form)),
        headers: { Accept: "application/json" },
        credentials: "omit",
        signal: AbortSignal.timeout(PATIENCE),
      });
      const told = await answer.json();
      if (answer.ok) this.taken(told);
      else this.refused(told);
    } catch {
      this.say(FAILED, "gp-failed");
    }
    this.sending = false;
    this.submit.removeAttribute("aria-disabled");
  }

  taken({ message, receipt }) {
    const { comment, submission_id: id } = this.form.elements;
    // The form stays where it is, and a reply a reply: the thanks appear where the reader looks.
    comment.value = "";
    id.value = fresh();
    this.keepAuthor();
    this.say(message, "gp-taken");
    const link = make("a", { href: receipt, target: "_blank", rel: "noopener noreferrer" });
    link.textContent = "See what becomes of it, edit or withdraw it";
    this.status.after(make("p", { className: "gp-receipt" }, link));
  }

  refused({ detail, errors = {} }) {
    const shown = Object.entries(errors).filter(([name, texts]) => this.mark(name, texts));
    const rest = Object.entries(errors).filter((one) => !shown.includes(one));
    if (!shown.length || rest.length) {
      this.say(rest.flatMap(([, texts]) => texts).join(" ") || detail || FAILED, "gp-failed");
    }
    // A parent that is gone would be refused for ever; without it the comment stands on its own.
    if (errors.parent) this.endReply();
    this.form.querySelector("[aria-invalid]")?.focus();
  }

  mark(name, texts) {
    const field = this.form.elements[name];
    if (!field || field.type === "hidden") return false;
    const error = make("span", { className: "gp-error", id: `${field.id}-error` });
    const prefix = make("span", { className: "gp-hidden", textContent: "Error:" });
    error.append(prefix, ` ${texts.join(" ")}`);
    field.before(error);
    field.setAttribute("aria-invalid", "true");
    const notes = field.getAttribute("aria-describedby");
    field.dataset.notes = notes ?? "";
    field.setAttribute("aria-describedby", notes ? `${error.id} ${notes}` : error.id);
    return true;
  }

  clearErrors() {
    this.say("", "");
    this.form.querySelectorAll(".gp-error, .gp-receipt").forEach((old) => old.remove());
    for (const field of this.form.querySelectorAll("[aria-invalid]")) {
      field.removeAttribute("aria-invalid");
      if (field.dataset.notes) field.setAttribute("aria-describedby", field.dataset.notes);
      else field.removeAttribute("aria-describedby");
    }
  }

  say(text, kind) {
    this.status.textContent = text;
    this.status.className = `gp-status ${kind}`;
  }

  /* Remembering the author: only in this browser, only when asked to -------------- */

  remember() {
    const box = make("input", { type: "checkbox", id: "gatepost-remember" });
    const label = make("label", { htmlFor: box.id });
    label.textContent =
      "Save my name, email, and website in this browser for the next time I comment.";
    const line = make("p", { className: "comment-form-cookies-consent" }, box, " ", label);
    (this.submit.closest("p") ?? this.submit).before(line);
    this.consent = box;
    const kept = memory((storage) => JSON.parse(storage.getItem(REMEMBERED)));
    box.checked = Boolean(kept);
    for (const name of FIELDS) {
      const field = this.form.elements[name];
      if (field && !field.value && typeof kept?.[name] === "string") field.value = kept[name];
    }
    box.addEventListener("change", () => {
      if (!box.checked) memory((storage) => storage.removeItem(REMEMBERED));
    });
  }

  keepAuthor() {
    if (!this.consent.checked) return;
    const kept = {};
    for (const name of FIELDS) kept[name] = this.form.elements[name]?.value ?? "";
    memory((storage) => storage.setItem(REMEMBERED, JSON.stringify(kept)));
  }

  /* Replying in place -------------------------------------------------------------- */

  reply(event) {
    const link = event.target.closest?.("a.gp-reply");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.endReply();
    const article = link.closest("article");
    this.home = document.createComment("");
    this.respond.before(this.home);
    article.after(this.respond);
    this.field("parent").value = article.id.replace("comment-", "");
    const name = make("bdi", { textContent: article.querySelector(".gp-name").textContent });
    this.cancel = make("button", { type: "button", className: "gp-cancel" }, "Cancel reply");
    this.cancel.addEventListener("click", () => {
      this.endReply();
      link.focus();
    });
    this.heading = this.querySelector("#reply-title");
    this.plain = this.heading?.textContent;
    this.heading?.replaceChildren("Leave a Reply to ", name);
    (this.heading ?? this.form).after(this.cancel);
    this.form.elements.comment.focus();
  }

  endReply() {
    if (!this.home) return;
    this.home.replaceWith(this.respond);
    this.home = null;
    this.cancel.remove();
    if (this.heading) this.heading.textContent = this.plain;
    this.field("parent").value = "";
  }
}

customElements.define("gatepost-comments", GatepostComments);
