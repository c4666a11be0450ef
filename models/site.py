"""Sites and their threads."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, RowId
from models.policy import Policy

SLUG_LENGTH = 40
PAGE_KEY_LENGTH = 500
TITLE_LENGTH = 300
PAGE_TEXT_LENGTH = 40_000
"""Characters of a page's text that are kept; the model reads no more."""


class Site(Base):
    """A website whose comments we keep."""

    __tablename__ = "site"

    id: Mapped[RowId]
    slug: Mapped[str] = mapped_column(sa.String(SLUG_LENGTH), unique=True)
    name: Mapped[str] = mapped_column(sa.String(TITLE_LENGTH))
    origins: Mapped[list[str]]
    """Origins (scheme://host[:port]) whose pages may send comments; the first is the main one."""
    model_version: Mapped[int] = mapped_column(default=0, server_default="0")
    """Goes up whenever another model of its own takes over, so that every process notices."""
    rules_version: Mapped[int] = mapped_column(default=0, server_default="0")
    """Goes up with every rule added or ended, so that every process notices."""
    stored_policy: Mapped[dict[str, Any]] = mapped_column("policy", default=dict)
    created_at: Mapped[datetime]

    @property
    def policy(self) -> Policy:
        """The site's rules."""
        return Policy.from_json(self.stored_policy)


class Thread(Base):
    """The comments of one page."""

    __tablename__ = "thread"
    __table_args__ = (sa.UniqueConstraint("site_id", "page"),)

    id: Mapped[RowId]
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    page: Mapped[str] = mapped_column(sa.String(PAGE_KEY_LENGTH))
    """Canonical page key."""
    title: Mapped[str] = mapped_column(sa.String(TITLE_LENGTH), default="")
    """The owner's title; public."""
    provisional_title: Mapped[str] = mapped_column(sa.String(TITLE_LENGTH), default="")
    """A title a reader's browser sent; hostile, shown to moderators only."""
    page_text: Mapped[str] = mapped_column(sa.Text, default="")
    registered: Mapped[bool] = mapped_column(default=False)
    """The owner, the API or check-my-embed named this page; not just a reader."""
    version: Mapped[int] = mapped_column(default=0)
    """Goes up with every change a reader of the thread can see."""
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class PageAlias(Base):
    """Another key under which a thread's page was known: it moved, or two threads became one."""

    __tablename__ = "page_alias"
    __table_args__ = (
        sa.UniqueConstraint("site_id", "page"),
        sa.Index("ix_page_alias_thread", "thread_id"),
    )

    id: Mapped[RowId]
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    page: Mapped[str] = mapped_column(sa.String(PAGE_KEY_LENGTH))
    thread_id: Mapped[int] = mapped_column(sa.ForeignKey("thread.id"))
    made_at: Mapped[datetime]
