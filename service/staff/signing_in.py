"""The deed of signing in: a password, then what stands beside it; and proving it again."""

from service.db import db, transaction
from service.errors import InvalidError
from service.house import House
from service.pace import Pace, take_turn
from service.privacy import fingerprint
from service.queries import people
from service.staff import factors, passwords
from service.staff.accounts import SignIn, sign_in_address

PACE = Pace(burst=10, per_minute=10 / 15)
"""Of tries with passwords, codes and passkeys: for one account, and from one network."""
WRONG = "That email address and password do not belong together."
WRONG_PASSWORD = "This is not your password."  # noqa: S105 - a sentence


def check_password(house: House, email: str, password: str, network: bytes) -> SignIn:
    """Return the moderator of an address and password; he may still owe a second factor.

    An unknown address takes as long and is answered like a wrong password.

    Args:
        network: keyed digest of the caller's network.

    Raises:
        InvalidError: they do not belong together.
        TooManyError: too many tries for this account or from this network.
    """
    address = sign_in_address(email)
    passwords.nobodys_hash()
    _take_turns(house, b"sign-in|" + address.encode(), b"sign-in|" + network)
    found = people.sign_in(db.session(), SignIn, {"email": address})
    right = passwords.matches(password, None if found is None else found.password)
    if found is None or not right or not found.active:
        raise InvalidError({"email": [WRONG]})
    return found


def check_code(house: House, moderator_id: int, code: str, network: bytes) -> str:
    """Use up a moderator's code or recovery code; return which, in the audit log's words.

    Raises:
        InvalidError: it is neither, or was used already.
        TooManyError: too many tries for this account or from this network.
    """
    _take_turns(house, f"second|{moderator_id}".encode(), b"second|" + network)
    way = factors.use_code(house, moderator_id, code)
    if way is None:
        raise InvalidError({"code": [factors.WRONG_CODE]})
    return way


def check_network(house: House, network: bytes) -> None:
    """Take a network's turn to try a passkey.

    Raises:
        TooManyError: too many tries from this network.
    """
    _take_turns(house, b"passkey|" + network)


def prove_again(house: House, moderator_id: int, password: str, code: str, network: bytes) -> str:
    """Check that the one who is signed in is still the one; return how he proved it.

    Raises:
        InvalidError: not his password, or not his code where he has a second factor.
        TooManyError: too many tries for this account or from this network.
    """
    moderator = people.sign_in(db.session(), SignIn, {"id": moderator_id})
    _take_turns(house, f"again|{moderator_id}".encode(), b"sign-in|" + network)
    stored = None if moderator is None else moderator.password
    if not passwords.matches(password, stored):
        raise InvalidError({"password": [WRONG_PASSWORD]})
    if not factors.has_second(db.session(), moderator_id):
        return "password"
    return f"password and {check_code(house, moderator_id, code, network)}"


def _take_turns(house: House, *who: bytes) -> None:
    with transaction() as session:
        for one in who:
            take_turn(session, fingerprint(one, house.ring)[:16], PACE, house.now())
