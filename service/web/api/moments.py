"""A moment in a request: RFC 3339, with its offset."""

from datetime import UTC, datetime
from typing import Any

from wtforms import Field
from wtforms.widgets import TextInput

NO_MOMENT = "Enter a moment with its offset, like 2026-11-23T12:00:00Z."


class MomentField(Field):
    """A moment; in UTC once it is read."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the first value.

        Raises:
            ValueError: it is no moment, has no offset, or is one that UTC has no word for.
        """
        if not valuelist or not valuelist[0]:
            return
        try:
            moment = datetime.fromisoformat(valuelist[0])
            self.data = moment.astimezone(UTC) if moment.tzinfo is not None else None
        except (ValueError, OverflowError):
            self.data = None
        if self.data is None:
            raise ValueError(NO_MOMENT)
