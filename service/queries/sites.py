"""Questions about sites, threads and who may do what on them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models import Base, Membership, PageAlias, Role, Site, Thread


def insert_or_leave(session: Session, table: type[Base], values: dict[str, Any]) -> bool:
    """Insert a row unless an equal one stands already: no error, whoever was first.

    Returns whether it was inserted.
    """
    dialect = session.get_bind().dialect.name
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(table).values(values).on_conflict_do_nothing()
    return session.execute(statement.returning(*sa.inspect(table).primary_key)).first() is not None


def site_by_slug(session: Session, slug: str) -> Site | None:
    """Return the site of that slug."""
    return session.scalar(sa.select(Site).where(Site.slug == slug))


def site_made(session: Session, *, slug: str, **values: Any) -> Site | None:
    """Make a site and return it; None where there is one of that slug already."""
    made = insert_or_leave(session, Site, {"slug": slug, **values})
    return site_by_slug(session, slug) if made else None


def site(session: Session, site_id: int) -> Site:
    """Return a site by its row."""
    return session.get_one(Site, site_id)


def site_held(session: Session, site_id: int) -> Site:
    """Return a site, locked so that one owner after the other changes what hangs on it.

    Comments still come in: a row that only names the site does not wait.
    """
    query = sa.select(Site).where(Site.id == site_id).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def thread(session: Session, thread_id: int) -> Thread:
    """Return a thread by its row."""
    return session.get_one(Thread, thread_id)


def sites_of(session: Session, moderator_id: int) -> list[tuple[Site, Role]]:
    """Return the sites a moderator has a role on, by slug."""
    query = (
        sa.select(Site, Membership.role)
        .join(Membership, Membership.site_id == Site.id)
        .where(Membership.moderator_id == moderator_id)
        .order_by(Site.slug)
    )
    return [(site, role) for site, role in session.execute(query)]


def give_role(session: Session, moderator_id: int, site_id: int, role: Role) -> None:
    """Give a moderator a role on a site."""
    session.add(Membership(moderator_id=moderator_id, site_id=site_id, role=role))


def thread_of_page(
    session: Session, site_id: int, page: str, *, held: bool = False, alone: bool = False
) -> Thread | None:
    """Return the thread of a page key, or of an alias of it.

    Args:
        held: keep the thread from being merged away until the transaction ends.
        alone: where held, keep others from changing it too, but not from writing below it.
    """
    by_name = sa.select(Thread).where(Thread.site_id == site_id, Thread.page == page)
    by_alias = (
        sa.select(Thread)
        .join(PageAlias, PageAlias.thread_id == Thread.id)
        .where(PageAlias.site_id == site_id, PageAlias.page == page)
    )
    for query in (by_name, by_alias):
        asked = query.with_for_update(key_share=True, read=not alone, of=Thread) if held else query
        found = session.scalar(asked)
        if found is not None:
            return found
    return None


def thread_made(session: Session, site_id: int, page: str, *, title: str, now: datetime) -> Thread:
    """Return the thread of a page key, making it when it is the first; races end in one row."""
    found = thread_of_page(session, site_id, page, held=True)
    if found is not None:
        return found
    insert_or_leave(
        session,
        Thread,
        {
            "site_id": site_id,
            "page": page,
            "title": "",
            "provisional_title": title,
            "page_text": "",
            "registered": False,
            "version": 0,
            "created_at": now,
        },
    )
    return session.scalars(
        sa.select(Thread).where(Thread.site_id == site_id, Thread.page == page)
    ).one()


THREADS_PAGE = 50


def threads_page(
    session: Session, site_id: int, *, before: int | None = None, limit: int = THREADS_PAGE
) -> Sequence[Thread]:
    """Return a site's newest threads beyond a row."""
    query = sa.select(Thread).where(Thread.site_id == site_id)
    if before is not None:
        query = query.where(Thread.id < before)
    return session.scalars(query.order_by(Thread.id.desc()).limit(limit)).all()
