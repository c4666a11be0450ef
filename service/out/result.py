"""What became of one attempt, and what its receiver asked for."""

from dataclasses import dataclass
from datetime import datetime

from models import Outcome
from service.http.guarded import Answer, SendError

GONE = 410
ASKED = "webhook-delivery"
"""Header by which a receiver says what shall become of a delivery or its endpoint."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt: an answer, or why there was none.

    Args:
        signed_at: the second it was signed for; None where nothing was.
        milliseconds: how long it took, where no answer says so.
    """

    answer: Answer | None
    error: SendError | None = None
    signed_at: datetime | None = None
    milliseconds: int = 0

    @property
    def good(self) -> bool:
        """Whether the receiver took it."""
        return self.answer is not None and 200 <= self.answer.status < 300  # noqa: PLR2004 - 2xx

    @property
    def gone(self) -> bool:
        """Whether the receiver wants nothing more, ever."""
        status = None if self.answer is None else self.answer.status
        return status == GONE or self.asked_to_disable

    @property
    def asked_to_disable(self) -> bool:
        """Whether the receiver said so in a header, whatever its status."""
        return self._asked == "disable"

    @property
    def aborted(self) -> bool:
        """Whether the receiver wants this one delivery no more."""
        return self._asked == "abort-message"

    @property
    def blocked(self) -> bool:
        """Whether the address led where nothing is dialled."""
        return self.error is not None and self.error.kind == "blocked"

    @property
    def outcome(self) -> Outcome:
        """The class of what became of it."""
        if self.good:
            return Outcome.OK
        return Outcome.HTTP if self.error is None else Outcome(self.error.kind)

    @property
    def failure(self) -> str:
        """The class of the failure, empty when it was taken."""
        return "" if self.good else self.outcome.value

    @property
    def _asked(self) -> str:
        return "" if self.answer is None else self.answer.headers.get(ASKED, "").strip().lower()
