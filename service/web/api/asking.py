"""What a program may ask of the list of comments."""

from wtforms import DateField, StringField
from wtforms.validators import AnyOf, Length, Optional

from models import Site, Status
from service.db import db
from service.errors import InvalidError
from service.queries.filters import ORDERS
from service.queries.sites import thread_of_page
from service.text.pages import PageError, key_on_site
from service.web.api.paging import PageForm

WORDS_LENGTH = 300
ONE_OF = "Choose one of: %(values)s."


class CommentsForm(PageForm):
    """The filters of the queue."""

    status = StringField(
        validators=[Optional(), AnyOf([status.value for status in Status], ONE_OF)],
        description="Where they stand; left out = anywhere.",
    )
    page = StringField(
        validators=[Optional(), Length(max=2000)], description="Key or address of their page."
    )
    since = DateField(validators=[Optional()], description="First day of arrival, UTC.")
    until = DateField(validators=[Optional()], description="Last day of arrival, UTC.")
    q = StringField(
        validators=[Optional(), Length(max=WORDS_LENGTH)],
        description="Words that the name, website or text hold.",
    )
    order = StringField(
        validators=[Optional(), AnyOf(ORDERS, ONE_OF)],
        description="`spam` and `fine` go by score; with `page` or `q` only the others count.",
    )


def page_asked(site: Site, page: str) -> int | None:
    """Return the row of the page that is asked for; None = any.

    Raises:
        InvalidError: the site has no comments on such a page.
    """
    if not page:
        return None
    try:
        thread = thread_of_page(db.session(), site.id, key_on_site(site, page))
    except PageError as error:
        raise InvalidError({"page": [error.message]}) from error
    if thread is None:
        raise InvalidError({"page": ["No page of that address has comments here."]})
    return thread.id
