"""Questions about the keys this database was written with."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import KeyCheck


def key_checks(session: Session) -> dict[tuple[str, int], KeyCheck]:
    """Return the known answers by (use, key id)."""
    return {(row.use, row.kid): row for row in session.scalars(sa.select(KeyCheck))}
