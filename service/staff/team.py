"""The deeds of a team: inviting, accepting, changing a role, leaving."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from models import Invitation, Membership, Moderator, Role, Site
from models.comment import PUBLIC_ID_LENGTH
from service.db import db, transaction
from service.errors import ClosedError, ConflictError, InvalidError, NotFoundError, StaleError
from service.house import House
from service.opening import TOKEN_BYTES, token_digest
from service.queries import people, sites
from service.queries import team as queries
from service.records.audit import by_moderator, record
from service.staff.accounts import Person, SignIn, new_moderator, valid_address

VALID = timedelta(days=7)
NO_INVITATION = "This invitation is not there. Copy the whole link, or ask for a new one."
OVER = "This invitation is over. Ask for a new one."
LAST_OWNER = "A site keeps at least one owner. Make somebody else an owner first."


@dataclass(frozen=True, slots=True)
class Invited:
    """An open invitation, as the one who was invited sees it.

    Args:
        known: whether somebody signs in with that address already.
    """

    invitation: Invitation
    site: Site
    host: Moderator
    known: bool


def invite(house: House, site_id: int, email: str, role: Role, *, moderator_id: int) -> str:
    """Invite somebody to a role on a site and return the token of his link, which is kept nowhere.

    Raises:
        InvalidError: no address, or one of somebody who works on the site already.
    """
    address = valid_address(email)
    if address is None:
        raise InvalidError({"email": ["Enter an email address like name@example.com"]})
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = house.now()
    with transaction() as session:
        if any(one.email == address for one, _ in queries.members(session, site_id)):
            raise InvalidError({"email": ["Somebody of this address works on the site already"]})
        invitation = Invitation(
            public_id=house.token(PUBLIC_ID_LENGTH),
            site_id=site_id,
            email=address,
            role=role,
            token_digest=token_digest(token),
            made_by_id=moderator_id,
            made_at=now,
            expires_at=now + VALID,
        )
        session.add(invitation)
        _record(session, house, moderator_id, "team.invite", site_id, invitation, role.value)
    return token


def take_back_invitation(house: House, site_id: int, public_id: str, *, moderator_id: int) -> None:
    """End an invitation that was not used. Done twice is done.

    Raises:
        NotFoundError: the site has none of that id.
    """
    with transaction() as session:
        invitation = queries.invitation_of_site(session, site_id, public_id)
        if invitation is None:
            raise NotFoundError("There is no such invitation.")
        if invitation.ended_at is None:
            invitation.ended_at = house.now()
            _record(session, house, moderator_id, "team.uninvite", site_id, invitation)


def look_at_invitation(house: House, token: str) -> Invited:
    """Return an open invitation.

    Raises:
        NotFoundError: there is none of that token.
        ClosedError: it was used or taken back, or its time is over.
    """
    session = db.session()
    invitation = _open(house, queries.invitation_by_digest(session, token_digest(token)))
    return Invited(
        invitation,
        sites.site(session, invitation.site_id),
        session.get_one(Moderator, invitation.made_by_id),
        known=people.sign_in(session, SignIn, {"email": invitation.email}) is not None,
    )


def accept_as_new(house: House, token: str, *, name: str, password: str) -> str:
    """Make an account for somebody invited, with the role, and return its sign-in address.

    Raises:
        NotFoundError, ClosedError: as `look_at_invitation`; of two at once one wins.
        InvalidError: a field that does not pass; the invitation stays open.
        ConflictError: somebody signs in with that address already.
    """
    email = look_at_invitation(house, token).invitation.email
    moderator = new_moderator(house, Person(email, name, password))
    with transaction() as session:
        invitation = _taken(session, house, token)
        if people.sign_in(session, SignIn, {"email": email}) is not None:
            raise ConflictError("There is an account of this address: sign in to accept.")
        session.add(moderator)
        session.flush()
        _join(session, house, invitation, moderator.id)
    return email


def accept(house: House, token: str, *, moderator_id: int) -> Site:
    """Give somebody who is signed in the role he was invited to, and return the site.

    Raises:
        NotFoundError, ClosedError: as `look_at_invitation`; of two at once one wins.
    """
    with transaction() as session:
        invitation = _taken(session, house, token)
        _join(session, house, invitation, moderator_id)
        return sites.site(session, invitation.site_id)


def change_role(
    house: House, site_id: int, member_id: int, *, seen: Role, new: Role | None, moderator_id: int
) -> None:
    """Give a member another role, or none: he works on the site no more.

    Args:
        seen: his role as the page showed it.
        new: None = he leaves.

    Raises:
        NotFoundError: he has no role there.
        StaleError: somebody changed it meanwhile.
        ConflictError: the site would be left without an owner.
    """
    with transaction() as session:
        rows = queries.members_for_change(session, site_id)
        row = next((one for one in rows if one.moderator_id == member_id), None)
        if row is None:
            raise NotFoundError("Nobody of that number works on this site.")
        if row.role is not seen:
            raise StaleError("Somebody changed this role meanwhile. This is how it stands now.")
        owners = [one for one in rows if one.role is Role.OWNER]
        if owners == [row] and new is not Role.OWNER:
            raise ConflictError(LAST_OWNER)
        if new is None:
            session.delete(row)
        else:
            row.role = new
        subject: dict[str, str | int | bool | None] = {
            "moderator": member_id,
            "before": seen.value,
            "after": None if new is None else new.value,
        }
        doer = by_moderator(moderator_id)
        record(session, house, doer, "team.role", site_id=site_id, subject=subject)


def _open(house: House, invitation: Invitation | None) -> Invitation:
    if invitation is None:
        raise NotFoundError(NO_INVITATION)
    if invitation.ended_at is not None or invitation.expires_at <= house.now():
        raise ClosedError(OVER)
    return invitation


def _taken(session: Session, house: House, token: str) -> Invitation:
    found = queries.invitation_for_change(session, token_digest(token))
    invitation = _open(house, found)
    invitation.ended_at = house.now()
    return invitation


def _join(session: Session, house: House, invitation: Invitation, moderator_id: int) -> None:
    invitation.used_by_id = moderator_id
    row = session.get(Membership, (moderator_id, invitation.site_id))
    if row is None:
        sites.give_role(session, moderator_id, invitation.site_id, invitation.role)
    else:  # an invitation takes nothing away
        row.role = min(row.role, invitation.role, key=list(Role).index)
    _record(session, house, moderator_id, "team.join", invitation.site_id, invitation)


def _record(
    session: Session,
    house: House,
    moderator_id: int,
    act: str,
    site_id: int,
    invitation: Invitation,
    *more: str,
) -> None:
    subject: dict[str, str | int | bool | None] = {"invitation": invitation.public_id}
    if more:
        subject["role"] = more[0]
    record(session, house, by_moderator(moderator_id), act, site_id=site_id, subject=subject)
