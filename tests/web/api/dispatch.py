"""What the dispatcher does, at the moment a test says, without its thread."""

from service.http.guarded import Answer
from service.out import outbox
from service.out.outbox import Result
from service.web.context import HOUSE

TAKEN = Result(Answer(200, {}, "ok", 5, "127.0.0.1"))


def release(app, clock):
    """Let every event leave whose hold is over by then."""
    clock.move(seconds=30)
    with app.app_context():
        while outbox.release(app.extensions[HOUSE]):
            pass


def deliver(app, result=TAKEN):
    """Attempt what is due, with that result; returns how many that were."""
    with app.app_context():
        house = app.extensions[HOUSE]
        claimed = outbox.claim(house, 50)
        for one in claimed:
            assert outbox.mark(house, one, result)
        return len(claimed)
