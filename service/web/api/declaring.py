"""An operation of the API is declared once, beside its view; everything else reads that.

The checks before the view, the OpenAPI document and the readable page all come from here, so that
none of them can say something else.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wtforms import Form

from models import ApiKey, Scope, Site
from service.errors import ServiceError

Schema = dict[str, Any]
PLACE = re.compile(r"\{([a-z_]+)\}")
"""A place in a path that names one thing."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that passed every check.

    Args:
        key: the key that asks.
        site: its site; whatever is looked up is looked up there.
        query: the checked form of the address; None where none is declared.
        body: the checked form of the body; None where none is declared.
        given: the body as sent, where it matters what was left out.
        version: the version in `If-Match`; None = the header was not sent.
    """

    key: ApiKey
    site: Site
    query: Any = None
    body: Any = None
    given: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a view answers.

    Args:
        content: goes out as JSON; None = no body, with status 204.
        version: of the one thing it shows; stands at the front of the ETag.
        beyond: cursor of the next page; None = this was the last.
        status: None = the one that is declared.
    """

    content: Any
    version: int | None = None
    beyond: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What is declared of one operation.

    Args:
        name: its `operationId`, a verb and a noun: `listComments`.
        path: below `/api/v1`, places in braces: `/comments/{id}`.
        summary: one line.
        about: more, in whole sentences; may be empty.
        answer: schema of the answer; None = 204 without a body.
        status: of the answer.
        query: form of the address; a `PageForm` makes the operation a list with pages.
        body: form of the body.
        refusals: what the deed may refuse beyond what every operation may, by error.
        repeats: it creates or decides, so it takes an `Idempotency-Key`.
        matches: it takes the version in `If-Match`.
    """

    name: str
    method: str
    path: str
    scope: Scope
    summary: str
    answer: Schema | None
    about: str = ""
    status: int = 200
    query: type[Form] | None = None
    body: type[Form] | None = None
    refusals: Sequence[type[ServiceError]] = ()
    repeats: bool = False
    matches: bool = False

    @property
    def places(self) -> list[str]:
        """Names of the places in the path."""
        return PLACE.findall(self.path)

    @property
    def rule(self) -> str:
        """The path as the router writes it."""
        return PLACE.sub(r"<\1>", self.path)

    @property
    def paged(self) -> bool:
        """Whether it answers a list in pages."""
        return self.query is not None and hasattr(self.query, "cursor")

    @property
    def tagged(self) -> bool:
        """Whether the answer has an ETag: it shows one thing."""
        return self.method == "GET" and not self.paged


View = Callable[..., Reply]


class Resource:
    """The operations on one kind of thing.

    Args:
        name: as the document's tag says it.
        about: one sentence.
    """

    def __init__(self, name: str, about: str) -> None:
        self.name = name
        self.about = about
        self.operations: list[tuple[Operation, View]] = []

    def operation(self, name: str, asked: str, **declared: Any) -> Callable[[View], View]:
        """Declare the view below as an operation.

        Args:
            name: see `Operation`.
            asked: method and path: `GET /comments/{id}`.
            declared: the rest of an `Operation`; summary and `about` are the view's docstring.
        """
        method, path = asked.split(" ")

        def declare(view: View) -> View:
            summary, _, about = (view.__doc__ or "").strip().partition("\n\n")
            told = " ".join(about.split())
            operation = Operation(
                name=name, method=method, path=path, summary=summary, about=told, **declared
            )
            self.operations.append((operation, view))
            return view

        return declare
