"""Comments for programs: looked at."""

from models import Scope, Status
from service.db import db
from service.errors import NotFoundError
from service.queries.comments import comment_of_site
from service.queries.filters import Filter
from service.queries.listing import listed
from service.web.api import paging
from service.web.api.asking import CommentsForm, page_asked
from service.web.api.comment_shape import COMMENT, LISTED, listed_comments, whole_comment
from service.web.api.declaring import Call, Reply, Resource
from service.web.api.schemas import page_of

resource = Resource("Comments", "What readers wrote: listed, looked at and decided.")
NO_COMMENT = "There is no such comment."


@resource.operation(
    "listComments",
    "GET /comments",
    scope=Scope.READ,
    query=CommentsForm,
    answer=page_of(LISTED),
)
def index(call: Call) -> Reply:
    """List comments of every status.

    Newest first unless `order` says otherwise. A page may be short, even empty, and go on: what
    matters is `next`. Comments whose authors took them back are not listed.
    """
    asked = call.query
    chosen = Filter(
        status=Status(asked.status.data) if asked.status.data else None,
        order=asked.order.data or "newest",
        words=asked.q.data or "",
        thread_id=page_asked(call.site, asked.page.data or ""),
        since=asked.since.data,
        until=asked.until.data,
    )
    beyond = paging.read_place(asked.cursor.data or "", chosen)
    found = listed(
        db.session(), [call.site.id], chosen, beyond=beyond, limit=paging.limit_of(asked)
    )
    after = None if found.beyond is None else paging.written_place(found.beyond)
    items = listed_comments(call.site, [(one, heading.page) for one, heading in found.rows])
    return Reply({"items": items, "next": after}, beyond=after)


@resource.operation("getComment", "GET /comments/{id}", scope=Scope.READ, answer=COMMENT)
def show(call: Call, id: str) -> Reply:  # noqa: A002 - the place's name in the path
    """Return one comment with its history."""
    comment = comment_of_site(db.session(), call.site.id, id)
    if comment is None:
        raise NotFoundError(NO_COMMENT)
    return Reply(whole_comment(call.site, comment), version=comment.version)
