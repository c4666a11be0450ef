"""Questions about a site's rules."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Comment, Contact, Moderator, Rule, RuleKind, Site
from service.queries.comments import PRESENT

LIVE = Rule.ended_at.is_(None)


def rules_version(session: Session, site_id: int) -> int:
    """Return a number that goes up with every rule added or ended."""
    return session.scalars(sa.select(Site.rules_version).where(Site.id == site_id)).one()


def live_rules(session: Session, site_id: int) -> Sequence[Rule]:
    """Return a site's live rules on hosts and words; how many there may be is bounded."""
    query = sa.select(Rule).where(Rule.site_id == site_id, LIVE, Rule.kind != RuleKind.AUTHOR)
    return session.scalars(query).all()


def live_of_patterns(session: Session, site_id: int, patterns: Collection[str]) -> Sequence[Rule]:
    """Return a site's live rules of these patterns, of every kind."""
    query = sa.select(Rule).where(Rule.site_id == site_id, LIVE, Rule.pattern.in_(patterns))
    return session.scalars(query.execution_options(populate_existing=True)).all()


def author_stays(session: Session, site_id: int, contact_id: int) -> bool:
    """Say whether a site knows an author, and keep him from being erased by others meanwhile."""
    query = sa.select(Contact.id).where(Contact.id == contact_id, Contact.site_id == site_id)
    return session.scalar(query.with_for_update(read=True, key_share=True)) is not None


def rules_on_authors(session: Session, contact_ids: Collection[int]) -> dict[int, Rule]:
    """Return the live rules on these authors, by the row of the author."""
    if not contact_ids:
        return {}
    query = sa.select(Rule).where(Rule.contact_id.in_(contact_ids), LIVE)
    return {rule.contact_id: rule for rule in session.scalars(query) if rule.contact_id is not None}


def live_numbers(session: Session, site_id: int) -> dict[RuleKind, int]:
    """Return how many live rules of each kind a site has."""
    number = sa.func.count(Rule.id)
    query = sa.select(Rule.kind, number).where(Rule.site_id == site_id, LIVE).group_by(Rule.kind)
    return {kind: many for kind, many in session.execute(query)}  # noqa: C416 - mypy knows no dict of rows


def live_page(
    session: Session, site_id: int, kind: RuleKind, *, before: int | None, limit: int
) -> list[tuple[Rule, Moderator]]:
    """Return live rules of one kind with who made them, newest first."""
    query = (
        sa.select(Rule, Moderator)
        .join(Moderator, Moderator.id == Rule.made_by_id)
        .where(Rule.site_id == site_id, LIVE, Rule.kind == kind)
    )
    if before is not None:
        query = query.where(Rule.id < before)
    rows = session.execute(query.order_by(Rule.id.desc()).limit(limit))
    return [(rule, moderator) for rule, moderator in rows]


def ended_page(session: Session, site_id: int, limit: int) -> list[tuple[Rule, Moderator]]:
    """Return the rules that were ended last with who ended them."""
    query = (
        sa.select(Rule, Moderator)
        .join(Moderator, Moderator.id == Rule.ended_by_id)
        .where(Rule.site_id == site_id)
        .order_by(Rule.ended_at.desc(), Rule.id.desc())
        .limit(limit)
    )
    return [(rule, moderator) for rule, moderator in session.execute(query)]


def rule_of_site(session: Session, site_id: int, number: int) -> Rule | None:
    """Return one of a site's rules."""
    query = sa.select(Rule).where(Rule.site_id == site_id, Rule.id == number)
    return session.scalar(query.execution_options(populate_existing=True))


def newest_by_authors(session: Session, contact_ids: Collection[int]) -> dict[int, Comment]:
    """Return the newest comment of each of these authors, by the row of the author."""
    if not contact_ids:
        return {}
    newest = (
        sa.select(sa.func.max(Comment.id))
        .where(Comment.contact_id.in_(contact_ids), PRESENT)
        .group_by(Comment.contact_id)
    )
    rows = session.scalars(sa.select(Comment).where(Comment.id.in_(newest)))
    return {row.contact_id: row for row in rows if row.contact_id is not None}


def recent_signals(session: Session, site_id: int, limit: int) -> Sequence[dict[str, Any]]:
    """Return what was seen of a site's newest comments when they came."""
    query = sa.select(Comment.signals).where(Comment.site_id == site_id)
    return session.scalars(query.order_by(Comment.created_at.desc()).limit(limit)).all()
