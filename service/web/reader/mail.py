"""Doors behind the links of our mails: opening one shows, only its button acts.

The link that ends mail serves authors and moderators; its token says whom.
"""

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from models import NoticeKind
from service.comments import subscriptions
from service.comments.subscriptions import Wish
from service.mail import notices
from service.mail.notices import Ending
from service.web.context import house
from service.web.place import place_of
from service.web.speech import speak_for

bp = Blueprint("mail", __name__)


@bp.get("/mail/confirm/<token>")
def show_confirm(token: str) -> ResponseReturnValue:
    """Ask once more; mail scanners open links too, and must confirm nothing.

    Raises:
        NotFoundError: the link is not one of ours.
    """
    return _page(subscriptions.look(house(), token), asks="confirm")


@bp.post("/mail/confirm/<token>")
def confirm(token: str) -> ResponseReturnValue:
    """Let mail go out from now on.

    Raises:
        NotFoundError: the link is not one of ours, or too old.
    """
    return _page(subscriptions.confirm(house(), token))


@bp.get("/mail/unsubscribe/<token>")
def show_unsubscribe(token: str) -> ResponseReturnValue:
    """Ask whether no more mail shall come.

    Raises:
        NotFoundError: the link is not one of ours.
    """
    if notices.is_for_moderators(house(), token):
        return _ending_page(notices.look(house(), token))
    return _page(subscriptions.look(house(), token), asks="unsubscribe")


@bp.post("/mail/unsubscribe/<token>")
def unsubscribe(token: str) -> ResponseReturnValue:
    """Let no more mail go out; a mail program's one click (RFC 8058) comes here too.

    Raises:
        NotFoundError: the link is not one of ours.
    """
    if notices.is_for_moderators(house(), token):
        return _ending_page(notices.end(house(), token))
    return _page(subscriptions.unsubscribe(house(), token))


@bp.after_request
def keep_the_link_private(response: Response) -> Response:
    """Let the private link travel to nobody and stay in no cache."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _ending_page(ending: Ending) -> str:
    return render_template(
        "moderator/unsubscribe.html", ending=ending, at_once=ending.kind is NoticeKind.AT_ONCE
    )


def _page(wish: Wish, asks: str = "") -> str:
    speak_for(wish.site, wish.comment.language)
    subscription = wish.subscription
    done = {"confirm": subscription.active, "unsubscribe": subscription.ended_at is not None}
    return render_template(
        "reader/mail.html",
        place=place_of(wish.site, wish.thread.page),
        title=wish.thread.title or wish.site.name,
        asks="" if done.get(asks) else asks,
        active=subscription.active,
        ended=subscription.ended_at is not None,
    )
