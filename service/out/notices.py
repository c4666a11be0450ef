"""Mail to moderators: claimed by lease, written, sent, marked."""

from dataclasses import replace

from sqlalchemy.orm import Session

from models import AtOnce, EndpointState, Fare, Notice, NoticeKind, Role
from service.db import db, transaction
from service.house import House
from service.mail.letters import Letter
from service.mail.notice_letters import (
    Figures,
    News,
    digest_letter,
    endpoint_letter,
    news_letter,
    test_letter,
)
from service.mail.notices import may_hear
from service.out.smtp import Envelope, MailError, claimed, outcome, post_one
from service.privacy import EmailAddress
from service.queries import notices as queries
from service.queries.notices import Told
from service.queries.outbox import lease_clock
from service.queries.statistics import oldest_waiting
from service.queries.tallies import list_counts

LISTED = 10
"""Comments that one mail shows; the others are counted."""


def due(house: House, session: Session) -> bool:
    """Say whether a mail is due."""
    return queries.notice_due(session, lease_clock(session, house.now()))


def claim(house: House) -> list[Envelope]:
    """Lease the mails that are due and write each as things stand now; none when there are none."""
    if not due(house, db.session()):
        return []
    return claimed(house, Notice, _write)


def _write(house: House, session: Session, blank: Envelope) -> Envelope:
    """Fill in an envelope; without a letter where his role ended or nothing is left to tell."""
    row = queries.notice_with_all(session, blank.row)
    if row is None:
        return blank
    notice, told = row
    return replace(
        blank,
        sender=told.site.name,
        to=EmailAddress(told.moderator.email),
        letter=_letter(session, house, notice, told),
    )


def _letter(session: Session, house: House, notice: Notice, told: Told) -> Letter | None:
    """Write a mail; None when he may or will not hear of it any more, or nothing is left."""
    if not may_hear(told):
        return None
    if notice.kind is NoticeKind.TEST:
        return test_letter(house, told)
    if told.watch.failed_at is not None:
        return None
    if notice.kind is NoticeKind.ENDPOINT:
        return _about_endpoint(session, house, notice, told)
    return _about_comments(session, house, notice, told)


def _about_comments(session: Session, house: House, notice: Notice, told: Told) -> Letter | None:
    if notice.kind is NoticeKind.DIGEST:
        figures = _figures(session, notice, told)
        return digest_letter(house, told, figures) if figures.anything else None
    if told.watch.at_once is AtOnce.OFF:
        return None
    number, rows = queries.comments_to_tell(session, notice, told.watch.at_once, LISTED)
    return news_letter(house, told, News(number, rows, notice.alarm)) if number else None


def _about_endpoint(session: Session, house: House, notice: Notice, told: Told) -> Letter | None:
    """Write how an endpoint fares; None when it fares well again."""
    endpoint = queries.endpoint_told(session, notice)
    if endpoint is None or notice.fare is None or told.role is not Role.OWNER:
        return None
    rests = {Fare.PAUSED: EndpointState.PAUSED, Fare.DISABLED: EndpointState.DISABLED}
    if endpoint.state is not rests.get(notice.fare, EndpointState.ACTIVE):
        return None
    if notice.fare not in rests and endpoint.failing_since is None:
        return None
    return endpoint_letter(house, told, endpoint, notice.fare)


def _figures(session: Session, notice: Notice, told: Told) -> Figures:
    site_id = told.site.id
    counts = list_counts(session, [site_id])
    return Figures(
        wanted=told.watch.digest,
        since=notice.since,
        waiting={
            shelf: number for (status, shelf), number in counts.items() if status == "pending"
        },
        verdicts=queries.verdicts_told(session, notice),
        oldest=oldest_waiting(session, [site_id]),
        looks=queries.looks_told(session, notice) if told.role is Role.OWNER else None,
    )


def post(house: House, envelope: Envelope) -> None:
    """Send one claimed mail and write down what came of it."""
    post_one(house, envelope, queries.drop_notice, _marked)


def _marked(house: House, envelope: Envelope, error: MailError | None) -> bool:
    """Write an attempt down; an address that is refused for good gets nothing more."""
    with transaction() as session:
        watch = queries.watch_of_notice(session, envelope.row)
        values = outcome(envelope, error, lease_clock(session, house.now()))
        held = queries.mark_notice(session, envelope.row, envelope.token, values)
        if held and watch is not None:
            if error is None:
                watch.failed_at, watch.failure = None, ""
            elif error.final:
                watch.failed_at, watch.failure = house.now(), str(error)
    return held
