"""Two moderators who decide the same comments at once, and the other way round."""

import threading

from models import Comment, Decision, Event, Status
from service.comments.moderate import Actor, decide
from service.errors import StaleError
from service.web.context import HOUSE
from tests.building import rows


def decide_opposite(app, site, moderators, public_ids):
    """Let both decide every comment at once; return who won each, and what the others were told.

    Args:
        moderators: number of the one who approves, and of the one who calls all of it spam.
    """
    house = app.extensions[HOUSE]
    start = threading.Barrier(2)
    won, refused, failed = {}, {}, []

    def work(moderator_id, new):
        actor = Actor(moderator_id, [site.id])
        for public_id in public_ids:
            start.wait(60)
            with app.app_context():
                try:
                    decide(house, actor, public_id, new, version=1)
                    won.setdefault(public_id, []).append(new)
                except StaleError as error:
                    refused[public_id] = error.message
                except Exception as error:  # noqa: BLE001 - told to the test, which runs elsewhere
                    failed.append(repr(error))

    threads = [
        threading.Thread(target=work, args=pair)
        for pair in zip(moderators, (Status.APPROVED, Status.SPAM), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    return won, refused


def assert_one_winner_each(app, public_ids, won, refused):
    """One decision, one event and one winner for each, whom the other was told."""
    comments = {one.public_id: one for one in rows(app, Comment)}
    decisions, events = {}, {}
    for one in rows(app, Decision):
        decisions.setdefault(one.comment_id, []).append(one)
    for one in rows(app, Event, Event.decision_id.is_not(None)):
        events.setdefault(one.comment_id, []).append(one)
    names = {Status.APPROVED: "Moved to approved by Ana", Status.SPAM: "Moved to spam by Bob"}
    for public_id in public_ids:
        [winner] = won[public_id]
        comment = comments[public_id]
        [decision] = decisions[comment.id]
        [event] = events[comment.id]
        assert (comment.status, decision.after, event.decision_id) == (winner, winner, decision.id)
        assert refused[public_id].startswith(names[winner])
