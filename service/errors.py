"""What can go wrong, as the caller should see it.

GatepostError
├── ServiceError                    its text is safe to show to anybody
│   ├── BadRequestError       400   bad_request
│   ├── UnauthorizedError     401   unauthorized
│   ├── ForbiddenError        403   forbidden
│   │   └── ScopeError        403   scope_missing
│   ├── NotFoundError         404   not_found
│   ├── MethodError           405   method_not_allowed
│   ├── ConflictError         409   conflict
│   │   ├── DuplicateError    409   duplicate_comment
│   │   ├── StaleError        409   stale_version
│   │   └── RunningError      409   still_running
│   ├── ClosedError           410   thread_closed
│   ├── GoneError             410   gone
│   ├── LengthRequiredError   411   length_required
│   ├── PreconditionError     412   precondition_failed
│   ├── TooLargeError         413   body_too_large
│   ├── MediaTypeError        415   unsupported_media_type
│   ├── InvalidError          422   invalid
│   ├── TooManyError          429   too_many_requests
│   └── UnavailableError      503   unavailable
└── SetupError                      wrong key ring, database or settings: for the operator only
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


class GatepostError(Exception):
    """Anything Gatepost itself raises."""


class SetupError(GatepostError):
    """The installation is not fit to run; the text says what to mend."""


class ServiceError(GatepostError):
    """A refusal with a public text.

    Args:
        message: what is wrong and how to mend it; shown to the caller as it stands.
        retry_after: seconds after which another try makes sense, or None.

    `facts` holds what a program gets beside the text, as members of the problem document.
    """

    status = 500
    code = "error"

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.facts: dict[str, Any] = {}


class BadRequestError(ServiceError):
    """The request cannot be read."""

    status, code = 400, "bad_request"


class UnauthorizedError(ServiceError):
    """A program without a key that opens anything."""

    status, code = 401, "unauthorized"


class ForbiddenError(ServiceError):
    """Understood, and not allowed."""

    status, code = 403, "forbidden"


class ScopeError(ForbiddenError):
    """The key may do other things.

    Args:
        scope: what it lacks.
    """

    code = "scope_missing"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This key lacks the scope `{scope}`.")
        self.facts = {"scope": scope}


class NotFoundError(ServiceError):
    """No such thing, or not yours: we do not say which."""

    status, code = 404, "not_found"


class MethodError(ServiceError):
    """This address takes other methods.

    Args:
        message: what it does not take, or what it takes.
        allowed: the methods that it takes.
    """

    status, code = 405, "method_not_allowed"

    def __init__(self, message: str, allowed: Iterable[str]) -> None:
        super().__init__(message)
        self.allowed = sorted(allowed)


class ConflictError(ServiceError):
    """The thing is no longer as the caller saw it."""

    status, code = 409, "conflict"


class DuplicateError(ConflictError):
    """The same text by the same name already stands in this thread."""

    code = "duplicate_comment"


class StaleError(ConflictError):
    """Somebody else decided first."""

    code = "stale_version"


class RunningError(ConflictError):
    """The same request is being worked on."""

    code = "still_running"


class ClosedError(ServiceError):
    """This thread takes no more comments."""

    status, code = 410, "thread_closed"


class GoneError(ServiceError):
    """What is asked for is not kept any more.

    Args:
        after: position after which everything is.
    """

    status, code = 410, "gone"

    def __init__(self, message: str, *, after: int) -> None:
        super().__init__(message)
        self.facts = {"after": after}


class LengthRequiredError(ServiceError):
    """A body without an exact Content-Length."""

    status, code = 411, "length_required"


class PreconditionError(ServiceError):
    """The thing is no longer of the version that `If-Match` names."""

    status, code = 412, "precondition_failed"


class TooLargeError(ServiceError):
    """A body above the door's cap."""

    status, code = 413, "body_too_large"


class MediaTypeError(ServiceError):
    """A content type or encoding this door does not take."""

    status, code = 415, "unsupported_media_type"


class InvalidError(ServiceError):
    """The fields do not pass; `errors` says which and why.

    Args:
        errors: field name -> messages, in the order of the form.
    """

    status, code = 422, "invalid"

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("Some fields need your attention.")
        self.errors = {field: list(messages) for field, messages in errors.items()}


class TooManyError(ServiceError):
    """Too many requests from one network."""

    status, code = 429, "too_many_requests"


class UnavailableError(ServiceError):
    """The database or a queue cannot take it now; nothing was stored."""

    status, code = 503, "unavailable"
