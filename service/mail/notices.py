"""The deeds round mail to moderators: wanting it, falling due, ending it by one click."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from models import (
    AtOnce,
    Digest,
    Endpoint,
    Event,
    EventType,
    Fare,
    Moderator,
    Notice,
    NoticeKind,
    Role,
    Site,
    Watch,
)
from service import privacy
from service.db import db, transaction
from service.errors import InvalidError, NotFoundError
from service.house import House
from service.intake.alarm import Alarm, alarm_of
from service.mail.hours import next_digest, quiet_until, zone_of, zones
from service.pace import Pace, take_turn
from service.queries import notices as queries
from service.queries.notices import Told
from service.queries.outbox import lease_clock

FIRST = timedelta(minutes=1)
"""From the first new comment to the mail, so that its neighbours come with it."""
BETWEEN = timedelta(minutes=15)
"""From one mail at once to the next about the same site."""
TAKEN = 50  # watches looked at in one transaction
PUBLIC_ID_LENGTH = 16
DECIDING = (Role.OWNER, Role.MODERATOR)
"""Whom mail may go to; who only sees has nothing to do about it."""
TELLING = (EventType.CREATED, EventType.EDITED)
TESTS = Pace(burst=3, per_minute=0.2)
UNKNOWN = "This link ends no mail: it was cut off, or your role on that site has ended."


@dataclass(frozen=True, slots=True)
class Wish:
    """What mail a moderator wants about a site, as its form says.

    Args:
        digest_hour: 0 to 23.
        digest_weekday: 0 = Monday.
        quiet_from, quiet_until: both, or None for no quiet hours.
    """

    at_once: AtOnce
    digest: Digest
    digest_hour: int
    digest_weekday: int
    quiet_from: time | None
    quiet_until: time | None


@dataclass(frozen=True, slots=True)
class Ending:
    """What a mailed link ends.

    Args:
        kind: which of the two mails about the site.
        over: whether none of that kind goes out any more.
    """

    site: Site
    kind: NoticeKind
    over: bool


def wish(house: House, moderator_id: int, site_id: int, wanted: Wish) -> None:
    """Set what mail a moderator gets about a site on which he decides.

    What waits already is not told anew; a site whose mail was refused for good is tried again.

    Raises:
        InvalidError: quiet hours without an end or a beginning, or as long as a day.
    """
    _check(wanted)
    with transaction() as session:
        watch = _watch(session, house, moderator_id, site_id)
        now, (position, seal) = house.now(), queries.cursors(session)
        if watch.at_once is AtOnce.OFF:
            watch.position, watch.alarmed = position, False
        if watch.digest is Digest.OFF:
            watch.digest_since = now
            watch.digest_position, watch.digest_seal = position, seal
        watch.at_once, watch.digest = wanted.at_once, wanted.digest
        watch.digest_hour, watch.digest_weekday = wanted.digest_hour, wanted.digest_weekday
        watch.quiet_from, watch.quiet_until = wanted.quiet_from, wanted.quiet_until
        watch.failed_at, watch.failure = None, ""
        on = watch.at_once is not AtOnce.OFF
        # What is being released this very moment may not know yet that he wants to hear of it.
        watch.due_at = max(now + FIRST, watch.rest_until or now) if on else None
        moderator = session.get_one(Moderator, moderator_id)
        watch.digest_due_at = _next_digest(watch, moderator, now)
    house.wake()


def set_time_zone(house: House, moderator_id: int, name: str) -> None:
    """Set the clock by which a moderator's digests and quiet hours go.

    Raises:
        InvalidError: no time zone of that name.
    """
    if name not in zones():
        raise InvalidError({"time_zone": ["Choose a time zone from the list"]})
    with transaction() as session:
        moderator = session.get_one(Moderator, moderator_id)
        moderator.time_zone = name
        for watch in queries.watches_for_change(session, moderator_id):
            watch.digest_due_at = _next_digest(watch, moderator, house.now())
            if watch.due_at is not None:  # quiet hours may have ended with this
                watch.due_at = max(house.now(), watch.rest_until or house.now())


def ask_for_test(house: House, moderator_id: int, site_id: int) -> None:
    """Write a test mail to a moderator, three at once at most.

    Raises:
        TooManyError: he asked too often just now.
    """
    key = privacy.fingerprint(f"notice-test|{moderator_id}".encode(), house.ring)[:16]
    with transaction() as session:
        take_turn(session, key, TESTS, house.now())
        watch = _watch(session, house, moderator_id, site_id)
        _add(session, house, watch, NoticeKind.TEST)
    house.wake()


def stir(session: Session, house: House, events: Sequence[Event]) -> None:
    """Let moderators be told of released events soon, in the transaction that releases them."""
    if not house.settings.sends_mail:
        return
    sites = sorted({event.site_id for event in events if event.type in TELLING})
    if sites:
        queries.stir(session, sites, house.now() + FIRST)


def tell_owners(session: Session, house: House, endpoint: Endpoint, fare: Fare) -> None:
    """Write a mail to each owner of an endpoint's site, in the transaction of its cause.

    In his quiet hours it waits for their end.
    """
    if not house.settings.sends_mail:
        return
    now = house.now()
    for owner in queries.owners(session, endpoint.site_id):
        watch = queries.watches_of(session, owner.id).get(endpoint.site_id)
        if watch is None:
            watch = _watch(session, house, owner.id, endpoint.site_id)
        notice = _add(session, house, watch, NoticeKind.ENDPOINT)
        notice.endpoint, notice.fare = endpoint.public_id, fare
        zone = zone_of(owner.time_zone)
        quiet = quiet_until(now, watch.quiet_from, watch.quiet_until, zone)
        if quiet is not None:
            notice.due_at = quiet


def gather(house: House) -> int:
    """Make the mails that are due and not kept by quiet hours; a chore. Return how many."""
    if not house.settings.sends_mail or not queries.watch_due(db.session(), house.now()):
        return 0
    made = 0
    with transaction() as session:
        for told in queries.watches_due(session, house.now(), TAKEN):
            made += _gather(session, house, told)
    if made:
        house.wake()
    return made


def may_hear(told: Told) -> bool:
    """Say whether mail about a site may go to a moderator at all."""
    return told.moderator.active and told.role in DECIDING


def look(house: House, token: str) -> Ending:
    """Return what a mailed link would end; changes nothing.

    Raises:
        NotFoundError: the link is not one of ours, or his role on the site has ended.
    """
    session = db.session()
    kind, public_id = _read(house, token)
    return _ending(session, queries.watch_by_public_id(session, public_id), kind)


def end(house: House, token: str) -> Ending:
    """Let no more mail of a link's kind go out. Done twice is done.

    Raises:
        NotFoundError: the link is not one of ours, or his role on the site has ended.
    """
    kind, public_id = _read(house, token)
    with transaction() as session:
        watch = queries.watch_by_public_id(session, public_id, lock=True)
        if watch is not None and kind is NoticeKind.AT_ONCE:
            watch.at_once, watch.due_at = AtOnce.OFF, None
        elif watch is not None:
            watch.digest, watch.digest_due_at = Digest.OFF, None
        return _ending(session, watch, kind)


def link_to_end(house: House, watch: Watch, kind: NoticeKind) -> str:
    """Return the address that ends one kind of mail about a site by one click."""
    token = privacy.notice_token(f"{kind.value}-{watch.public_id}", house.ring)
    return f"{house.settings.base_url}/mail/unsubscribe/{token}"


def is_for_moderators(house: House, token: str) -> bool:
    """Say whether a mailed link ends mail to a moderator rather than to an author."""
    return privacy.read_notice_token(token, house.ring) is not None


def _read(house: House, token: str) -> tuple[NoticeKind, str]:
    named = privacy.read_notice_token(token, house.ring)
    if named is None:
        raise NotFoundError(UNKNOWN)
    kind, _, public_id = named.partition("-")
    return NoticeKind(kind), public_id


def _ending(session: Session, watch: Watch | None, kind: NoticeKind) -> Ending:
    if watch is None:
        raise NotFoundError(UNKNOWN)
    wanted = watch.at_once if kind is NoticeKind.AT_ONCE else watch.digest
    return Ending(session.get_one(Site, watch.site_id), kind, over=wanted.value == "off")


def _check(wanted: Wish) -> None:
    if (wanted.quiet_from is None) != (wanted.quiet_until is None):
        missing = "quiet_from" if wanted.quiet_from is None else "quiet_until"
        raise InvalidError({missing: ["Enter both ends of the quiet hours, or neither"]})
    if wanted.quiet_from is not None and wanted.quiet_from == wanted.quiet_until:
        raise InvalidError({"quiet_until": ["Quiet hours end at another time than they begin"]})


def _watch(session: Session, house: House, moderator_id: int, site_id: int) -> Watch:
    position, seal = queries.cursors(session)
    values: Mapping[str, Any] = {
        "moderator_id": moderator_id,
        "site_id": site_id,
        "public_id": house.token(PUBLIC_ID_LENGTH),
        "at_once": AtOnce.OFF,
        "digest": Digest.OFF,
        "digest_hour": 8,
        "digest_weekday": 0,
        "position": position,
        "alarmed": False,
        "digest_since": house.now(),
        "digest_position": position,
        "digest_seal": seal,
        "failure": "",
    }
    return queries.watch_made(session, values)


def _gather(session: Session, house: House, told: Told) -> int:
    watch, now = told.watch, house.now()
    if not may_hear(told) or watch.failed_at is not None:
        # His cursors stay: what still waits is told once he may hear again.
        watch.due_at = None
        watch.digest_due_at = _next_digest(watch, told.moderator, now)
        return 0
    zone = zone_of(told.moderator.time_zone)
    quiet = quiet_until(now, watch.quiet_from, watch.quiet_until, zone)
    made = 0
    if _is_due(watch.due_at, now):
        watch.due_at = quiet
        made += quiet is None and _tell_at_once(session, house, told)
    if _is_due(watch.digest_due_at, now):
        watch.digest_due_at = quiet
        made += quiet is None and _tell_figures(session, house, told)
    return made


def _is_due(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def _tell_at_once(session: Session, house: House, told: Told) -> bool:
    """Make the mail about what came, unless one is still on its way or an alarm was told."""
    watch, now = told.watch, house.now()
    alarm = alarm_of(session, house, told.site) is not Alarm.CALM
    silent = alarm and watch.alarmed
    if silent or queries.under_way(session, watch, NoticeKind.AT_ONCE):
        watch.due_at = now + BETWEEN
        return False
    position, _ = queries.cursors(session)
    something = queries.something_to_tell(session, watch, position)
    if something:
        _add(session, house, watch, NoticeKind.AT_ONCE, upto=(position, 0), alarm=alarm)
        watch.rest_until = now + BETWEEN
    watch.position, watch.alarmed = position, alarm and something
    return something


def _tell_figures(session: Session, house: House, told: Told) -> bool:
    watch, now = told.watch, house.now()
    if queries.under_way(session, watch, NoticeKind.DIGEST):
        watch.digest_due_at = now + BETWEEN
        return False
    position, seal = queries.cursors(session)
    _add(session, house, watch, NoticeKind.DIGEST, upto=(position, seal))
    watch.digest_since, watch.digest_position, watch.digest_seal = now, position, seal
    watch.digest_due_at = _next_digest(watch, told.moderator, now)
    return True


def _next_digest(watch: Watch, moderator: Moderator, now: datetime) -> datetime | None:
    return next_digest(
        watch.digest,
        now,
        zone_of(moderator.time_zone),
        hour=watch.digest_hour,
        weekday=watch.digest_weekday,
    )


def _add(
    session: Session,
    house: House,
    watch: Watch,
    kind: NoticeKind,
    *,
    upto: tuple[int, int] = (0, 0),
    alarm: bool = False,
) -> Notice:
    digest = kind is NoticeKind.DIGEST
    notice = Notice(
        public_id=f"notice_{house.token(26)}",
        moderator_id=watch.moderator_id,
        site_id=watch.site_id,
        kind=kind,
        after=watch.digest_position if digest else watch.position,
        upto=upto[0],
        seal_after=watch.digest_seal,
        seal_upto=upto[1],
        since=watch.digest_since,
        alarm=alarm,
        made_at=house.now(),
        due_at=lease_clock(session, house.now()),
    )
    session.add(notice)
    return notice
