"""What every door needs: the house, the site in the path, and what the caller can read."""

from dataclasses import replace
from typing import Any

from flask import Request, current_app, g, request

from models import Site
from service.db import db
from service.errors import NotFoundError
from service.house import House
from service.privacy import network_id
from service.queries import sites

HOUSE = "gatepost"
GATED_JSON = "gatepost.json"
CLIENT = "gatepost.client"
API = "/api/v1/"
PROGRAM_TYPES = ("application/json", "application/problem+json")


def house() -> House:
    """Return the outside world of this application, and who asks where he signed in."""
    found: House = current_app.extensions[HOUSE]
    if "doer" not in g:
        return found
    if "house" not in g:  # a page of fifty cards asks for it hundreds of times
        g.house = replace(found, doer=g.doer)
    own: House = g.house
    return own


def keep_house(replacement: House) -> None:
    """Let the rest of this request see another house."""
    g.house = replacement


def site_of_path(slug: str) -> Site:
    """Return the site named in the path.

    Raises:
        NotFoundError: there is none.
    """
    site = sites.site_by_slug(db.session(), slug)
    if site is None:
        raise NotFoundError("There is no such site.")
    g.site = site
    return site


def wants_json(asked: Request = request) -> bool:
    """Say whether the caller is a program: it sent JSON, or prefers it to a page."""
    if asked.mimetype == "application/json" or is_api(asked.path):
        return True
    best = asked.accept_mimetypes.best_match(["text/html", *PROGRAM_TYPES], default="text/html")
    return best in PROGRAM_TYPES


def is_api(path: str) -> bool:
    """Say whether an address is a program's; the page about them is a person's."""
    return path.startswith(API) and path != API


def json_body() -> dict[str, Any]:
    """Return the JSON object that the gate has parsed."""
    body: dict[str, Any] = request.environ.get(GATED_JSON) or {}
    return body


def client_network() -> bytes:
    """Return the keyed digest of the caller's network and today; the address goes no further."""
    outside = house()
    address = request.environ.get(CLIENT) or request.remote_addr or ""
    return network_id(address, outside.now().date(), outside.ring)
