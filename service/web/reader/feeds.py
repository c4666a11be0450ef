"""Feeds (Atom, RFC 4287): what was published last, on a page and on a site."""

from datetime import datetime
from xml.etree import ElementTree as ET

from flask import Blueprint, Response, request

from models import Comment, Site, Thread
from service.db import db
from service.queries.readers import newest_of_site
from service.records.announce import iso
from service.text.language import said
from service.text.rendering import comment_html
from service.web.context import house, site_of_path
from service.web.place import Place, place_of
from service.web.reader.threads import FRESH, public
from service.web.reader.tree import form_address, shown_name
from service.web.reading import read_thread
from service.web.speech import say, speak_for, spoken

bp = Blueprint("feeds", __name__)

NEWEST = 50
ATOM = "http://www.w3.org/2005/Atom"
ATOM_TYPE = "application/atom+xml; charset=utf-8"


@bp.get("/s/<slug>/thread.atom")
def of_thread(slug: str) -> Response:
    """Answer with the newest comments of a page.

    Raises:
        NotFoundError: no such site.
        InvalidError: `page` is not one of the site's.
    """
    site = site_of_path(slug)
    speak_for(site)
    reading = read_thread(site, {"page": request.args.get("page", ""), "sort": "newest"})
    title = (reading.thread.title if reading.thread is not None else "") or reading.page
    name = f"page:{reading.page}"
    rows = [(comment, reading.thread) for comment in reading.comments[:NEWEST] if reading.thread]
    return _feed(site, name, say(said("Comments on %(title)s", title=title)), rows)


@bp.get("/s/<slug>/feed.atom")
def of_site(slug: str) -> Response:
    """Answer with the newest comments of a site.

    Raises:
        NotFoundError: no such site.
    """
    site = site_of_path(slug)
    speak_for(site)
    rows = newest_of_site(db.session(), site.id, NEWEST)
    return _feed(site, "site", say(said("Comments on %(title)s", title=site.name)), rows)


def _feed(site: Site, name: str, title: str, rows: list[tuple[Comment, Thread]]) -> Response:
    base_url = house().settings.base_url
    places = {thread.id: place_of(site, thread.page) for _, thread in rows}
    feed = ET.Element("feed", {"xmlns": ATOM, "xml:lang": spoken().code})
    _text(feed, "id", f"tag:{_authority(base_url)},{site.created_at:%Y-%m-%d}:{site.slug}/{name}")
    _text(feed, "title", title)
    # Of a feed without entries only this is known: nothing was published since there is a site.
    _text(feed, "updated", iso(max((_changed(row) for row, _ in rows), default=site.created_at)))
    path = request.full_path.rstrip("?")
    ET.SubElement(feed, "link", {"rel": "self", "href": base_url + path})
    ET.SubElement(feed, "link", {"rel": "alternate", "href": site.origins[0]})
    _text(feed, "generator", "Gatepost")
    for comment, thread in rows:
        _entry(feed, site, comment, places[thread.id], thread)
    body = '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(feed, encoding="unicode")
    return public(body, ATOM_TYPE, FRESH)


def _entry(feed: ET.Element, site: Site, comment: Comment, place: Place, thread: Thread) -> None:
    base_url = house().settings.base_url
    entry = ET.SubElement(feed, "entry")
    day = f"{comment.created_at:%Y-%m-%d}"
    _text(entry, "id", f"tag:{_authority(base_url)},{day}:comment/{comment.public_id}")
    about = thread.title or thread.page
    author = shown_name(comment)
    _text(entry, "title", say(said("%(name)s on %(title)s", name=author, title=about)))
    _text(entry, "updated", iso(_changed(comment)))
    _text(entry, "published", iso(comment.created_at))
    _text(ET.SubElement(entry, "author"), "name", author)
    page = place.page or form_address(base_url, site.slug, page=thread.page)
    ET.SubElement(entry, "link", {"href": f"{page}#comment-{comment.public_id}"})
    _text(entry, "content", str(comment_html(comment.text))).set("type", "html")


def _text(parent: ET.Element, tag: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, tag)
    element.text = text
    return element


def _changed(comment: Comment) -> datetime:
    return comment.edited_at or comment.created_at


def _authority(base_url: str) -> str:
    # A tag URI (RFC 4151) takes a host name, without a port.
    return base_url.split("://", 1)[1].partition(":")[0]
