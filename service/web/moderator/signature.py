"""The door of the signature helper: what exactly is signed, and why a signature does not fit."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from models import Endpoint, EndpointKind, Role, Site
from service.db import db
from service.embed.finding import Finding
from service.errors import ConflictError
from service.queries import deliveries as queries
from service.web.context import house
from service.web.moderator.guarding import fresh, guard, own_site, person, prove_again
from service.webhooks import deliveries, secrets
from service.webhooks.endpoints import endpoint_of
from service.webhooks.signature_check import Live, compare, examine, expected
from service.webhooks.signature_mistakes import Message
from service.webhooks.signing import derive_secret

bp = Blueprint("signature", __name__)
guard(bp)

VERIFIERS = {
    "Python, with standardwebhooks": "verify_standardwebhooks.py",
    "Python, its standard library alone": "verify.py",
    "Node": "verify.mjs",
    "PHP": "verify.php",
    "Go": "verify.go",
    "Ruby": "verify.rb",
}
FOLDER = Path(__file__).with_name("verifiers")
VISIBLE = str.maketrans({"\n": "␊\n", "\r": "␍", "\t": "␉"})


@dataclass(frozen=True, slots=True)
class Pasted:
    """What stands in the form: line ends as LF, whatever the browser made of them."""

    id: str
    timestamp: str
    body: str
    signature: str

    def message(self) -> Message:
        """Return what a receiver would verify."""
        return Message(self.id, self.timestamp, self.body.encode())


@bp.get("/sites/<slug>/endpoints/<endpoint_id>/signature")
def show(slug: str, endpoint_id: str) -> ResponseReturnValue:
    """Show the form, filled in from a delivery if one is named."""
    site = own_site(slug, Role.OWNER)
    endpoint = _endpoint(site, endpoint_id)
    if not fresh():
        return prove_again(request.full_path.rstrip("?"))
    delivery = request.args.get("delivery", "")
    pasted = _from_delivery(endpoint, delivery) if delivery else Pasted("", "", "", "")
    return _page(site, endpoint, pasted)


@bp.post("/sites/<slug>/endpoints/<endpoint_id>/signature")
def check(slug: str, endpoint_id: str) -> ResponseReturnValue:
    """Show what is signed and check what was pasted; keeps nothing."""
    site = own_site(slug, Role.OWNER)
    endpoint = _endpoint(site, endpoint_id)
    if not fresh():
        return prove_again(url_for("signature.show", slug=slug, endpoint_id=endpoint_id))
    form = request.form
    return _page(
        site,
        endpoint,
        Pasted(
            form.get("id", "").strip(),
            form.get("timestamp", "").strip(),
            form.get("body", "").replace("\r\n", "\n"),
            form.get("signature", "").strip(),
        ),
    )


def live_secrets(endpoint: Endpoint) -> list[Live]:
    """Return the secrets with which deliveries to an endpoint are signed now, newest first."""
    return [
        Live(
            "the current secret"
            if one.not_after is None
            else f"the older secret, number {one.version}",
            derive_secret(house().ring, endpoint.public_id, one.version),
        )
        for one in secrets.live_secrets(house(), endpoint)
    ]


def _from_delivery(endpoint: Endpoint, public_id: str) -> Pasted:
    delivery, event = deliveries.delivery_to(endpoint, public_id)
    attempts = queries.attempts_of(db.session(), [delivery.id])[delivery.id]
    asked = request.args.get("attempt", "")
    signed = [one for one in attempts if one.signed_at and asked in ("", str(one.number))]
    moment = signed[-1].signed_at if signed else None
    timestamp = str(int((moment or house().now()).timestamp()))
    return Pasted(event.public_id, timestamp, event.body.decode("utf-8", "replace"), "")


def _page(site: Site, endpoint: Endpoint, pasted: Pasted) -> ResponseReturnValue:
    message, filled = pasted.message(), bool(pasted.id or pasted.body)
    page = render_template(
        "moderator/signature.html",
        site=site,
        endpoint=endpoint,
        pasted=pasted,
        filled=filled,
        number=len(message.content),
        digest=hashlib.sha256(message.content).hexdigest(),
        visible=message.content.decode().translate(VISIBLE),
        beyond=sum(byte > 127 for byte in message.content),  # noqa: PLR2004 - the last of ASCII
        expected=expected(live_secrets(endpoint), message) if filled else [],
        findings=_findings(site, endpoint, pasted, message) if filled else [],
        verifiers=verifiers(),
        person=person(),
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _findings(site: Site, endpoint: Endpoint, pasted: Pasted, message: Message) -> list[Finding]:
    """Say what is wrong: with the signature, and with the body where we know what was sent."""
    if not pasted.signature:
        return []
    found = queries.sent_to(db.session(), site.id, endpoint.id, message.id)
    bodies = [] if found is None else [compare(message.body, found.body)]
    checked = examine(live_secrets(endpoint), message, pasted.signature, house().now())
    return [*checked, *bodies]


def _endpoint(site: Site, public_id: str) -> Endpoint:
    endpoint = endpoint_of(site.id, public_id)
    if endpoint.kind is EndpointKind.BUILD:
        raise ConflictError(secrets.NO_SECRET)
    return endpoint


@cache
def verifiers() -> dict[str, str]:
    """Return code that verifies a delivery, by language."""
    return {
        language: (FOLDER / f"{name}.txt").read_text("utf-8")
        for language, name in VERIFIERS.items()
    }
