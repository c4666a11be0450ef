"""What tests of Akismet's doors share: a key of the site, and a call with a valid comment."""

import contextlib
from urllib.parse import quote_from_bytes

from models import ApiKeyKind
from service.app import create_app
from service.db import db
from service.programs.api_keys import WantedKey, make_key
from service.web.context import HOUSE
from tests.building import ORIGIN, found_demo_site
from tests.serving import Service
from tests.web.desk import site_of

HONEST = "I grew up two hours from that river and it was never this low."
SELLING = "Buy cheap pills online without prescription, fast shipping: http://pills-rx24.shop/order"
FORM = "application/x-www-form-urlencoded"
THANKS = "Thanks for making the web a better place."


def akismet_key(app, site=None, name="WordPress"):
    """Make an Akismet key and return it."""
    wanted = WantedKey(name, ApiKeyKind.AKISMET, [], None)
    with app.app_context():
        return make_key(app.extensions[HOUSE], (site or site_of(app)).id, None, wanted).shown


@contextlib.contextmanager
def serving(folder, host):
    """A live service that answers Akismet's clients under a name too; yields it and a key."""
    service = Service(folder, akismet_burst=1_000_000)
    service.environment["GATEPOST_AKISMET_HOST"] = f"{host}:{service.port}"
    app = create_app(service.settings())
    key = akismet_key(app, found_demo_site(app))
    with app.app_context():
        db.engine.dispose()
    with service:
        yield service, key


class Caller:
    """A program with a key that speaks Akismet's wire."""

    def __init__(self, client, key):
        self.client = client
        self.key = key

    def call(self, door, headers=None, **fields):
        """Post to a door with a comment of Ana's; what is None is left out."""
        sent = {
            "api_key": self.key,
            "blog": ORIGIN,
            "user_ip": "203.0.113.9",
            "comment_type": "comment",
            "comment_author": "Ana",
            "comment_content": HONEST,
            **fields,
        }
        sent = {name: value for name, value in sent.items() if value is not None}
        return self.client.post(door, data=sent, headers=headers)

    def check(self, headers=None, **fields):
        return self.call("/1.1/comment-check", headers, **fields)

    def spam(self, **fields):
        return self.call("/1.1/submit-spam", **fields)

    def ham(self, **fields):
        return self.call("/1.1/submit-ham", **fields)

    def raw(self, fields, charset="", kind=FORM):
        """Post bytes that are in some charset, a field as often as it is named."""
        pairs = [("api_key", self.key.encode()), ("blog", ORIGIN.encode()), *fields]
        body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in pairs)
        kind = f"{kind}; charset={charset}" if charset else kind
        return self.client.post("/1.1/comment-check", data=body, content_type=kind)


def sites_of_key(caller, **query):
    """Return what key-sites tells as JSON."""
    return caller.client.get("/1.2/key-sites", query_string={"api_key": caller.key, **query}).json
