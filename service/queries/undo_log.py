"""What a moderator did of late and can still take back: one question, asked by every list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from models import Batch, Comment, Decision, Revision, Status

EXCERPT = 60  # characters of the comment

_since = sa.bindparam("since", type_=Decision.made_at.type)
_moderator: sa.BindParameter[int] = sa.bindparam("moderator")
_most: sa.BindParameter[int] = sa.bindparam("most")


@dataclass(frozen=True, slots=True)
class Act:
    """One act.

    Args:
        kind: `decision`, `edit` or `batch`.
        key: its number; of a batch its public id.
        at: when it was done.
        status: what the comments became; None = edited.
        changed: how many comments.
        public_id, name, excerpt: of the comment it was done to; None for many.
    """

    kind: str
    key: str
    at: datetime
    status: Status | None
    changed: int
    public_id: str | None
    name: str | None
    excerpt: str | None


def _acts(
    kind: str, table: type[Decision | Revision], status: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    undoing = aliased(table)
    acts: sa.Select[*tuple[Any, ...]] = (
        sa.select(
            sa.literal_column(f"'{kind}'").label("kind"),
            sa.cast(table.id, sa.String(20)).label("key"),
            table.made_at.label("at"),
            status.label("status"),
            sa.literal_column("1").label("changed"),
            Comment.public_id.label("public_id"),
            Comment.name.label("name"),
            sa.func.substr(Comment.text, 1, EXCERPT).label("excerpt"),
        )
        .join(Comment, Comment.id == table.comment_id)
        .where(
            table.moderator_id == _moderator,
            table.made_at >= _since,
            table.undoes_id.is_(None),
            table.version == Comment.version,
            ~sa.exists().where(undoing.undoes_id == table.id),
        )
    )
    if table is Decision:
        acts = acts.where(Decision.batch_id.is_(None))  # a batch is taken back as one
    return sa.select(acts.order_by(table.id.desc()).limit(_most).subquery())


def _batches() -> sa.Select[Any]:
    undoing = aliased(Batch)
    columns: list[sa.ColumnElement[Any]] = [
        sa.literal_column("'batch'").label("kind"),
        Batch.public_id.label("key"),
        Batch.made_at.label("at"),
        Batch.new.label("status"),
        Batch.changed.label("changed"),
        *(sa.cast(sa.null(), sa.Text()).label(name) for name in ("one", "two", "three")),
    ]
    acts = (
        sa.select(*columns)
        .where(
            Batch.moderator_id == _moderator,
            Batch.made_at >= _since,
            Batch.undoes_id.is_(None),
            ~sa.exists().where(undoing.undoes_id == Batch.id),
        )
        .order_by(Batch.id.desc())
        .limit(_most)
    )
    return sa.select(acts.subquery())


# Built once: putting it together took a tenth of the time of a queue page.
_all = sa.union_all(
    _acts("decision", Decision, Decision.after.expression),
    _acts("edit", Revision, sa.cast(sa.null(), Decision.after.type)),
    _batches(),
).subquery()
_NEWEST = sa.select(_all).order_by(_all.c.at.desc()).limit(_most)


def recent_acts(
    session: Session, moderator_id: int, *, since: datetime, limit: int
) -> Sequence[Act]:
    """Return a moderator's newest acts that can still be undone, newest first."""
    values = {"moderator": moderator_id, "since": since, "most": limit}
    return [Act(*row) for row in session.execute(_NEWEST, values)]
