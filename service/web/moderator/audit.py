"""Doors to a site's audit log: who did what, newest first, and all of it as lines."""

from collections.abc import Iterator

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from models import ActorKind, ApiKey, AuditEntry, Moderator, Role
from service.db import db
from service.errors import BadRequestError
from service.queries import audit as queries
from service.queries.team import members
from service.records.audit_seals import line_of
from service.web.moderator.guarding import guard, own_site, person

bp = Blueprint("audit", __name__)
guard(bp)

ACTS = {
    "comment.approve": "approved a comment",
    "comment.spam": "called a comment spam",
    "comment.trash": "moved a comment to trash",
    "comment.hold": "put a comment back to pending",
    "comment.edit": "edited a comment",
    "comment.reveal": "looked at an author's address",
    "team.invite": "invited somebody",
    "team.uninvite": "took an invitation back",
    "team.join": "accepted an invitation",
    "team.role": "changed a role",
    "site.create": "made the site",
    "site.change": "changed settings or rules",
    "embed.check": "checked a page's embed",
    "page.describe": "described a page",
    "page.close": "closed a page",
    "page.open": "opened a page again",
    "page.alias": "gave a page another name",
    "page.drop_alias": "took a page's other name away",
    "page.merge": "merged a page into another",
    "endpoint.add": "added a webhook",
    "endpoint.test": "sent a test to a webhook",
    "endpoint.paused": "paused a webhook",
    "endpoint.active": "resumed a webhook",
    "endpoint.change": "changed a webhook",
    "endpoint.rotate": "rotated a webhook's secret",
    "endpoint.revoke": "ended a webhook's older secrets",
    "endpoint.reveal": "looked at a webhook's secrets",
    "endpoint.let_go": "let a webhook's held deliveries go",
    "endpoint.remove": "removed a webhook",
    "endpoint.replay": "had events sent to a webhook again",
    "endpoint.stop_replay": "stopped what was sent to a webhook again",
    "delivery.replay": "had a delivery sent again",
    "akismet.report_spam": "reported spam",
    "akismet.report_ham": "reported an honest comment",
    "model.withdraw_reports": "withdrew what a key reported",
    "model.restore_reports": "restored what a key reported",
    "person.export": "exported what is kept of a person",
    "person.erase": "erased a person",
    "key.make": "made a key for a program",
    "key.end": "ended a key",
    "model.pause": "paused learning",
    "model.resume": "resumed learning",
    "model.relearn": "let the model learn again",
    "model.roll_back": "put a model back",
    "model.withdraw_labels": "withdrew somebody's labels",
    "model.restore_labels": "restored somebody's labels",
}


@bp.get("/sites/<slug>/audit")
def show(slug: str) -> ResponseReturnValue:
    """List what was done on a site."""
    site = own_site(slug, Role.OWNER)
    act, who = request.args.get("act", ""), _number("who")
    rows = queries.entries_page(
        db.session(), site.id, actor_id=who, act=act, before=_number("before")
    )
    return render_template(
        "moderator/audit.html",
        site=site,
        rows=[(entry, _who(entry, doer), ACTS.get(entry.act)) for entry, doer in rows],
        older=rows[-1][0].id if len(rows) == queries.PAGE else None,
        acts=ACTS,
        act=act,
        who=who,
        members=members(db.session(), site.id),
        person=person(),
    )


@bp.get("/sites/<slug>/audit.jsonl")
def export(slug: str) -> ResponseReturnValue:
    """Return everything that was done on a site as lines of JSON, oldest first."""
    site = own_site(slug, Role.OWNER)

    def lines() -> Iterator[bytes]:
        for entry in queries.entries_of_site(db.session(), site.id):
            yield line_of(entry) + b"\n"

    answer = Response(stream_with_context(lines()), content_type="application/jsonl")
    answer.headers["Content-Disposition"] = f'attachment; filename="audit-{site.slug}.jsonl"'
    return answer


def _who(entry: AuditEntry, doer: Moderator | ApiKey | None) -> str:
    if isinstance(doer, ApiKey):
        return f"the key {doer.name}"
    if doer is not None:
        return doer.name
    return "the operator" if entry.actor_kind is ActorKind.OPERATOR else f"key {entry.actor_id}"


def _number(name: str) -> int | None:
    value = request.args.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdigit()):
        raise BadRequestError(f"{name} is a number.")
    return int(value[:18])
