"""Comments for programs: handed in on behalf of a reader, and scored without being kept."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from flask import g
from werkzeug.datastructures import MultiDict
from wtforms import Field, StringField, ValidationError
from wtforms.validators import Optional

from models import Policy, Scope, Site
from models.comment import EMAIL_LENGTH, NAME_LENGTH, WEBSITE_LENGTH
from service.comments.submit import Submission, assess, submit
from service.errors import ClosedError, DuplicateError, InvalidError
from service.privacy import network_id
from service.web.api.comment_shape import SCORE, told_score
from service.web.api.comments import resource
from service.web.api.declaring import Call, Reply, Schema
from service.web.api.schemas import TEXT, YES_OR_NO, maybe, named, one_of, thing
from service.web.context import house
from service.web.forms import CommentForm
from service.web.reader.form import told_accepted
from service.web.reader.intake import placed, token_in
from service.web.speech import spoken

IP_LENGTH = 45  # characters of the longest way to write one
NO_IP = "Send an IPv4 or IPv6 address, or leave it out."
ACCEPTED: Schema = named(
    "Accepted",
    thing(
        id=TEXT,
        status=one_of(["held"], "The same whatever the spam check thinks."),
        receipt={**TEXT, "description": "The author's private link: hand it to nobody else."},
        message={**TEXT, "description": "For the author, in his language."},
    ),
)
SCORED: Schema = named(
    "Scored",
    thing(
        score={**maybe(SCORE), "description": "Null where the check failed."},
        known_language={
            **YES_OR_NO,
            "description": "Whether honest comments in this script are known; where not, nothing is"
            " filed by its score.",
        },
        note={**TEXT, "description": "Why there is no score."},
    ),
)


class SubmissionForm(CommentForm):
    """The reader's own form, without what only a browser has."""

    ticket = None  # type: ignore[assignment]  # WTForms' way to drop an inherited field
    submission_id = None  # type: ignore[assignment]  # as above
    altcha = None  # type: ignore[assignment]  # as above
    subject = None  # type: ignore[assignment]  # as above
    ip = StringField(validators=[Optional()])

    REQUIRED: tuple[str, ...] = ("comment", "page")

    def __init__(self, fields: MultiDict[str, str] | None = None) -> None:
        given = MultiDict() if fields is None else fields
        super().__init__(given, policy=self.policy_asked(), settings=house().settings)

    @staticmethod
    def policy_asked() -> Policy:
        """Return the policy of the key's site; the document is made without one."""
        return g.site.policy if "site" in g else Policy()

    @property
    def TOLD(self) -> dict[str, Schema]:  # noqa: N802 - beside REQUIRED
        """What the methods of the form check, for the document."""
        most = self.settings.comment_max
        return {
            "comment": {"minLength": 1, "maxLength": most, "description": "Markdown subset."},
            "author": {"maxLength": NAME_LENGTH, "description": "As the site's policy asks."},
            "email": {
                "maxLength": EMAIL_LENGTH,
                "description": "As the site's policy asks; sealed, and never shown again.",
            },
            "url": {"maxLength": WEBSITE_LENGTH, "description": "The author's website."},
            "page": {"minLength": 1, "description": "Key or address of the page."},
            "parent": {"description": "Id of the comment that this one answers."},
            "title": {"description": "Of the page, a hint for moderators."},
            "lang": {"description": "Language to speak to the author in, such as `de`."},
            "notify": {"description": "Whether the author wants mail, once he confirmed it."},
            "receipt": {"description": "Private link of an earlier comment, as proof."},
            "ip": {
                "maxLength": IP_LENGTH,
                "description": "The reader's, for the pace of one network; never stored.",
            },
        }

    def validate_ip(self, field: Field) -> None:
        """Take an address of either kind."""
        if len(field.data) > IP_LENGTH:
            raise ValidationError(NO_IP)
        try:
            ip_address(field.data)
        except ValueError:
            raise ValidationError(NO_IP) from None


class ScoreForm(SubmissionForm):
    """What a score is made of; all but the text may be left out."""

    lang = None  # type: ignore[assignment]  # WTForms' way to drop an inherited field
    notify = None  # type: ignore[assignment]  # as above
    receipt = None  # type: ignore[assignment]  # as above

    REQUIRED = ("comment",)

    @staticmethod
    def policy_asked() -> Policy:
        """Return the policy of the site, but nothing is asked of the author."""
        return replace(SubmissionForm.policy_asked(), require_name=False, require_email=False)

    @property
    def TOLD(self) -> dict[str, Schema]:  # noqa: N802 - beside REQUIRED
        """What the methods of the form check, for the document."""
        return {**super().TOLD, "page": {"description": "Key or address of the page."}}


@resource.operation(
    "submitComment",
    "POST /comments",
    scope=Scope.SUBMIT,
    status=202,
    body=SubmissionForm,
    answer=ACCEPTED,
    refusals=[ClosedError, DuplicateError],
    repeats=True,
)
def take(call: Call) -> Reply:
    """Hand in a comment on behalf of a reader.

    By the rules, with the limits and in the words of the reader's own form. The answer never tells
    the verdict: approved is only what a person, or a rule that a person switched on, lets through.
    """
    submission = _submission(call.site, call.body)
    accepted = submit(house(), call.site, submission)
    return Reply(told_accepted(accepted, submission.name))


@resource.operation("scoreText", "POST /score", scope=Scope.SUBMIT, body=ScoreForm, answer=SCORED)
def score(call: Call) -> Reply:
    """Score a text as this site's history would; nothing is stored.

    Where a decision is at stake, hand the comment in instead: the score is an opinion, and rules
    and people are not asked here.
    """
    scored = assess(house(), call.site, _submission(call.site, call.body))
    return Reply(
        {
            "score": told_score(scored),
            "known_language": scored.known_language,
            "note": scored.note,
        }
    )


def _submission(site: Site, form: Any) -> Submission:
    """Turn a form into a submission.

    Raises:
        InvalidError: no page of the site's, no parent that could be there.
    """
    errors: dict[str, list[str]] = {}
    page, parent = placed(site, form, errors, needed="page" in form.REQUIRED)
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
        # The key vouches for the site's own server: as good as a browser that names its page.
        signals={"origin": True, "honeypot": False},
        network=_network(form.ip.data or ""),
        language=spoken().code,
        notify=bool(form.notify and form.notify.data),
        receipt=token_in(form.receipt.data or "") if form.receipt else "",
    )


def _network(address: str) -> bytes:
    """Return the keyed digest of a reader's network and today; empty where it is not known."""
    if not address:
        return b""
    return network_id(address, house().now().date(), house().ring)
