"""Threads for programs: pages registered, described, closed, renamed and merged."""

from typing import Any

from wtforms import Form, StringField
from wtforms.validators import InputRequired, Length, Optional

from models import Scope, Site, Thread
from models.site import PAGE_TEXT_LENGTH, TITLE_LENGTH
from service.db import db
from service.errors import InvalidError, NotFoundError, PreconditionError, StaleError
from service.queries import threads as queries
from service.queries.sites import thread_of_page, threads_page
from service.sites import changes, threads
from service.text.pages import PageError, key_on_site, page_url
from service.web.api import paging
from service.web.api.comment_shape import told
from service.web.api.declaring import Call, Reply, Resource, Schema
from service.web.api.paging import PageForm, row_of
from service.web.api.schemas import (
    MOMENT,
    TEXT,
    WHOLE,
    YES_OR_NO,
    many,
    maybe,
    more,
    named,
    page_of,
    thing,
)
from service.web.context import house

resource = Resource("Threads", "The pages of the site, each with its comments.")

ADDRESS_LENGTH = 2000
LISTED: Schema = named(
    "ListedThread",
    thing(
        id=TEXT,
        page={**TEXT, "description": "The page's key."},
        page_url=maybe(TEXT),
        title={**TEXT, "description": "As its owner gave it; public."},
        registered={**YES_OR_NO, "description": "Named by its owner, not just by a reader."},
        closed={**YES_OR_NO, "description": "Takes no more comments, by hand or by age."},
        closed_at={**maybe(MOMENT), "description": "When it was closed by hand."},
        version={**WHOLE, "description": "Goes up with every change that readers can see."},
        created_at=MOMENT,
    ),
)
ALIAS: Schema = named("Alias", thing(id=TEXT, page=TEXT, made_at=MOMENT))
THREAD: Schema = named(
    "Thread",
    more(
        LISTED,
        text={**TEXT, "description": "What the page says: the topic of its comments."},
        comments={**WHOLE, "description": "How many, of every status."},
        aliases=many(ALIAS),
    ),
)


def _page_field(about: str) -> Any:
    return StringField(validators=[InputRequired(), Length(1, ADDRESS_LENGTH)], description=about)


def _title_field() -> Any:
    return StringField(validators=[Length(max=TITLE_LENGTH)])


def _text_field() -> Any:
    return StringField(
        validators=[Length(max=PAGE_TEXT_LENGTH)],
        description="What the page says, as plain text: no evidence of spam in its comments.",
    )


class ThreadsForm(PageForm):
    """Which pages."""

    page = StringField(
        validators=[Optional(), Length(max=ADDRESS_LENGTH)],
        description="Key, other name or address of one page.",
    )


class RegisterForm(Form):
    """A page that its owner names."""

    page = _page_field("Key or address on one of the site's origins.")
    title = _title_field()
    text = _text_field()


class DescribeForm(Form):
    """What a page says; what is left out stays as it is."""

    title = _title_field()
    text = _text_field()


class AliasForm(Form):
    """One more name of a page."""

    alias = _page_field("Key or address under which the page was or will be known.")


class MergeForm(Form):
    """Where comments go."""

    into = _page_field("Key or address of the page that takes them.")


@resource.operation(
    "listThreads", "GET /threads", scope=Scope.READ, query=ThreadsForm, answer=page_of(LISTED)
)
def index(call: Call) -> Reply:
    """List the site's pages, newest first; with `page` the one of that name, if there is one."""
    session, asked = db.session(), call.query
    if asked.page.data:
        found = thread_of_page(session, call.site.id, _key(call.site, asked.page.data))
        return Reply({"items": [_listed(call.site, found)] if found else [], "next": None})
    limit, before = paging.limit_of(asked), paging.read_row(asked.cursor.data)
    rows = threads_page(session, call.site.id, before=before, limit=limit + 1)
    beyond = paging.written(rows[limit - 1].id) if len(rows) > limit else None
    items = [_listed(call.site, one) for one in rows[:limit]]
    return Reply({"items": items, "next": beyond}, beyond=beyond)


@resource.operation("getThread", "GET /threads/{thread}", scope=Scope.READ, answer=THREAD)
def show(call: Call, thread: str) -> Reply:
    """Return one page with its text and other names."""
    return _whole(call.site, row_of(thread))


@resource.operation(
    "registerThread",
    "POST /threads",
    scope=Scope.ADMIN,
    status=201,
    body=RegisterForm,
    answer=THREAD,
    repeats=True,
)
def register(call: Call) -> Reply:
    """Register a page with its title and text, or replace those of one that is known."""
    form: RegisterForm = call.body
    made = changes.describe_page(
        house(),
        call.site,
        form.page.data or "",
        title=form.title.data or "",
        text=form.text.data or "",
    )
    return _whole(call.site, made.id)


@resource.operation(
    "describeThread",
    "PATCH /threads/{thread}",
    scope=Scope.ADMIN,
    body=DescribeForm,
    answer=THREAD,
    matches=True,
)
def describe(call: Call, thread: str) -> Reply:
    """Change a page's title or text; what is left out stays as it is."""
    form, given = call.body, call.given
    try:
        changes.amend_page(
            house(),
            call.site.id,
            row_of(thread),
            title=form.title.data if "title" in given else None,
            text=form.text.data if "text" in given else None,
            seen=call.version,
        )
    except StaleError as error:
        raise PreconditionError(error.message) from error
    return _whole(call.site, row_of(thread))


@resource.operation(
    "closeThread", "POST /threads/{thread}/close", scope=Scope.MODERATE, answer=THREAD, repeats=True
)
def close(call: Call, thread: str) -> Reply:
    """Let a page take no more comments."""
    threads.set_closed(house(), call.site.id, row_of(thread), shut=True)
    return _whole(call.site, row_of(thread))


@resource.operation(
    "openThread", "POST /threads/{thread}/open", scope=Scope.MODERATE, answer=THREAD, repeats=True
)
def reopen(call: Call, thread: str) -> Reply:
    """Let a page that was closed by hand take comments again."""
    threads.set_closed(house(), call.site.id, row_of(thread), shut=False)
    return _whole(call.site, row_of(thread))


@resource.operation(
    "addAlias",
    "POST /threads/{thread}/aliases",
    scope=Scope.ADMIN,
    status=201,
    body=AliasForm,
    answer=THREAD,
    repeats=True,
)
def add_alias(call: Call, thread: str) -> Reply:
    """Let a page be found under another name too."""
    threads.add_alias(house(), call.site, row_of(thread), call.body.alias.data)
    return _whole(call.site, row_of(thread))


@resource.operation(
    "dropAlias", "DELETE /threads/{thread}/aliases/{alias}", scope=Scope.ADMIN, answer=None
)
def drop_alias(call: Call, thread: str, alias: str) -> Reply:
    """Let a page be found under another name no more."""
    threads.drop_alias(house(), call.site, row_of(thread), row_of(alias))
    return Reply(None)


@resource.operation(
    "mergeThread",
    "POST /threads/{thread}/merge",
    scope=Scope.ADMIN,
    body=MergeForm,
    answer=THREAD,
    repeats=True,
)
def merge(call: Call, thread: str) -> Reply:
    """Move all comments of a page to another one and return that one; this cannot be undone.

    The page's name becomes one more name of the other.
    """
    target = threads.merge(house(), call.site, row_of(thread), call.body.into.data)
    return _whole(call.site, target.id)


def _key(site: Site, page: str) -> str:
    try:
        return key_on_site(site, page)
    except PageError as error:
        raise InvalidError({"page": [error.message]}) from error


def _whole(site: Site, row: int) -> Reply:
    session = db.session()
    thread = queries.thread_of_site(session, site.id, row)
    if thread is None:
        raise NotFoundError(threads.NO_SUCH_PAGE)
    content = {
        **_listed(site, thread),
        "text": thread.page_text,
        "comments": queries.number_of_comments(session, thread.id),
        "aliases": [
            {"id": str(alias.id), "page": alias.page, "made_at": told(alias.made_at)}
            for alias in queries.aliases_of(session, thread.id)
        ],
    }
    return Reply(content, version=thread.version)


def _listed(site: Site, thread: Thread) -> dict[str, Any]:
    return {
        "id": str(thread.id),
        "page": thread.page,
        "page_url": page_url(thread.page, site.origins),
        "title": thread.title,
        "registered": thread.registered,
        "closed": threads.closed(thread, site.policy, house().now()),
        "closed_at": told(thread.closed_at),
        "version": thread.version,
        "created_at": told(thread.created_at),
    }
