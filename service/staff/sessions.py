"""Moderators' sessions: begun by a sign-in, alive by the server's word, ended by their owner.

The cookie holds a random id, the database its digest: neither a copied database nor a cookie
copied before the end signs anybody in.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from models import StaffSession
from models.comment import PUBLIC_ID_LENGTH
from service.db import db, transaction
from service.errors import NotFoundError, UnavailableError
from service.house import House
from service.opening import token_digest
from service.queries import staff_sessions as queries
from service.records.audit import by_moderator, record

LONGEST_SESSION = timedelta(hours=12)  # from signing in (NIST SP 800-63B, second level)
LONGEST_PAUSE = timedelta(hours=2)  # without a request: a moderator's lunch, not his night
SEEN_EVERY = timedelta(minutes=1)
TOKEN_BYTES = 32

# The first that fits: Edge and Opera call themselves Chrome too, and Chrome calls itself Safari.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def begin(house: House, moderator_id: int, *, user_agent: str, way: str) -> str:
    """Begin a session of somebody who has just proved who he is; return the id for his cookie.

    Args:
        user_agent: of his browser; only its name and system are kept.
        way: how he proved it, as the audit log says it.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = house.now()
    public_id = house.token(PUBLIC_ID_LENGTH)
    with transaction() as session:
        session.add(
            StaffSession(
                public_id=public_id,
                moderator_id=moderator_id,
                token_digest=token_digest(token),
                began_at=now,
                seen_at=now,
                proved_at=now,
                browser=browser_name(user_agent),
            )
        )
        subject = {"session": public_id, "way": way}
        record(session, house, by_moderator(moderator_id), "account.sign_in", subject=subject)
    return token


def alive(house: House, token: str, moderator_id: int) -> StaffSession | None:
    """Return a moderator's session by the id in his cookie, None when it is over."""
    row = queries.by_digest(db.session(), token_digest(token))
    if row is None or row.moderator_id != moderator_id or row.ended_at is not None:
        return None
    now = house.now()
    lasts = now - row.began_at < LONGEST_SESSION and now - row.seen_at < LONGEST_PAUSE
    return row if lasts else None


def see(house: House, row: StaffSession) -> None:
    """Note that a session is in use, at most once a minute.

    A database that is busy must not cost a moderator his page: the next request notes it.
    """
    now = house.now()
    if now - row.seen_at < SEEN_EVERY:
        return
    try:
        with transaction() as session:
            queries.set_seen(session, row.id, now)
    except UnavailableError:
        return


def prove(house: House, row: StaffSession, *, way: str) -> None:
    """Note that a session's moderator has proved anew who he is."""
    now = house.now()
    with transaction() as session:
        session.get_one(StaffSession, row.id).proved_at = now
        subject = {"session": row.public_id, "way": way}
        doer = by_moderator(row.moderator_id)
        record(session, house, doer, "account.prove", subject=subject)


def live(house: House, moderator_id: int) -> Sequence[StaffSession]:
    """Return a moderator's sessions that are not over, the last seen first."""
    now = house.now()
    return queries.live(
        db.session(), moderator_id, began=now - LONGEST_SESSION, seen=now - LONGEST_PAUSE
    )


def end(house: House, moderator_id: int, public_id: str) -> None:
    """End one of a moderator's sessions. Done twice is done.

    Raises:
        NotFoundError: he has none of that id.
    """
    with transaction() as session:
        row = queries.of_moderator(session, moderator_id, public_id)
        if row is None:
            raise NotFoundError("There is no such session.")
        if row.ended_at is None:
            row.ended_at = house.now()
            subject = {"session": public_id}
            doer = by_moderator(moderator_id)
            record(session, house, doer, "account.session_end", subject=subject)


def end_others(house: House, kept: StaffSession) -> int:
    """End all of a moderator's sessions but one; return how many that were."""
    with transaction() as session:
        return end_all_but(session, house, kept.moderator_id, kept)


def end_all_but(
    session: Session, house: House, moderator_id: int, kept: StaffSession | None = None
) -> int:
    """End a moderator's sessions inside the caller's transaction; return how many that were."""
    kept_id = None if kept is None else kept.id
    ended = queries.end_all_but(session, moderator_id, kept_id, house.now())
    if ended:
        doer = house.doer or by_moderator(moderator_id)
        subject = {"moderator": moderator_id, "number": ended}
        record(session, house, doer, "account.sessions_end", subject=subject)
    return ended


def browser_name(user_agent: str) -> str:
    """Return a browser as its owner knows it, "Firefox on Linux"; words of our own alone."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "A browser")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser
