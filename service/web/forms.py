"""What may come in through a form, and what a good one becomes."""

from collections.abc import Mapping
from typing import Any

from email_validator import EmailNotValidError, validate_email
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    Form,
    HiddenField,
    StringField,
    TextAreaField,
    URLField,
    ValidationError,
)
from wtforms.validators import URL

from config import Settings
from models import Policy
from models.comment import EMAIL_LENGTH, NAME_LENGTH, WEBSITE_LENGTH
from models.site import TITLE_LENGTH
from service.errors import InvalidError
from service.privacy import EmailAddress
from service.text.language import Text, said
from service.text.words import has_forbidden, is_website, normal_line, normal_text

HONEYPOT = "subject"
FIELD_NAMES = (
    "comment",
    "author",
    "email",
    "url",
    "page",
    "parent",
    "title",
    "ticket",
    "submission_id",
    "lang",
    "notify",
    "altcha",
    "receipt",
    HONEYPOT,
)
ALIASES = {"comment_post_ID": "page", "comment_parent": "parent"}
SUBMISSION_ID_LENGTH = 255
ENTER_EMAIL = said("Enter an email address in the correct format, like name@example.com")
ENTER_WEBSITE = said("Enter a website address, like https://example.com, or leave it empty")


class NormalText(TextAreaField):
    """A text of several lines, normalised before it is measured."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the first value, normalised."""
        self.data = normal_text(valuelist[0]) if valuelist else ""


class NormalLine(StringField):
    """A single line, normalised before it is measured."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the first value, normalised."""
        self.data = normal_line(valuelist[0]) if valuelist else ""


class CommentForm(Form):
    """The classic four, by WordPress's names, in its order and with its limits.

    Lengths are code points after normalisation: the unit the reader's browser counts too.
    """

    comment = NormalText("Comment")
    author = NormalLine("Name")
    email = EmailField("Email", filters=[lambda typed: (typed or "").strip()])
    url = URLField("Website", filters=[lambda typed: (typed or "").strip()])
    page = HiddenField(default="")
    parent = HiddenField(default="")
    title = HiddenField(default="")
    ticket = HiddenField(default="")
    submission_id = HiddenField(default="")
    lang = HiddenField(default="")
    notify = BooleanField()
    altcha = HiddenField(default="")
    receipt = HiddenField(default="")
    subject = StringField("Leave this empty", default="")

    def __init__(self, fields: MultiDict[str, str], *, policy: Policy, settings: Settings) -> None:
        self.policy = policy
        self.settings = settings
        super().__init__(fields)

    def validate_comment(self, field: Field) -> None:
        """Ask for a text of 1 to `comment_max` code points."""
        if not field.data:
            raise ValidationError(said("Enter your comment"))
        limit = self.settings.comment_max
        if len(field.data) > limit:
            raise ValidationError(
                said("Comment must be %(limit)s characters or fewer", limit=limit)
            )
        _refuse_forbidden(field, said("Comment must not contain control characters"))

    def validate_author(self, field: Field) -> None:
        """Ask for a name where the policy wants one."""
        if not field.data and self.policy.require_name:
            raise ValidationError(said("Enter your name"))
        if len(field.data) > NAME_LENGTH:
            raise ValidationError(
                said("Name must be %(limit)s characters or fewer", limit=NAME_LENGTH)
            )
        _refuse_forbidden(field, said("Name must not contain control characters"))

    def validate_email(self, field: Field) -> None:
        """Ask for an address where the policy wants one, and normalise it."""
        self.address: EmailAddress | None = None
        if not field.data:
            if self.policy.require_email:
                raise ValidationError(said("Enter your email address"))
            return
        if len(field.data) > EMAIL_LENGTH:
            raise ValidationError(
                said("Email must be %(limit)s characters or fewer", limit=EMAIL_LENGTH)
            )
        try:
            checked = validate_email(
                field.data, check_deliverability=self.settings.check_deliverability
            )
        except EmailNotValidError:
            # The library's own text would repeat parts of the address.
            raise ValidationError(ENTER_EMAIL) from None
        self.address = EmailAddress(checked.normalized)

    def validate_url(self, field: Field) -> None:
        """Take an http(s) address of a named host; a bare host gets https://."""
        if not field.data:
            return
        if "://" not in field.data:
            field.data = f"https://{field.data}"
        if len(field.data) > WEBSITE_LENGTH:
            raise ValidationError(
                said("Website must be %(limit)s characters or fewer", limit=WEBSITE_LENGTH)
            )
        if (
            has_forbidden(field.data)
            or any(map(str.isspace, field.data))
            or not is_website(field.data)
        ):
            raise ValidationError(ENTER_WEBSITE)
        URL(allow_ip=False, message=ENTER_WEBSITE)(self, field)  # type: ignore[arg-type]  # a StringField

    def validate_title(self, field: Field) -> None:
        """Keep what fits of the page's title: it is only a hint for the moderator."""
        field.data = (
            "" if has_forbidden(field.data or "") else normal_line(field.data or "")[:TITLE_LENGTH]
        )

    def validate_submission_id(self, field: Field) -> None:
        """Refuse an endless id."""
        if len(field.data or "") > SUBMISSION_ID_LENGTH:
            raise ValidationError(
                said(
                    "submission_id must be %(limit)s characters or fewer",
                    limit=SUBMISSION_ID_LENGTH,
                )
            )

    def problems(self) -> dict[str, list[str]]:
        """Return field -> messages, in the order of the form; empty when all is well."""
        self.validate()
        return {name: list(messages) for name, messages in self.errors.items() if name}


def _refuse_forbidden(field: Field, message: Text) -> None:
    if has_forbidden(field.data):
        raise ValidationError(message)


def fields_of_json(body: Mapping[str, Any]) -> MultiDict[str, str]:
    """Turn a JSON body into form fields.

    Raises:
        InvalidError: a field nobody knows, or a value that is no text.
    """
    known = set(FIELD_NAMES) | set(ALIASES)
    errors: dict[str, list[str]] = {}
    for name, value in body.items():
        if name not in known:
            errors[name] = [said("There is no such field.")]
        elif not isinstance(value, str):
            errors[name] = [said("This must be a text.")]
    if errors:
        raise InvalidError(errors)
    return with_aliases(MultiDict(body))


def with_aliases(fields: MultiDict[str, str]) -> MultiDict[str, str]:
    """Accept WordPress's own names beside ours; its parent "0" means none."""
    for theirs, ours in ALIASES.items():
        if theirs in fields and not fields.get(ours):
            fields[ours] = fields[theirs]
    if fields.get("parent") == "0":
        fields["parent"] = ""
    return fields
