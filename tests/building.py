"""Builders: a site, an owner, a comment, through the real deeds."""

import sqlalchemy as sa
from flask import Flask

from models import Membership, Moderator, Role, Site
from service.db import db, transaction
from service.sites.changes import found_site
from service.web.context import HOUSE

ORIGIN = "https://blog.example.org"
COMMENT = {
    "comment": "The river part of this report stayed with me.",
    "author": "Ana Souza",
    "email": "ana.souza@example.org",
    "page": "/amazon",
}


def make_moderator(app: Flask, name: str = "Ana", *, operator: bool = True) -> int:
    """A moderator's row, without a usable password; returns its number."""
    house = app.extensions[HOUSE]
    with app.app_context(), transaction() as session:
        moderator = Moderator(
            email=f"{name.lower()}@staff.example.org",
            name=name,
            password="!",
            fs_uniquifier=house.token(32),
            active=True,
            operator=operator,
            created_at=house.now(),
        )
        session.add(moderator)
        session.flush()
        return moderator.id


def join(app: Flask, moderator_id: int, site_id: int, role: Role) -> None:
    """Give a moderator a role on a site."""
    with app.app_context(), transaction() as session:
        session.add(Membership(moderator_id=moderator_id, site_id=site_id, role=role))


def found_demo_site(app: Flask, slug: str = "blog", origins: list[str] | None = None) -> Site:
    """A site with an owner of its own."""
    owner = make_moderator(app, name=f"Owner-{slug}")
    with app.app_context():
        return found_site(
            app.extensions[HOUSE],
            slug=slug,
            name=slug.title(),
            origins=origins or [ORIGIN],
            owner_id=owner,
        )


def rows(app: Flask, table, *conditions):
    """All rows of a table, oldest first."""
    with app.app_context():
        query = sa.select(table).where(*conditions).order_by(table.id)
        return list(db.session.scalars(query))
