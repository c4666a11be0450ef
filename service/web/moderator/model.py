"""Doors to a site's model: what judges its comments, what it learned, and going back."""

from functools import cache

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markdown_it import MarkdownIt
from markupsafe import Markup

from models import Role
from models.spam import base_path
from service.errors import BadRequestError
from service.figures.model_page import model_page
from service.learning import lessons, training
from service.web.context import house
from service.web.moderator.guarding import guard, own_site, person

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
        lessons.relearn(house(), site)
    else:
        raise BadRequestError("The action is pause, resume, base, use or relearn.")
    return redirect(url_for("model.show", slug=slug), code=303)


@bp.post("/sites/<slug>/model/labels")
def change_labels(slug: str) -> ResponseReturnValue:
    """Withdraw what one moderator taught or one key reported, or let it count again."""
    site = own_site(slug, Role.OWNER)
    action, key = request.form.get("action", ""), request.form.get("key", "")
    if action in ("withdraw", "restore") and key:
        change = training.withdraw_reports if action == "withdraw" else training.restore_reports
        change(house(), site.id, key)
    elif action == "withdraw":
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


def _number(name: str) -> int:
    typed = request.form.get(name, "")
    if not (typed.isascii() and typed.isdigit()):
        raise BadRequestError(f"The form does not say which {name} is meant.")
    return int(typed[:18])
