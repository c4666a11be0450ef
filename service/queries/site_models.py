"""Questions about a site's models and the job that fits them."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Job, JobKind, ModelState, Site, SiteModel
from service.queries.sites import insert_or_leave


def site_for_change(session: Session, site_id: int) -> Site:
    """Return a site, locked until the transaction ends."""
    query = sa.select(Site).where(Site.id == site_id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def usable_models(session: Session, site_id: int) -> Sequence[SiteModel]:
    """Return the models a site could use: the active one, then the kept ones, newest first."""
    query = (
        sa.select(SiteModel)
        .where(SiteModel.site_id == site_id, SiteModel.content.is_not(None))
        .order_by(sa.case((SiteModel.state == ModelState.ACTIVE, 0), else_=1), SiteModel.id.desc())
    )
    return session.scalars(query).all()


def model_history(session: Session, site_id: int, limit: int) -> Sequence[SiteModel]:
    """Return a site's candidates, accepted and refused, newest first."""
    query = sa.select(SiteModel).where(SiteModel.site_id == site_id)
    return session.scalars(query.order_by(SiteModel.id.desc()).limit(limit)).all()


def site_model(session: Session, site_id: int, model_id: int) -> SiteModel | None:
    """Return one model of a site."""
    query = sa.select(SiteModel).where(SiteModel.site_id == site_id, SiteModel.id == model_id)
    return session.scalar(query)


def retire_active(session: Session, site_id: int) -> None:
    """Let the active model of a site be a kept one."""
    session.execute(
        sa.update(SiteModel)
        .where(SiteModel.site_id == site_id, SiteModel.state == ModelState.ACTIVE)
        .values(state=ModelState.KEPT)
    )


def drop_contents(session: Session, site_id: int, *, keep: int) -> None:
    """Throw away the weights of all kept models but the newest so many."""
    kept = (
        sa.select(SiteModel.id)
        .where(
            SiteModel.site_id == site_id,
            SiteModel.state == ModelState.KEPT,
            SiteModel.content.is_not(None),
        )
        .order_by(SiteModel.activated_at.desc(), SiteModel.id.desc())
    )
    old = session.scalars(kept).all()[keep:]
    session.execute(
        sa.update(SiteModel).where(SiteModel.id.in_(old)).values(content=None, mac=None)
    )


def drop_history(session: Session, site_id: int, *, keep: int) -> None:
    """Delete the oldest reports past the newest so many; what holds weights stays."""
    newest = sa.select(SiteModel.id).where(SiteModel.site_id == site_id)
    stay = session.scalars(newest.order_by(SiteModel.id.desc()).limit(keep)).all()
    session.execute(
        sa.delete(SiteModel).where(
            SiteModel.site_id == site_id, SiteModel.content.is_(None), SiteModel.id.not_in(stay)
        )
    )


def job_for_change(session: Session, site_id: int) -> Job:
    """Return a site's fitting job, locked until the transaction ends; made when it is missing."""
    insert_or_leave(
        session,
        Job,
        {
            "kind": JobKind.FIT,
            "site_id": site_id,
            "due_at": None,
            "token": "",
            "fresh": 0,
            "failures": 0,
        },
    )
    query = sa.select(Job).where(Job.kind == JobKind.FIT, Job.site_id == site_id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def fit_due(session: Session, now: datetime) -> bool:
    """Say whether a fit is due; costs no lock."""
    query = sa.select(Job.id).where(Job.kind == JobKind.FIT, Job.due_at <= now)
    return session.scalar(query.limit(1)) is not None


def fit_to_lease(session: Session, now: datetime) -> Job | None:
    """Return the fit that has been due longest, locked, leaving out what a rival has."""
    query = (
        sa.select(Job)
        .where(Job.kind == JobKind.FIT, Job.due_at <= now)
        .order_by(Job.due_at)
        .limit(1)
    )
    query = query.with_for_update(skip_locked=True)
    return session.scalar(query.execution_options(populate_existing=True))


def leased_job(session: Session, job_id: int, token: str) -> Job | None:
    """Return a job that we still hold, locked; None when the lease was lost meanwhile."""
    query = sa.select(Job).where(Job.id == job_id, Job.token == token)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))
