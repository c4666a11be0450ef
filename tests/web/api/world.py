"""A site with something of everything, for programs that try the whole API."""

from models import Status
from tests.building import COMMENT, ORIGIN
from tests.conftest import visitor
from tests.web.api.dispatch import deliver, release
from tests.web.api.programs import Program
from tests.web.desk import move_to, send_json, site_of

SINCE = "2026-11-23T00:00:00Z"
PATIENT = {"api_burst": 1_000_000, "api_per_minute": 100_000}
"""Settings under which no key is too fast."""


class World:
    """Threads, comments, endpoints, deliveries and a replay, with a key that may do everything.

    Args:
        app: made with `PATIENT`.
        clock: of the application.
    """

    def __init__(self, app, clock):
        self.app, self.clock = app, clock
        self.program = Program(app)
        browser = visitor(app)
        self.comments = [
            send_json(browser, comment=f"Number {one}.", page=f"/page-{one % 3}").json["id"]
            for one in range(6)
        ]
        self.endpoints = [self._endpoint(number) for number in range(3)]
        move_to(app, site_of(app), self.comments[0], Status.APPROVED)
        release(app, clock)
        deliver(app)
        self.threads = [one["id"] for one in self.program.get("/threads").json["items"]]
        alias = {"alias": f"{ORIGIN}/elsewhere"}
        told = self.program.post(f"/threads/{self.threads[0]}/aliases", alias).json
        self.alias = told["aliases"][0]["id"]
        log = self.program.get(f"/endpoints/{self.endpoints[0]}/deliveries").json["items"]
        replays = f"/endpoints/{self.endpoints[0]}/replays"
        self.replay = self.program.post(replays, {"since": SINCE, "only": "all"}).json["id"]
        self.places = {
            "id": self.comments,
            "thread": self.threads,
            "alias": [self.alias],
            "endpoint": self.endpoints,
            "delivery": [one["id"] for one in log],
            "replay": [self.replay],
            "site": ["blog"],
            "candidate": ["1"],
        }
        """What may stand in a path, by the place's name."""
        self.fields = {
            "page": ["/page-0", f"{ORIGIN}/page-1", "/new"],
            "into": ["/page-2"],
            "alias": [f"{ORIGIN}/other-{number}" for number in range(9)],
            "url": ["https://hooks.example.org/in"],
            "types": [[], ["comment.approved"]],
            "kind": ["webhook", "build"],
            "origins": [[ORIGIN]],
            "comment": [*self.comments, COMMENT["comment"]],
            "address": [COMMENT["email"], "nobody@example.org"],
            "email": [COMMENT["email"]],
            "author": [COMMENT["author"]],
            "text": [COMMENT["comment"]],
            "since": [SINCE],
            "until": ["2030-01-01T00:00:00+01:00"],
            "only": ["all", "failed"],
            "version": [1, 2, 3],
            "decision": [1],
            "comments": [[{"id": one, "version": 1} for one in self.comments[:3]]],
            "candidate": [None],
        }
        """What may stand in a body, by the field's name."""

    def _endpoint(self, number):
        url = f"https://hooks.example.org/{number}"
        return self.program.post("/endpoints", {"url": url}).json["id"]
