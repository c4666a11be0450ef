"""The one door at which an author's address is shown: to an owner, for a reason, written down."""

from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Role
from service.comments import reveal
from service.errors import ForbiddenError, InvalidError
from service.web.context import house, wants_json
from service.web.moderator.guarding import fresh, guard, own_site, person, prove_again
from service.web.moderator.queue import card_of, page_of

bp = Blueprint("address", __name__)
guard(bp)


@bp.post("/queue/<public_id>/address")
def show(public_id: str) -> ResponseReturnValue:
    """Show the address of a comment's author as text, once: nothing keeps this page.

    Raises:
        NotFoundError: no such comment on his sites, or no address is kept.
        ForbiddenError: he is no owner of the comment's site, or a program asks.
        TooManyError: he looked at too many in a short time.
        UnavailableError: the key ring cannot open it.
    """
    card = card_of(public_id)
    site = own_site(card.site.slug, Role.OWNER)
    if wants_json():
        raise ForbiddenError("An address is shown to a person on a page, never to a program.")
    if not fresh():
        return prove_again(url_for("queue.show_one", public_id=public_id))
    reason = request.form.get("reason", "")
    try:
        address = reveal.reveal(house(), person().id, [site.id], public_id, reason)
    except InvalidError as error:
        return page_of(public_id, errors=error.errors), error.status
    page = render_template(
        "moderator/address.html",
        card=card,
        address=address.reveal(),
        reason=reveal.Reason(reason).words,
        person=person(),
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer
