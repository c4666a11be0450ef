"""The key's site for programs: looked at, and its settings changed."""

from typing import Any

from wtforms import BooleanField, FieldList, FloatField, Form, FormField, IntegerField, StringField
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Optional

from models import Scope, Site
from models.site import TITLE_LENGTH
from service.errors import NotFoundError
from service.sites import changes
from service.sites.changes import CHOICES, DEEPEST, LINKS_MOST
from service.web.api.declaring import Call, Reply, Resource, Schema
from service.web.api.schemas import MOMENT, TEXT, YES_OR_NO, list_of, many, named, schema_of, thing
from service.web.context import house

resource = Resource("Sites", "The site that the key belongs to.")

ORIGINS_MOST = 50
ORIGIN_LENGTH = 300
LONGEST_OPEN = 99_999  # days


def _choice(rule: str, about: str) -> Any:
    return StringField(
        validators=[Optional(), AnyOf(list(CHOICES[rule]), "Choose one of: %(values)s.")],
        description=about,
    )


class PolicyForm(Form):
    """The rules of the site's page; what is left out stays as it is."""

    MAYBE = ("spam_tray_at", "links_most", "close_after_days")

    require_name = BooleanField(description="A comment needs a name.")
    require_email = BooleanField(description="A comment needs an e-mail address.")
    spam_tray_at = FloatField(
        validators=[Optional(), NumberRange(0, 1)],
        description="Probability of spam from which a comment is filed unseen; null = never.",
    )
    links_most = IntegerField(
        validators=[Optional(), NumberRange(0, LINKS_MOST)],
        description="Links a comment may hold before it waits for a person; null = any number.",
    )
    publish_proven = BooleanField(
        description="Publish what an author sends who proves that he was approved here."
    )
    registered_pages_only = BooleanField(description="A bare page key must be known already.")
    close_after_days = IntegerField(
        validators=[Optional(), NumberRange(1, LONGEST_OPEN)],
        description="Days after which a page takes no more comments; null = never.",
    )
    trailing_slash = _choice("trailing_slash", "A slash at the end of a page's address.")
    page_query = _choice("page_query", "The query of a page's address.")
    depth = IntegerField(
        validators=[Optional(), NumberRange(1, DEEPEST)], description="Levels of replies."
    )
    language = _choice("language", "Tag of the readers' language.")
    under_attack = BooleanField(description="Comments are slowed down and pay with work.")
    return_to_page = BooleanField(description="After sending, back to the page itself.")


class SiteForm(Form):
    """What may be changed of a site; what is left out stays as it is."""

    name = StringField(validators=[Optional(), Length(1, TITLE_LENGTH)])
    origins = FieldList(
        StringField(validators=[InputRequired(), Length(1, ORIGIN_LENGTH)]),
        validators=[Length(max=ORIGINS_MOST)],
        description="Origins whose pages may send comments; the first is the main one.",
    )
    policy = FormField(PolicyForm)


def _policy_schema() -> Schema:
    told = schema_of(PolicyForm())
    learn = {**YES_OR_NO, "description": "Decisions teach a model, see `setLearning`."}
    return named("Policy", thing(**told["properties"], learn=learn))


SITE: Schema = named(
    "Site",
    thing(slug=TEXT, name=TEXT, origins=many(TEXT), policy=_policy_schema(), created_at=MOMENT),
)


@resource.operation("listSites", "GET /sites", scope=Scope.READ, answer=list_of(SITE))
def index(call: Call) -> Reply:
    """List the sites of the key: it has one."""
    return Reply({"items": [_told(call.site)]})


@resource.operation("getSite", "GET /sites/{site}", scope=Scope.READ, answer=SITE)
def show(call: Call, site: str) -> Reply:
    """Return a site with its settings."""
    return Reply(_told(_own(call, site)))


@resource.operation(
    "changeSite", "PATCH /sites/{site}", scope=Scope.ADMIN, body=SiteForm, answer=SITE
)
def change(call: Call, site: str) -> Reply:
    """Change some of a site's settings.

    What is left out stays as it is. A rule that files or publishes comments acts at once, on those
    that arrive from then on: what it would have done to the last ones shows the site's page.
    """
    own, given = _own(call, site), call.given
    form: SiteForm = call.body
    rules = {name: form.policy.form[name].data for name in given.get("policy", ())}
    changed = changes.amend_site(
        house(),
        own.id,
        name=form.name.data if "name" in given else None,
        origins=form.origins.data if "origins" in given else None,
        rules=rules,
    )
    return Reply(_told(changed))


def _own(call: Call, slug: str) -> Site:
    if slug != call.site.slug:
        raise NotFoundError("There is no such site.")
    return call.site


def _told(site: Site) -> dict[str, Any]:
    return {
        "slug": site.slug,
        "name": site.name,
        "origins": list(site.origins),
        "policy": site.policy.to_json(),
        "created_at": site.created_at.isoformat(),
    }
