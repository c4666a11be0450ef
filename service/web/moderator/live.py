"""The door by which a list follows what other moderators do, without a page load."""

import hashlib
from datetime import UTC, datetime, timedelta

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.http import quote_etag

from service.comments.moderate import told_maker
from service.db import db
from service.errors import BadRequestError
from service.queries.comments import decisions_since
from service.queries.tallies import list_counts
from service.web.context import house
from service.web.moderator.guarding import guard, own_site, person

bp = Blueprint("live", __name__)
guard(bp)

OVERLAP = timedelta(seconds=15)
"""A decision is seen by its own clock a little before it is committed; the script knows by the
version what it has seen already."""
MOST = 200


@bp.get("/queue/changes")
def changes() -> ResponseReturnValue:
    """Return what was decided since then, and how many wait; unchanged = 304."""
    slug = request.args.get("site")
    sites = [own_site(slug)] if slug else person().with_role()
    ids = [site.id for site in sites]
    rows = decisions_since(db.session(), ids, _since() - OVERLAP, MOST)
    counts = list_counts(db.session(), ids)
    now = house().now()
    moved = [
        {
            "id": comment.public_id,
            "version": decision.version,
            "status": decision.after.value,
            "by": told_maker(who),
            "own": decision.moderator_id == person().id,
            "seconds": max(0, round((now - decision.made_at).total_seconds())),
        }
        for decision, comment, who in rows
    ]
    numbers = {f"{status.value}/{shelf}": number for (status, shelf), number in counts.items()}
    seen = [(comment.public_id, decision.version) for decision, comment, _ in rows]
    answer = jsonify(moved=moved, counts=numbers, now=now.isoformat())
    told = repr((seen, sorted(counts.items()))).encode()
    answer.headers["ETag"] = quote_etag(hashlib.sha256(told).hexdigest()[:16])
    return answer.make_conditional(request)


def _since() -> datetime:
    try:
        moment = datetime.fromisoformat(request.args.get("since", ""))
    except ValueError:
        raise BadRequestError("`since` is a time like 2026-11-23T12:00:00+00:00.") from None
    if moment.tzinfo is None:
        raise BadRequestError("`since` needs a time zone, such as +00:00.")
    return moment.astimezone(UTC)
