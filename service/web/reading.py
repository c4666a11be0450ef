"""Reading a thread for the public: which comments, in which order, where the next ones begin."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from models import Comment, Site, Thread
from service.db import db
from service.errors import InvalidError
from service.queries import comments as queries
from service.queries.readers import public_by_rows
from service.queries.sites import thread_of_page
from service.text.language import said
from service.text.pages import PageError, key_on_site

PAGE_SIZE = 200  # comments; a longer thread goes on behind `next`
PUBLIC_ID = re.compile(r"[A-Za-z0-9]{1,16}")
SORTS = ("oldest", "newest")
UNKNOWN_SORT = said("Sort by oldest or newest.")
UNKNOWN_AFTER = said("There is no such comment on this page.")


@dataclass(frozen=True, slots=True)
class Reading:
    """A part of a thread as everybody may see it.

    Args:
        page: canonical page key.
        thread: None while nobody has commented.
        comments: public ones, in the order asked for.
        parents: row id -> public comment, for every parent that readers can see.
        newest: newest first.
        following: public id behind which the thread goes on, None at its end.
    """

    page: str
    thread: Thread | None
    comments: list[Comment]
    parents: Mapping[int, Comment]
    newest: bool
    following: str | None

    def parent_of(self, comment: Comment) -> Comment | None:
        """Return the comment this one answers, if readers can see it."""
        return None if comment.parent_id is None else self.parents.get(comment.parent_id)


def key_of(site: Site, page: str) -> str:
    """Return the page key of what a caller named.

    Raises:
        InvalidError: it names no page of this site.
    """
    try:
        return key_on_site(site, page)
    except PageError as error:
        raise InvalidError({"page": [error.message]}) from error


def read_thread(site: Site, asked: Mapping[str, str]) -> Reading:
    """Return the public part of the thread that a query asks for.

    By `page`, `sort` (`oldest` or `newest`), `after` (the public id it goes on behind) or `at`
    (the public id it begins with, for a link to one comment of a long thread).

    An unknown page is an empty thread: its first comment may be on its way.

    Raises:
        InvalidError: no page of this site, no such order, no such comment to begin behind.
    """
    page = key_of(site, asked.get("page", ""))
    sort = asked.get("sort") or SORTS[0]
    if sort not in SORTS:
        raise InvalidError({"sort": [UNKNOWN_SORT]})
    newest = sort == "newest"
    session = db.session()
    thread = thread_of_page(session, site.id, page)
    if thread is None:
        return Reading(page, None, [], {}, newest, None)
    after = _row_of(site, thread, asked.get("after", ""))
    start = _row_of(site, thread, asked.get("at", ""))
    if start is not None:
        after = start + (1 if newest else -1)
    found = queries.public_comments(
        session, thread.id, newest=newest, after=after, limit=PAGE_SIZE + 1
    )
    comments = found[:PAGE_SIZE]
    following = comments[-1].public_id if len(found) > PAGE_SIZE else None
    return Reading(page, thread, comments, _parents(comments), newest, following)


def public_comment_of(site: Site, thread: Thread | None, public_id: str) -> Comment | None:
    """Return a comment of a thread that readers can see, None for anything else."""
    if thread is None or not PUBLIC_ID.fullmatch(public_id):
        return None
    found = queries.comment_of_site(db.session(), site.id, public_id)
    if found is None or found.thread_id != thread.id or not found.is_public:
        return None
    return found


def _row_of(site: Site, thread: Thread, public_id: str) -> int | None:
    if not public_id:
        return None
    # One that was taken back meanwhile still marks its place: a reader half way must not fall out.
    found = None
    if PUBLIC_ID.fullmatch(public_id):
        found = queries.comment_of_site(db.session(), site.id, public_id)
    if found is None or found.thread_id != thread.id:
        raise InvalidError({"after": [UNKNOWN_AFTER]})
    return found.id


def _parents(comments: list[Comment]) -> dict[int, Comment]:
    here = {comment.id: comment for comment in comments}
    elsewhere = {one.parent_id for one in comments if one.parent_id is not None} - here.keys()
    return here | public_by_rows(db.session(), elsewhere)
