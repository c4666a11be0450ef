"""Pages of lists: where one ended stands in an opaque cursor, so a late page costs no more."""

import base64
import binascii
import json
from contextlib import suppress
from datetime import datetime
from typing import Any

from wtforms import Form, IntegerField, StringField
from wtforms.validators import Length, NumberRange, Optional

from service.errors import InvalidError
from service.http.bodies import MAX_DIGITS
from service.queries.filters import Filter
from service.queries.listing import Cursor

LIMIT = 50
LIMIT_MOST = 200
BIGGEST = 2**63
CURSOR_LENGTH = 300  # characters
BAD_CURSOR = "Send a cursor as `next` of the page before gave it, or none."


class PageForm(Form):
    """What every list takes; a list of its own adds fields."""

    limit = IntegerField(
        validators=[Optional(), NumberRange(1, LIMIT_MOST)],
        default=LIMIT,
        description="How many at most.",
    )
    cursor = StringField(
        validators=[Optional(), Length(max=CURSOR_LENGTH)],
        description="Where the page before ended, as its `next` says.",
    )


def limit_of(form: Any) -> int:
    """Return how many things a page shall have."""
    return LIMIT if form.limit.data is None else int(form.limit.data)


def written(*place: str | float | None) -> str:
    """Return a place in a list as a cursor."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).rstrip(b"=").decode()


def read(cursor: str, *kinds: type) -> list[Any] | None:
    """Return the place that a cursor holds; None where there is none.

    Args:
        kinds: of the values, in order, as `written` took them.

    Raises:
        InvalidError: it is none of ours.
    """
    if not cursor:
        return None
    try:
        place = json.loads(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        )
    except (ValueError, binascii.Error):
        place = None
    if not isinstance(place, list) or [type(one) for one in place] != list(kinds):
        raise InvalidError({"cursor": [BAD_CURSOR]})
    return place


def read_row(cursor: str | None) -> int | None:
    """Return the row that a cursor holds; None where there is none.

    Raises:
        InvalidError: it is none of ours.
    """
    place = read(cursor or "", int)
    if place is not None and not 0 <= place[0] < BIGGEST:
        raise InvalidError({"cursor": [BAD_CURSOR]})
    return None if place is None else int(place[0])


def row_of(typed: str) -> int:
    """Return the number of a row that stands in a path; 0, which is none, for anything else."""
    whole = typed.isascii() and typed.isdigit() and len(typed) <= MAX_DIGITS
    return int(typed) if whole else 0


def written_place(place: Cursor) -> str:
    """Return where a list of comments ended."""
    key = place.key
    return written(key.isoformat() if isinstance(key, datetime) else key, place.row)


def read_place(cursor: str, chosen: Filter) -> Cursor | None:
    """Return where a list of comments goes on.

    Raises:
        InvalidError: the cursor is none of ours, or of another order.
    """
    for kind in (str, float, type(None)):
        with suppress(InvalidError):
            place = read(cursor, kind, int)
            return None if place is None else _place(place[0], place[1], chosen)
    raise InvalidError({"cursor": [BAD_CURSOR]})


def _place(key: str | float | None, row: int, chosen: Filter) -> Cursor:
    if not 0 <= row < BIGGEST:
        raise InvalidError({"cursor": [BAD_CURSOR]})
    if not isinstance(key, str):
        return _fitting(Cursor(key, row), chosen)
    try:
        moment = datetime.fromisoformat(key)
    except ValueError:
        raise InvalidError({"cursor": [BAD_CURSOR]}) from None
    if moment.tzinfo is None:
        raise InvalidError({"cursor": [BAD_CURSOR]})
    return _fitting(Cursor(moment, row), chosen)


def _fitting(place: Cursor, chosen: Filter) -> Cursor:
    """Refuse a place in a list of another order: its key would be compared with something else."""
    wanted = float if chosen.by_score else datetime
    if place.key is not None and not chosen.by_row and not isinstance(place.key, wanted):
        raise InvalidError({"cursor": [BAD_CURSOR]})
    return place
