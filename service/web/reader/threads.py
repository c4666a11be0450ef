"""The doors of those who read: threads as a fragment or as JSON, and counts."""

import json
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, render_template, request

from models import Site
from service.db import db
from service.errors import InvalidError
from service.queries.readers import public_counts
from service.records.announce import public_comment
from service.sites.threads import closed
from service.text.language import language_for, said
from service.web.context import house, site_of_path
from service.web.headers import allow_any_origin
from service.web.reader.tree import form_address, grow
from service.web.reading import Reading, key_of, read_thread
from service.web.speech import ngettext, speak_for, spoken

bp = Blueprint("threads", __name__)

FRESH = "public, no-cache"  # asked for again each time; a 304 makes that cheap
COUNTS_FRESH = "public, max-age=30"  # no words in it: half a minute of age harms nobody
MOST_COUNTS = 100
TOO_MANY_PAGES = said("Ask for at most %(limit)s pages at once.", limit=MOST_COUNTS)


@bp.get("/s/<slug>/thread.html")
def fragment(slug: str) -> Response:
    """Answer with the approved comments of a page as HTML to be put into another page.

    Raises:
        NotFoundError: no such site.
        InvalidError: `page`, `sort` or `after` is wrong.
    """
    site = site_of_path(slug)
    speak_for(site)
    reading = read_thread(site, request.args)
    base_url = house().settings.base_url
    page = render_template("reader/thread.html", **of_thread(site, reading, base_url=base_url))
    return public(page.strip() + "\n", "text/html; charset=utf-8", FRESH)


@bp.get("/s/<slug>/thread.json")
def document(slug: str) -> Response:
    """Answer with the approved comments of a page as JSON.

    Raises:
        NotFoundError: no such site.
        InvalidError: `page`, `sort` or `after` is wrong.
    """
    site = site_of_path(slug)
    reading = read_thread(site, request.args)
    comments = []
    for comment in reading.comments:
        parent = reading.parent_of(comment)
        comments.append(public_comment(comment, None if parent is None else parent.public_id))
    body = {
        "page": reading.page,
        "comments": comments,
        "next": reading.following,
        "closed": _shut(site, reading),
    }
    return public(_json(body), "application/json", FRESH)


@bp.get("/s/<slug>/counts")
def counts(slug: str) -> Response:
    """Answer with the number of approved comments of up to 100 pages, by the names asked for.

    Where the query says `labels=1`, the same in words, in the language that `lang` names.

    Raises:
        NotFoundError: no such site.
        InvalidError: too many pages, or one that is not the site's.
    """
    site = site_of_path(slug)
    asked = list(dict.fromkeys(request.args.getlist("page")))
    if len(asked) > MOST_COUNTS:
        raise InvalidError({"page": [TOO_MANY_PAGES]})
    keys = {page: key_of(site, page) for page in asked}
    found = public_counts(db.session(), site.id, sorted(set(keys.values())))
    numbers = {page: found.get(key, 0) for page, key in keys.items()}
    body: dict[str, object] = {"counts": numbers}
    if "labels" in request.args:
        speak_for(site)
        body["labels"] = {page: _comments(number) for page, number in numbers.items()}
    return public(_json(body), "application/json", COUNTS_FRESH)


def of_thread(site: Site, reading: Reading, *, base_url: str, frame: str = "") -> dict[str, Any]:
    """Return what the template of a thread needs.

    Args:
        base_url: put before the links to the hosted form; empty on our own pages.
        frame: what these links say of a frame round the form.
    """
    sort, lang = "newest" if reading.newest else "", _told_language(site)
    reply = form_address(base_url, site.slug, page=reading.page, lang=lang, frame=frame)
    more = form_address(
        base_url,
        site.slug,
        page=reading.page,
        sort=sort,
        after=reading.following or "",
        lang=lang,
        frame=frame,
    )
    shut = _shut(site, reading)
    return {
        "entries": grow(reading, site.policy.depth),
        "closed": shut,
        "reply_base": None if shut else reply,
        "more": more if reading.following else None,
    }


def _shut(site: Site, reading: Reading) -> bool:
    return reading.thread is not None and closed(reading.thread, site.policy, house().now())


def _comments(number: int) -> str:
    language = spoken()
    words = ngettext("%(number)s comment", "%(number)s comments", number)
    return words % {"number": language.number(number)}


def _told_language(site: Site) -> str:
    """Return the language that a link must name: none where it is the site's own."""
    return "" if spoken().code == language_for(site.policy.language).code else spoken().code


def public(body: str | bytes, content_type: str, freshness: str) -> Response:
    """Return a public answer with a strong ETag, or 304 where the caller has it already."""
    content = body.encode() if isinstance(body, str) else body
    response = Response(content, content_type=content_type)
    response.set_etag(sha256(content).hexdigest()[:32])
    response.headers["Cache-Control"] = freshness
    response.make_conditional(request)
    return allow_any_origin(response)


def _json(body: object) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
