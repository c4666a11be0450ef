"""WebAuthn's two ceremonies, checked by py_webauthn: making a passkey, and proving one."""

import json
from dataclasses import dataclass
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from service.errors import GatepostError

LONGEST = 20_000  # characters of what a browser hands in; real ones have under 3,000
TIMEOUT = 300_000  # milliseconds
TRANSPORTS = {one.value: one for one in AuthenticatorTransport}
# What the library raises, and what its parsing of hostile bytes may still let through.
FAULTS = (
    WebAuthnException,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    RecursionError,
)


class CeremonyError(GatepostError):
    """What a browser handed in proves nothing; the text says why, for the log alone."""


@dataclass(frozen=True, slots=True)
class Known:
    """A passkey as the browser must know it: its id, and how the device is reached."""

    credential_id: bytes
    transports: list[str]


@dataclass(frozen=True, slots=True)
class Made:
    """A new passkey."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a passkey's answer says of itself before it is checked."""

    credential_id: bytes
    handle: bytes | None


def making(
    rp_id: str, *, name: str, handle: bytes, challenge: bytes, known: list[Known]
) -> dict[str, Any]:
    """Return the browser's options for making a passkey: discoverable, user verified.

    Args:
        name: how the device names the account to its owner.
        known: passkeys of the same moderator; no device needs two.
    """
    options = generate_registration_options(
        rp_id=rp_id,
        rp_name="Gatepost",
        user_id=handle,
        user_name=name,
        challenge=challenge,
        timeout=TIMEOUT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_described(known),
    )
    return _plain(options_to_json(options))


def proving(rp_id: str, *, challenge: bytes, known: list[Known]) -> dict[str, Any]:
    """Return the browser's options for proving a passkey.

    Args:
        known: those that may be used; none = whichever the device has for us.
    """
    options = generate_authentication_options(
        rp_id=rp_id,
        challenge=challenge,
        timeout=TIMEOUT,
        allow_credentials=_described(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _plain(options_to_json(options))


def made(credential: str, *, challenge: bytes, rp_id: str, origin: str) -> Made:
    """Return the passkey that a browser has made.

    Raises:
        CeremonyError: it does not answer the challenge, or is for somebody else.
    """
    try:
        answer = _parsed(credential)
        found = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
        )
        told = answer["response"].get("transports") or []
        transports = [one for one in TRANSPORTS if one in told]
    except FAULTS as error:
        raise CeremonyError(str(error)) from error
    return Made(found.credential_id, found.credential_public_key, found.sign_count, transports)


def shown(credential: str) -> Shown:
    """Return which passkey an answer claims to be of.

    Raises:
        CeremonyError: it cannot be read.
    """
    try:
        answer = parse_authentication_credential_json(_parsed(credential))
    except FAULTS as error:
        raise CeremonyError(str(error)) from error
    return Shown(answer.raw_id, answer.response.user_handle)


def proved(
    credential: str, *, challenge: bytes, rp_id: str, origin: str, public_key: bytes, count: int
) -> int:
    """Check a passkey's answer and return the device's count of uses.

    Args:
        count: the count of the last time; one that does not grow is a copy's.

    Raises:
        CeremonyError: the answer proves nothing.
    """
    try:
        found = verify_authentication_response(
            credential=_parsed(credential),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=count,
            require_user_verification=True,
        )
    except FAULTS as error:
        raise CeremonyError(str(error)) from error
    return found.new_sign_count


def _parsed(credential: str) -> dict[str, Any]:
    if len(credential) > LONGEST:
        raise CeremonyError("longer than any real answer")
    found = json.loads(credential)
    if not isinstance(found, dict):
        raise CeremonyError("not a JSON object")
    return found


def _described(known: list[Known]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id,
            transports=[TRANSPORTS[name] for name in one.transports if name in TRANSPORTS],
        )
        for one in known
    ]


def _plain(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found
