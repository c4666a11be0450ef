"""From a request to a submission: what both kinds of client send, in one shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from models import Site
from service.comments.submit import Submission, SubmittedKey
from service.errors import InvalidError
from service.intake.origin import origin_trusted
from service.text.language import said
from service.text.pages import PageError, key_on_site, origin_of
from service.web.context import client_network, house, json_body
from service.web.forms import HONEYPOT, CommentForm, fields_of_json, with_aliases
from service.web.reading import PUBLIC_ID
from service.web.speech import spoken

KEY_HEADER = "Idempotency-Key"
KEY_LENGTH = 255
BAD_KEY = said("The key must have 1 to %(limit)s printable ASCII characters.", limit=KEY_LENGTH)
NO_OBJECT = said("The body must be a JSON object.")
GONE_PARENT = said("The comment you reply to is no longer there.")


@dataclass(frozen=True, slots=True)
class Intake:
    """What a client typed, before anything is checked but its form.

    Args:
        fields: by our names, values as typed.
        body: the raw body, by which a repetition is recognised.
    """

    fields: MultiDict[str, str]
    body: bytes


def take_in() -> Intake:
    """Read the request's fields, urlencoded or JSON.

    Raises:
        InvalidError: JSON with an unknown field or a value that is no text.
    """
    # Before the fields are parsed: the framework keeps the raw body only for who asks first.
    body = request.get_data(cache=True)
    if request.mimetype == "application/json":
        given: Any = json_body()
        if not isinstance(given, Mapping):
            raise InvalidError({"body": [NO_OBJECT]})
        return Intake(fields_of_json(given), body)
    return Intake(with_aliases(request.form.copy()), body)


def check_origin(site: Site) -> bool:
    """Say whether the request's origin is the site's or ours.

    Raises:
        ForbiddenError: it is somebody else's.
    """
    own = [*site.origins, origin_of(house().settings.base_url)]
    return origin_trusted(request.headers.get("Origin"), own)


def checked(site: Site, intake: Intake, *, trusted: bool) -> Submission:
    """Turn what was typed into a submission.

    Raises:
        InvalidError: all that is wrong, at once.
    """
    form = CommentForm(intake.fields, policy=site.policy, settings=house().settings)
    errors = form.problems()
    page, parent = placed(site, form, errors)
    key = _key(form.submission_id.data or "", intake.body, errors)
    if errors:
        raise InvalidError(errors)
    return Submission(
        page=page,
        text=form.comment.data or "",
        name=form.author.data or "",
        email=form.address,
        website=form.url.data or "",
        parent=parent,
        title=form.title.data or "",
        signals={"origin": trusted, "honeypot": bool(intake.fields.get(HONEYPOT))},
        network=client_network(),
        key=key,
        language=spoken().code,
        notify=form.notify.data,
        ticket=form.ticket.data or "",
        proof=form.altcha.data or "",
        receipt=token_in(form.receipt.data or ""),
    )


def placed(
    site: Site, form: Any, errors: dict[str, list[str]], *, needed: bool = True
) -> tuple[str, str | None]:
    """Return the key of the page and the id of the comment that a form names.

    Args:
        errors: takes what is wrong with them.
        needed: whether a page must be named.
    """
    page = ""
    if form.page.data or needed:
        try:
            page = key_on_site(site, form.page.data or "")
        except PageError as error:
            errors["page"] = [error.message]
    parent = form.parent.data or None
    if parent is not None and not PUBLIC_ID.fullmatch(parent):
        errors["parent"] = [GONE_PARENT]
    return page, parent


def token_in(receipt: str) -> str:
    """Return the token of a receipt: its private link will do as well."""
    return receipt.strip().rpartition("/")[2]


def _key(submission_id: str, body: bytes, errors: dict[str, list[str]]) -> SubmittedKey | None:
    header = request.headers.get(KEY_HEADER)
    if header is None:
        return SubmittedKey("form", submission_id, body) if submission_id else None
    key = repeat_key(header)
    if key is None:
        errors[KEY_HEADER] = [BAD_KEY]
        return None
    return SubmittedKey("header", key, body)


def repeat_key(header: str) -> str | None:
    """Return the caller's key in an `Idempotency-Key`; None where it is none."""
    key = _unquoted(header.strip())
    fits = 1 <= len(key) <= KEY_LENGTH and key.isascii() and key.isprintable()
    return key if fits else None


def _unquoted(value: str) -> str:
    """Return the content of an RFC 8941 string, or a bare key as it is."""
    if len(value) >= 2 and value[0] == value[-1] == '"':  # noqa: PLR2004 - both quotes
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return value
