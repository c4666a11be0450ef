"""Doors to a site's pages: what they are about, their other names, closed or open."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Role, Site, Thread
from service.db import db
from service.errors import BadRequestError, InvalidError, NotFoundError
from service.queries import threads as queries
from service.queries.sites import THREADS_PAGE, thread_of_page, threads_page
from service.sites import changes, threads
from service.web.context import house
from service.web.moderator.guarding import guard, own_site, person
from service.web.place import place_of

bp = Blueprint("pages", __name__)
guard(bp)

UNKNOWN_ACTION = "The action is close, open, alias, forget or merge."


@bp.get("/sites/<slug>/pages")
def show_all(slug: str) -> ResponseReturnValue:
    """List a site's pages with their titles, newest first."""
    return _list(own_site(slug, Role.OWNER, Role.MODERATOR), {}, {})


@bp.post("/sites/<slug>/pages")
def describe(slug: str) -> ResponseReturnValue:
    """Give a page its title and text."""
    site = own_site(slug, Role.OWNER)
    try:
        thread = changes.describe_page(
            house(),
            site,
            request.form.get("page", "").strip(),
            title=request.form.get("title", ""),
            text=request.form.get("text", ""),
        )
    except InvalidError as error:
        return _list(site, request.form.to_dict(), error.errors), error.status
    return redirect(url_for("pages.show", slug=slug, number=thread.id, done="describe"), code=303)


@bp.get("/sites/<slug>/pages/<int:number>")
def show(slug: str, number: int) -> ResponseReturnValue:
    """Show one page: title, text, other names, whether it takes comments."""
    site = own_site(slug, Role.OWNER, Role.MODERATOR)
    return _page(site, _thread(site, number), {}, {})


@bp.post("/sites/<slug>/pages/<int:number>")
def change(slug: str, number: int) -> ResponseReturnValue:
    """Close or open a page, change its names, or move its comments to another page."""
    site = own_site(slug, Role.OWNER, Role.MODERATOR)
    action = request.form.get("action", "")
    if action not in ("close", "open"):
        site = own_site(slug, Role.OWNER)
    thread = _thread(site, number)
    try:
        if action == "merge" and "sure" not in request.form:
            return _merge_page(site, thread)
        number = _do(action, site, thread)
    except InvalidError as error:
        return _page(
            site, _thread(site, number), request.form.to_dict(), error.errors
        ), error.status
    return redirect(url_for("pages.show", slug=slug, number=number, done=action), code=303)


def _do(action: str, site: Site, thread: Thread) -> int:
    typed = request.form
    if action in ("close", "open"):
        threads.set_closed(house(), site.id, thread.id, shut=action == "close")
    elif action == "alias":
        threads.add_alias(house(), site, thread.id, typed.get("alias", ""))
    elif action == "forget":
        threads.drop_alias(house(), site, thread.id, _whole(typed.get("name", "")))
    elif action == "merge":
        return threads.merge(house(), site, thread.id, typed.get("into", "")).id
    else:
        raise BadRequestError(UNKNOWN_ACTION)
    return thread.id


def _merge_page(site: Site, thread: Thread) -> str:
    """Ask before what cannot be undone."""
    target = threads.merge_target(site, thread, request.form.get("into", ""))
    return render_template(
        "moderator/merge.html",
        site=site,
        thread=thread,
        target=target,
        number=queries.number_of_comments(db.session(), thread.id),
        person=person(),
    )


def _thread(site: Site, number: int) -> Thread:
    thread = queries.thread_of_site(db.session(), site.id, number)
    if thread is None:
        raise NotFoundError(threads.NO_SUCH_PAGE)
    return thread


def _page(site: Site, thread: Thread, typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    session = db.session()
    return render_template(
        "moderator/page.html",
        site=site,
        thread=thread,
        address=place_of(site, thread.page).page,
        aliases=queries.aliases_of(session, thread.id),
        number=queries.number_of_comments(session, thread.id),
        shut=threads.closed(thread, site.policy, house().now()),
        owner=site in person().with_role(Role.OWNER),
        typed=typed,
        errors=errors,
        done=request.args.get("done", ""),
        person=person(),
    )


def _list(site: Site, typed: dict[str, str], errors: dict[str, list[str]]) -> str:
    last = _whole(request.args.get("before", ""))
    session = db.session()
    found = threads_page(session, site.id, before=last or None)
    older = found[-1].id if len(found) == THREADS_PAGE else None
    # By its key and not out of the list: an old page would come up empty and be saved so.
    chosen = thread_of_page(session, site.id, request.args.get("page", ""))
    if chosen is not None and not typed:
        typed = {"page": chosen.page, "title": chosen.title, "text": chosen.page_text}
    return render_template(
        "moderator/pages.html",
        site=site,
        threads=found,
        older=older if older and threads_page(session, site.id, before=older) else None,
        owner=site in person().with_role(Role.OWNER),
        typed=typed,
        errors=errors,
        person=person(),
    )


def _whole(typed: str) -> int:
    return int(typed[:18]) if typed.isascii() and typed.isdigit() else 0
