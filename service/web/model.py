"""Doors to a site's model: what judges its comments, what it learned, and going back."""

from functools import cache

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markdown_it import MarkdownIt
from markupsafe import Markup

from models import Role
from models.spam import base_path
from service import learning, sites, training
from service.db import db
from service.errors import BadRequestError, InvalidError
from service.model_page import model_page
from service.queries.sites import THREADS_PAGE, thread_of_page, threads_page
from service.web.context import house
from service.web.guarding import guard, own_site, person

bp = Blueprint("model", __name__)
guard(bp)

STATES = {
    "active": "not in use",
    "kept": "was in use",
    "refused": "refused by the gate",
}
FIGURES = {
    "ham_filed": "honest, at 95 % or more",
    "ham_flagged": "honest, at 50 % or more",
    "recall": "spam, at 50 % or more",
    "loss": "log-loss",
}
SETS = {"frozen": "Frozen comments", "newest": "Newest verdicts here"}
JUDGES = {"base": "base model", "live": "what judged them", "candidate": "candidate"}


@bp.get("/sites/<slug>/model")
def show(slug: str) -> ResponseReturnValue:
    """Show what judges a site's comments, and what it learned from."""
    site = own_site(slug, Role.OWNER, Role.MODERATOR)
    owner = site in person().with_role(Role.OWNER)
    return render_template(
        "moderator/model.html",
        site=site,
        owner=owner,
        page=model_page(house(), site),
        states=STATES,
        figures=FIGURES,
        sets=SETS,
        judges=JUDGES,
        person=person(),
    )


@bp.post("/sites/<slug>/model")
def act(slug: str) -> ResponseReturnValue:
    """Pause or resume learning, go back to a kept model, or learn again from the ledger."""
    site = own_site(slug, Role.OWNER)
    action = request.form.get("action", "")
    if action in ("pause", "resume"):
        training.set_learning(house(), site.id, learn=action == "resume")
    elif action == "base":
        training.roll_back(house(), site.id, None, person().id)
    elif action == "use":
        training.roll_back(house(), site.id, _number("model"), person().id)
    elif action == "relearn":
        learning.relearn(house(), site)
    else:
        raise BadRequestError("The action is pause, resume, base, use or relearn.")
    return redirect(url_for("model.show", slug=slug), code=303)


@bp.post("/sites/<slug>/model/labels")
def change_labels(slug: str) -> ResponseReturnValue:
    """Withdraw what one moderator taught, or let it count again."""
    site = own_site(slug, Role.OWNER)
    action = request.form.get("action", "")
    if action == "withdraw":
        training.withdraw_labels(house(), site.id, _number("moderator"), person().id)
    elif action == "restore":
        training.restore_labels(house(), site.id, _number("moderator"))
    else:
        raise BadRequestError("The action is withdraw or restore.")
    return redirect(url_for("model.show", slug=slug), code=303)


@bp.get("/sites/<slug>/model/card")
def show_card(slug: str) -> ResponseReturnValue:
    """Show the card of the base model that is shipped."""
    site = own_site(slug, Role.OWNER, Role.MODERATOR)
    return render_template("moderator/model_card.html", site=site, card=_card(), person=person())


@cache
def _card() -> Markup:
    text = base_path().with_name("CARD.md").read_text("utf-8")
    # The page has a heading of its own, and wide tables scroll inside their box.
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    for level in (3, 2, 1):
        html = html.replace(f"<h{level}>", f"<h{level + 1}>").replace(
            f"</h{level}>", f"</h{level + 1}>"
        )
    box = '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>'
    # Our own file, shipped with the program; raw HTML in it is escaped all the same.
    return Markup(html.replace("<table>", box).replace("</table>", "</table></div>"))  # noqa: S704 - see above


@bp.get("/sites/<slug>/pages")
def show_pages(slug: str) -> ResponseReturnValue:
    """List a site's pages with their titles, newest first."""
    return _pages(slug, {}, {})


@bp.post("/sites/<slug>/pages")
def describe(slug: str) -> ResponseReturnValue:
    """Give a page its title and text."""
    site = own_site(slug, Role.OWNER)
    try:
        sites.describe_page(
            house(),
            site,
            request.form.get("page", "").strip(),
            title=request.form.get("title", ""),
            text=request.form.get("text", ""),
        )
    except InvalidError as error:
        return _pages(slug, request.form.to_dict(), error.errors), error.status
    return redirect(url_for("model.show_pages", slug=slug), code=303)


def _pages(slug: str, typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    site = own_site(slug, Role.OWNER)
    before = request.args.get("before", "")
    last = int(before[:18]) if before.isascii() and before.isdigit() else None
    session = db.session()
    threads = threads_page(session, site.id, before=last)
    older = threads[-1].id if len(threads) == THREADS_PAGE else None
    # By its key and not out of the list: an old page would come up empty and be saved so.
    chosen = thread_of_page(session, site.id, request.args.get("page", ""))
    if chosen is not None and not typed:
        typed = {"page": chosen.page, "title": chosen.title, "text": chosen.page_text}
    return render_template(
        "moderator/pages.html",
        site=site,
        threads=threads,
        older=older if older and threads_page(session, site.id, before=older) else None,
        typed=typed,
        errors=errors,
        person=person(),
    )


def _number(name: str) -> int:
    typed = request.form.get(name, "")
    if not (typed.isascii() and typed.isdigit()):
        raise BadRequestError(f"The form does not say which {name} is meant.")
    return int(typed[:18])
