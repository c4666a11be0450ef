"""What tests of a site under attack share: alarms raised, tickets got, work done."""

import base64
import json
from hashlib import sha256

from service.db import transaction
from service.intake.alarm import Alarm, count_in
from service.privacy import fingerprint
from service.queries.limits import bucket_for_change
from service.web.context import HOUSE
from tests.building import ORIGIN

TICKET = "/s/blog/ticket"
PACE = {"site_burst": 20, "site_per_minute": 1, "slow_per_minute": 2, "work": 200}
"""Settings under which few comments raise an alarm, which then lasts; one turn takes 30 s."""
COMMENTS_TO = {Alarm.CALM: 0, Alarm.SLOW: 10, Alarm.WORK: 25}


def raise_alarm(app, level):
    """Raise the first site's alarm, as comments do that were taken."""
    count(app, COMMENTS_TO[level])


def count(app, comments):
    """Count so many comments in on the first site."""
    with app.app_context():
        for _ in range(comments):
            with transaction() as session:
                count_in(session, app.extensions[HOUSE], 1)


def take_all_turns(app):
    """Let others take all turns that the site's slow lane has now."""
    house = app.extensions[HOUSE]
    with app.app_context(), transaction() as session:
        lane = bucket_for_change(session, lane_of(house), full=0.0, now=house.now())
        lane.tokens, lane.filled_at = 0.0, house.now()


def lane_of(house):
    """The key of the first site's slow lane."""
    return fingerprint(b"slow|1", house.ring)[:16]


def get_ticket(client, page="/amazon", **query):
    """A page's ticket and challenge, as its script gets them."""
    answer = client.get(TICKET, query_string={"page": page, **query}, headers={"Origin": ORIGIN})
    assert answer.status_code == 200
    return answer.json["ticket"], answer.json["challenge"]


def solve(challenge):
    """The number a challenge asks for, by trying all."""
    return next(
        number
        for number in range(challenge["maxnumber"] + 1)
        if sha256(f"{challenge['salt']}{number}".encode()).hexdigest() == challenge["challenge"]
    )


def proof_of(challenge, /, **changes):
    """A challenge's solution as ALTCHA's widget sends it, with some parts changed."""
    told = {
        "algorithm": challenge["algorithm"],
        "challenge": challenge["challenge"],
        "number": solve(challenge),
        "salt": challenge["salt"],
        "signature": challenge["signature"],
    }
    return encoded({**told, **changes})


def encoded(told):
    """A value as the field `altcha` carries it."""
    return base64.b64encode(json.dumps(told).encode()).decode()
