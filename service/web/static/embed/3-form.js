const FIELDS = ["author", "email", "url"];
const FAILED = "Your comment could not be sent. What you typed is still here: please try again.";
const PATIENCE = 30_000; // ms

/* Gives the plain form inside its comforts. */
class GatepostComments extends Thread {
  adopt() {
    if (this.form || !this.querySelector("form")) return;
    this.form = this.querySelector("form");
    this.fields = this.form.elements;
    this.respond = this.form.closest("#respond") ?? this.form;
    this.submit = this.form.querySelector("[type=submit]");
    this.form.noValidate = true; // the service says all that is wrong at once
    const { comment } = this.fields;
    // It counts UTF-16 units and would cut a text that the service, counting characters, takes.
    this.limit = comment.maxLength;
    comment.removeAttribute("maxlength");
    for (const name of ["page", "title", "lang", "parent", "ticket", "altcha", "submission_id"]) {
      if (!this.fields[name]) this.form.append(make("input", { type: "hidden", name }));
    }
    this.fields.lang.value = this.tongue;
    this.fields.submission_id.value ||= fresh();
    this.left = make("span", { className: "gp-left", role: "status" });
    comment.after(this.left);
    this.status = make("p", { className: "gp-status", role: "status" });
    this.form.append(this.status);
    this.remember();
    this.turn();
    this.form.oninput = (event) => {
      this.proof ||= !this.fields.ticket.value && this.fetchTicket().catch(() => {});
      if (event.target === comment) this.typed(comment.value);
    };
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.send();
    };
    this.onclick = (event) => {
      const link = event.target.closest?.("a.gp-reply, .gp-more a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (link.matches(".gp-reply")) this.reply(link);
      else this.more(link);
    };
  }

  // To another page, or to the first one.
  turn() {
    this.endReply();
    if (!this.form) return;
    const { page, title, ticket, comment } = this.fields;
    page.value = this.page;
    title.value = document.title;
    ticket.value = "";
    comment.value ||= recall(`draft:${this.page}`, "sessionStorage") ?? "";
  }

  typed(text) {
    keep(`draft:${this.page}`, text, "sessionStorage");
    clearTimeout(this.pause);
    this.pause = setTimeout(() => {
      const left = this.limit - [...text.trim().normalize()].length;
      const note = left < 0 ? "Characters too many: %(number)s" : "Characters left: %(number)s";
      const near = this.limit > 0 && left < this.limit / 10;
      this.left.textContent = near ? say(note, Math.abs(left)) : "";
    }, 500);
  }

  // A ticket says when the form was begun; asked for as late as that, reading costs nothing.
  async fetchTicket() {
    const { ticket: old, altcha } = this.fields;
    const asked = { page: this.page, ticket: old.value };
    const { ticket, challenge } = await (await ask(`/s/${this.site}/ticket`, asked)).json();
    old.value = ticket ?? "";
    altcha.value = (challenge && crypto.subtle && (await solve(challenge))) || "";
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    this.submit.setAttribute("aria-disabled", "true");
    this.clearErrors();
    try {
      if (this.proof) this.say(say("One moment …"), "");
      await this.proof;
      let answer = await this.post();
      if (answer.status === 429) {
        await this.fetchTicket();
        if (this.fields.altcha.value) answer = await this.post();
      }
      const told = await answer.json();
      this.say("", "");
      if (answer.ok) this.taken(told);
      else this.refused(told);
    } catch {
      this.say(say(FAILED), "gp-failed");
      this.tell("error", {});
    }
    this.sending = this.proof = null;
    this.submit.removeAttribute("aria-disabled");
  }

  // Urlencoded and without a header of our own, so that the browser asks no leave first. The
  // submission_id stays until a comment is taken: sent twice, it is still stored once.
  post() {
    const proof = ["receipt", recall(`proof:${this.site}`) ?? ""];
    return ask(this.form.action, {}, {
      method: "POST",
      body: new URLSearchParams([...new FormData(this.form), proof]),
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(PATIENCE),
    });
  }

  taken({ id, message, receipt }) {
    const { comment, ticket, altcha, submission_id } = this.fields;
    // The form stays where it is, and a reply a reply: the thanks appear where the reader looks.
    comment.value = ticket.value = altcha.value = "";
    submission_id.value = fresh();
    keep(`draft:${this.page}`, null, "sessionStorage");
    if (this.consent.checked) {
      keep("author", Object.fromEntries(FIELDS.map((name) => [name, this.fields[name]?.value])));
    }
    this.say(message, "gp-taken");
    const link = leave(receipt, say("See what becomes of it, edit or withdraw it"));
    this.status.after(make("p", { className: "gp-receipt" }, link));
    const token = receipt.split("/").pop();
    const own = [...(recall(`own:${this.site}`) ?? []), { token, page: this.page }];
    keep(`own:${this.site}`, own.slice(-50));
    this.showOwn();
    this.tell("sent", { id });
  }

  refused({ detail, errors = {} }) {
    const rest = Object.entries(errors).filter(([name, texts]) => !this.mark(name, texts));
    const bad = this.form.querySelector("[aria-invalid]");
    if (!bad || rest.length) {
      this.say(rest.flatMap(([, texts]) => texts).join(" ") || detail || say(FAILED), "gp-failed");
    }
    // A parent that is gone would be refused for ever; without it the comment stands on its own.
    if (errors.parent) this.endReply();
    bad?.focus();
    this.tell("error", errors);
  }

  mark(name, texts) {
    const field = this.fields[name];
    if (!field || field.type === "hidden") return false;
    const error = make("span", { className: "gp-error", id: `${field.id}-error` });
    error.append(make("span", { className: "gp-hidden" }, say("Error:")), ` ${texts.join(" ")}`);
    field.before(error);
    field.setAttribute("aria-invalid", "true");
    field.dataset.notes = field.getAttribute("aria-describedby") ?? "";
    field.setAttribute("aria-describedby", `${error.id} ${field.dataset.notes}`.trim());
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

  // Only in this browser, and only when asked to.
  remember() {
    const kept = recall("author");
    const id = "gatepost-remember";
    this.consent = make("input", { type: "checkbox", id, checked: kept });
    this.consent.onchange = () => this.consent.checked || keep("author");
    const text = say("Save my name, email, and website in this browser for the next time I comment.");
    const label = make("label", { htmlFor: id }, text);
    const line = make("p", { className: "comment-form-cookies-consent" }, this.consent, " ", label);
    (this.submit.closest("p") ?? this.submit).before(line);
    for (const name of FIELDS) if (this.fields[name]) this.fields[name].value ||= kept?.[name] ?? "";
  }

  reply(link) {
    this.endReply();
    const article = link.closest("article");
    this.home = document.createComment("");
    this.respond.before(this.home);
    article.after(this.respond);
    this.fields.parent.value = article.id.slice(8);
    this.cancel = button(say("Cancel reply"), () => {
      this.endReply();
      link.focus();
    });
    this.cancel.className = "gp-cancel";
    this.heading = this.querySelector("#reply-title");
    this.plain = this.heading?.textContent;
    const name = make("bdi", {}, article.querySelector(".gp-name").textContent);
    const [before, after] = say("Leave a Reply to %(name)s", "\0").split("\0");
    this.heading?.replaceChildren(before, name, after);
    (this.heading ?? this.form).after(this.cancel);
    this.fields.comment.focus();
  }

  endReply() {
    if (!this.home) return;
    this.home.replaceWith(this.respond);
    this.home = null;
    this.cancel.remove();
    if (this.heading) this.heading.textContent = this.plain;
    this.fields.parent.value = "";
  }
}

customElements.define("gatepost-comments", GatepostComments);
