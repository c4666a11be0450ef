"""What a mail to an author says, in his language: plain text and the same as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from models import Comment, MailKind, Site, Thread
from service import privacy
from service.house import House
from service.text.language import Language, Text, language_for, said
from service.text.pages import page_url
from service.text.rendering import comment_html

QUOTED = 1000  # characters of a reply
HTML = Markup(
    '<!doctype html>\n<html lang="{}" dir="{}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"></head>\n<body>\n{}\n</body></html>\n'
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a mail is about.

    Args:
        own: the comment of the one it goes to.
        told: the comment it tells of; for a reply another than his own.
        thread: where both stand.
    """

    kind: MailKind
    site: Site
    thread: Thread
    own: Comment
    told: Comment


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's words.

    Args:
        stop: address that ends these mails by one click; None where there are none to end.
    """

    subject: str
    plain: str
    html: str
    stop: str | None


def letter_of(house: House, occasion: Occasion) -> Letter:
    """Write the mail for an occasion."""
    language = language_for(occasion.own.language, occasion.site.policy.language)
    base_url = house.settings.base_url
    token = privacy.mail_token(occasion.own.public_id, house.ring)
    stop = f"{base_url}/mail/unsubscribe/{token}"
    if occasion.kind is MailKind.CONFIRM:
        parts = _question(occasion, f"{base_url}/mail/confirm/{token}")
        return _letter(language, occasion, parts, None)
    receipt = f"{base_url}/receipts/{privacy.receipt_token(occasion.own.public_id, house.ring)}"
    news = _answered(occasion) if occasion.kind is MailKind.REPLY else _published(occasion)
    ends: list[Part] = [
        (said("See, edit or withdraw your comment:"), receipt),
        (said("No more mail about this comment:"), stop),
    ]
    return _letter(language, occasion, [*news, *ends], stop)


Part = tuple[Text | str | Markup, str]
"""A paragraph, and the link that follows it; markup is a quoted comment."""


def _question(occasion: Occasion, link: str) -> Sequence[Part]:
    # No word of the comment and no name: the address may be a stranger's.
    return [
        (
            said(
                "Somebody gave this address with a comment on %(page)s and asked for mail when"
                " the comment is published or answered.",
                page=_page_name(occasion),
            ),
            "",
        ),
        (said("If that was you, open this page and confirm it within 7 days:"), link),
        (said("If it was not you, do nothing: no more mail will come."), ""),
    ]


def _published(occasion: Occasion) -> Sequence[Part]:
    return [
        (
            said("Your comment on %(page)s is published:", page=_page_name(occasion)),
            _address(occasion),
        )
    ]


def _answered(occasion: Occasion) -> Sequence[Part]:
    return [
        (
            said(
                "%(name)s answered your comment on %(page)s:",
                name=occasion.told.name or "?",
                page=_page_name(occasion),
            ),
            "",
        ),
        (comment_html(occasion.told.text), ""),
        (said("Read it there:"), _address(occasion)),
    ]


def _subject(occasion: Occasion) -> Text:
    page = _page_name(occasion)
    if occasion.kind is MailKind.CONFIRM:
        return said("Do you want mail about your comment on %(page)s?", page=page)
    if occasion.kind is MailKind.PUBLISHED:
        return said("Your comment on %(page)s is published", page=page)
    name = occasion.told.name or "?"
    return said("%(name)s answered your comment on %(page)s", name=name, page=page)


def _letter(
    language: Language, occasion: Occasion, parts: Sequence[Part], stop: str | None
) -> Letter:
    plain, html = [], []
    for text, link in parts:
        if isinstance(text, Markup):
            plain.append(_quoted(occasion.told.text))
            html.append(Markup('<blockquote dir="auto">{}</blockquote>').format(text))
            continue
        told = language.say(text)
        plain.append(f"{told}\n{link}" if link else told)
        linked = Markup('<br>\n<a href="{0}">{0}</a>').format(link) if link else ""
        html.append(Markup("<p>{}{}</p>").format(told, linked))
    body = Markup("\n").join(html)
    return Letter(
        subject=language.say(_subject(occasion)),
        plain="\n\n".join(plain) + "\n",
        html=HTML.format(language.code, language.direction, body),
        stop=stop,
    )


def _quoted(text: str) -> str:
    short = text if len(text) <= QUOTED else f"{text[:QUOTED]} …"
    return "\n".join(f"> {line}" for line in short.splitlines())


def _page_name(occasion: Occasion) -> str:
    # Only the owner's title: what a reader's browser called the page is a stranger's word.
    return occasion.thread.title or occasion.site.name


def _address(occasion: Occasion) -> str:
    page = page_url(occasion.thread.page, occasion.site.origins) or occasion.site.origins[0]
    return f"{page}#comment-{occasion.told.public_id}"
