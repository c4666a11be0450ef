"""The deeds of those who look after a site's pages: other names, becoming one, closing."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models import PageAlias, Policy, Site, Thread
from service.db import db, transaction
from service.errors import InvalidError, NotFoundError
from service.house import House
from service.queries import threads as queries
from service.queries.sites import thread_of_page
from service.records.announce import Change, page_event
from service.records.audit import note
from service.text.pages import PageError, key_on_site

OWN_NAME = "This page is known by that name already."
OTHERS_NAME = "Another page has that name and comments of its own: merge it into this one instead."
NO_SUCH_PAGE = "The site knows no such page."
SAME_PAGE = "That is this very page."


def set_closed(house: House, site_id: int, thread_id: int, *, shut: bool) -> Thread:
    """Let a page take no more comments, or take them again.

    Raises:
        NotFoundError: no such page on this site.
    """
    with transaction() as session:
        thread = held_thread(session, site_id, thread_id)
        if shut != (thread.closed_at is not None):
            thread.closed_at = house.now() if shut else None
            thread.version += 1
            act = "page.close" if shut else "page.open"
            note(session, house, act, site_id, page=thread_id)
            page_event(session, house, thread, Change.CLOSED if shut else Change.OPENED)
    house.wake()
    return thread


def add_alias(house: House, site: Site, thread_id: int, page: str) -> None:
    """Let a page be found under another name too.

    Raises:
        NotFoundError: no such page on this site.
        InvalidError: the name is no page of the site, or belongs to a page already.
    """
    key = _key(site, page, "alias")
    with transaction() as session:
        thread = held_thread(session, site.id, thread_id)
        holder = thread_of_page(session, site.id, key, held=True)
        if holder is not None:
            own = holder.id == thread.id
            raise InvalidError({"alias": [OWN_NAME if own else OTHERS_NAME]})
        session.add(_alias(house, thread, key))
        thread.version += 1
        note(session, house, "page.alias", site.id, page=thread_id)
        page_event(session, house, thread, Change.NAMED, name=key)
    house.wake()


def drop_alias(house: House, site: Site, thread_id: int, alias_id: int) -> None:
    """Let a page be found under another name no more.

    Raises:
        NotFoundError: no such page, or no such name of it.
    """
    with transaction() as session:
        thread = held_thread(session, site.id, thread_id)
        alias = queries.alias_of_thread(session, thread.id, alias_id)
        if alias is None:
            raise NotFoundError("This page has no such other name.")
        session.delete(alias)
        thread.version += 1
        note(session, house, "page.drop_alias", site.id, page=thread_id)
        page_event(session, house, thread, Change.UNNAMED, name=alias.page)
    house.wake()


def merge(house: House, site: Site, thread_id: int, into: str) -> Thread:
    """Move all comments of a page to another one, and return that one.

    The page's name becomes one more name of the other, so that forms and links that still say it
    go on working; a comment that arrives meanwhile lands on the other page. It keeps its own
    title and text if it has any.

    Raises:
        NotFoundError: no such page on this site.
        InvalidError: the other is no page that is known, or this very one.
    """
    with transaction() as session:
        target = _target(session, site, thread_id, into)
        queries.hold_comments(session, thread_id)
        held = queries.threads_for_change(session, [thread_id, target.id])
        source = held.get(thread_id)
        if source is None or source.site_id != site.id:
            raise NotFoundError(NO_SUCH_PAGE)
        queries.move_all(session, source, target)
        _take_over(source, target)
        session.delete(source)
        session.flush()  # its name is free for the alias from here on
        session.add(_alias(house, target, source.page))
        note(session, house, "page.merge", site.id, page=thread_id, into=target.id)
        page_event(session, house, target, Change.MERGED, name=source.page)
    house.wake()
    return target


def merge_target(site: Site, thread: Thread, into: str) -> Thread:
    """Return the page that a merge would go to.

    Raises:
        InvalidError: it is no page that is known, or this very one.
    """
    return _target(db.session(), site, thread.id, into)


def closed(thread: Thread, policy: Policy, now: datetime) -> bool:
    """Say whether a page takes no more comments, by hand or by age."""
    if thread.closed_at is not None:
        return True
    days = policy.close_after_days
    return days is not None and now - thread.created_at > timedelta(days=days)


def held_thread(session: Session, site_id: int, thread_id: int) -> Thread:
    """Return one page of a site, locked until the transaction ends.

    Raises:
        NotFoundError: no such page on this site.
    """
    thread = queries.threads_for_change(session, [thread_id]).get(thread_id)
    if thread is None or thread.site_id != site_id:
        raise NotFoundError(NO_SUCH_PAGE)
    return thread


def _target(session: Session, site: Site, thread_id: int, into: str) -> Thread:
    target = thread_of_page(session, site.id, _key(site, into, "into"))
    if target is None:
        raise InvalidError({"into": [NO_SUCH_PAGE]})
    if target.id == thread_id:
        raise InvalidError({"into": [SAME_PAGE]})
    return target


def _take_over(source: Thread, target: Thread) -> None:
    target.title = target.title or source.title
    target.page_text = target.page_text or source.page_text
    target.registered = target.registered or source.registered
    # Readers of either must see that something changed.
    target.version = max(target.version, source.version) + 1


def _key(site: Site, page: str, field: str) -> str:
    try:
        return key_on_site(site, page)
    except PageError as error:
        raise InvalidError({field: [error.message]}) from error


def _alias(house: House, thread: Thread, page: str) -> PageAlias:
    return PageAlias(site_id=thread.site_id, page=page, thread_id=thread.id, made_at=house.now())
