"""Questions about how much the keys of Akismet's wire were used."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import AkismetMonth
from service.queries.sites import insert_or_leave

COUNTS = ("api_calls", "spam", "ham", "missed_spam", "false_positives")


def month_of(moment: datetime) -> str:
    """Return the month that a moment in UTC is counted in."""
    return moment.strftime("%Y-%m")


def count_up(session: Session, key_id: int, origin: str, now: datetime, *counts: str) -> None:
    """Add one to some of a key's counts; two at once both count.

    Args:
        counts: of `COUNTS`.
    """
    month = month_of(now)
    query = (
        sa.update(AkismetMonth)
        .where(
            AkismetMonth.key_id == key_id,
            AkismetMonth.month == month,
            AkismetMonth.origin == origin,
        )
        .values({name: getattr(AkismetMonth, name) + 1 for name in counts})
        .returning(AkismetMonth.key_id)
        .execution_options(synchronize_session=False)
    )
    if session.execute(query).first() is None:  # the first of its month
        row = {"key_id": key_id, "month": month, "origin": origin, **dict.fromkeys(COUNTS, 0)}
        insert_or_leave(session, AkismetMonth, row)
        session.execute(query)


def months_of(session: Session, key_id: int, since: str) -> Sequence[AkismetMonth]:
    """Return a key's counts from a month on, oldest first."""
    query = sa.select(AkismetMonth).where(
        AkismetMonth.key_id == key_id, AkismetMonth.month >= since
    )
    query = query.order_by(AkismetMonth.month, AkismetMonth.origin)
    return session.scalars(query.execution_options(populate_existing=True)).all()
