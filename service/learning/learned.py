"""What a site has learned, as scoring uses it: its own model and the memory of its campaigns."""

import hmac
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from models import ModelState, Site, SiteModel
from models.spam import ModelFileError
from models.spam.site.adapt import Residual
from models.spam.site.memory import Recall, Trace
from models.spam.site.vector import FEATURE_VERSION
from service import privacy
from service.house import House
from service.queries import lessons, site_models

log = logging.getLogger("gatepost.learning")

MEMORY_LIFE = timedelta(days=180)
LABEL = b"gatepost/site-model/v1"


def mac_of(house: House, site_id: int, content: bytes) -> bytes:
    """Return the keyed digest that binds a model's bytes to its site."""
    return privacy.fingerprint(LABEL + site_id.to_bytes(8, "big") + content, house.ring)


def active_residual(session: Session, house: House, site: Site) -> Residual | None:
    """Return what the site's decisions taught, None when it is the base model alone.

    A model whose bytes are not what we wrote is refused and the last good one stays. Kept in
    this process until another takes over.
    """
    version, residual = house.residuals.get(site.id, (-1, None))
    if version != site.model_version:
        residual = _first_good(house, site, site_models.usable_models(session, site.id))
        house.residuals[site.id] = (site.model_version, residual)
    return residual


def opened(house: House, row: SiteModel) -> Residual:
    """Return the weights of a stored model.

    Raises:
        ModelFileError: not written by us, damaged, or of other feature code.
    """
    if row.content is None or row.mac is None:
        raise ModelFileError("its weights are not kept any more")
    if not hmac.compare_digest(row.mac, mac_of(house, row.site_id, row.content)):
        raise ModelFileError("it was not written by this service")
    if row.feature_version != FEATURE_VERSION or row.base != house.scorer.model.name:
        raise ModelFileError("it was made for another base model")
    return Residual.from_bytes(row.content)


def _first_good(house: House, site: Site, rows: Sequence[SiteModel]) -> Residual | None:
    if not rows or rows[0].state is not ModelState.ACTIVE:
        return None
    for row in rows:
        try:
            return opened(house, row)
        except ModelFileError as error:
            log.error(  # noqa: TRY400 - a sentence for the operator, not a traceback
                "a model is refused: %s", error, extra={"site": site.slug, "model": row.id}
            )
    return None


def recall_of(session: Session, house: House, site_id: int, trace: Trace) -> Recall:
    """Return what the campaign memory says of a comment."""
    since = house.now() - MEMORY_LIFE
    shared, _ = lessons.largest_overlap(session, site_id, trace.shingles, since)
    met = lessons.known_hosts(session, site_id, trace.hosts, since)
    rejected = {host for host, spam in met if spam}
    approved = {host for host, spam in met if not spam}
    return Recall(
        overlap=shared / len(trace.shingles) if trace.shingles else 0.0,
        rejected_hosts=len(rejected - approved),
        approved_hosts=len(approved - rejected),
    )


def recall_in(signals: Mapping[str, Any]) -> Recall:
    """Return what the memory said when a comment came, as its signals keep it."""
    kept = signals.get("memory") or {}
    return Recall(
        overlap=float(kept.get("overlap", 0.0)),
        rejected_hosts=int(kept.get("rejected_hosts", 0)),
        approved_hosts=int(kept.get("approved_hosts", 0)),
    )


def remembered(recall: Recall) -> dict[str, float | int]:
    """Return a recall as a comment's signals keep it."""
    return {
        "overlap": round(recall.overlap, 3),
        "rejected_hosts": recall.rejected_hosts,
        "approved_hosts": recall.approved_hosts,
    }
