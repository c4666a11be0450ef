"""A request sent again: its effect happens once, and its answer is the first one's."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from models import ApiKeyKind, KeptAnswer, RateBucket, Scope
from service import privacy
from service.db import db, transaction
from service.errors import ForbiddenError, InvalidError, RunningError
from service.housekeeping import tidy
from service.programs.api_keys import WantedKey, make_key
from service.programs.repeats import Repeatable, once
from service.web.context import HOUSE
from tests.databases import kind_of
from tests.web.desk import site_of

ANSWER = {"content": {"said": "The river rose."}, "status": 200}


@pytest.fixture
def request_of(app_on_both):
    """Make requests of one key, by name and by what they ask."""
    app = app_on_both
    with app.app_context():
        wanted = WantedKey("Build server", ApiKeyKind.API, [Scope.MODERATE], None)
        number = make_key(app.extensions[HOUSE], site_of(app).id, None, wanted).row.id
    return lambda name="one", asked=b"POST /": Repeatable(number, name, asked)


def effects(app):
    with app.app_context():
        return db.session().scalar(sa.select(sa.func.count()).select_from(RateBucket))


def leave_a_mark(house):
    """A deed with an effect of its own, in a transaction of its own."""
    with transaction() as session:
        session.add(RateBucket(network=house.token(16).encode(), tokens=1, filled_at=house.now()))
    house.wake()
    return ANSWER


def test_once_is_enough(app_on_both, request_of):
    woken = []
    with app_on_both.app_context():
        house = replace(
            app_on_both.extensions[HOUSE], wake=lambda: woken.append(effects(app_on_both))
        )
        answers = [once(house, request_of(), leave_a_mark) for _ in range(3)]
        other = once(house, request_of("two"), leave_a_mark)

    assert [*answers, other] == [ANSWER] * 4
    assert woken == [1, 2], "whoever is woken finds the effect stored"


def test_the_answer_is_sealed_by_a_word_that_is_stored_nowhere(app_on_both, request_of):
    with app_on_both.app_context():
        once(app_on_both.extensions[HOUSE], request_of("a word of mine"), leave_a_mark)
        [row] = db.session().scalars(sa.select(KeptAnswer))
        kept = b"".join(value for value in vars(row).values() if isinstance(value, bytes))

    assert b"river" not in kept
    assert b"a word of mine" not in kept


def test_another_request_under_the_same_name_is_refused(app_on_both, request_of):
    with app_on_both.app_context():
        house = app_on_both.extensions[HOUSE]
        once(house, request_of(), leave_a_mark)
        with pytest.raises(InvalidError) as refused:
            once(house, request_of(asked=b"POST /other"), leave_a_mark)

    assert list(refused.value.errors) == ["Idempotency-Key"]
    assert effects(app_on_both) == 1


def test_a_refusal_undoes_everything_and_leaves_the_name_free(app_on_both, request_of):
    def refuse(house):
        leave_a_mark(house)
        raise ForbiddenError("No.")

    with app_on_both.app_context():
        house = app_on_both.extensions[HOUSE]
        with pytest.raises(ForbiddenError):
            once(house, request_of(), refuse)
        assert effects(app_on_both) == 0
        assert once(house, request_of(), leave_a_mark) == ANSWER


def test_while_the_first_try_runs_the_second_is_told_to_wait(app_on_both, request_of):
    def twice(house):
        with pytest.raises(RunningError) as refused:
            once(house, request_of(), leave_a_mark)
        assert refused.value.retry_after == 1
        return leave_a_mark(house)

    with app_on_both.app_context():
        assert once(app_on_both.extensions[HOUSE], request_of(), twice) == ANSWER
    assert effects(app_on_both) == 1


def test_a_try_that_runs_in_another_process_counts_too(app_on_both, request_of, database_url):
    if kind_of(database_url) == "sqlite":
        return  # one writer at a time: there the second waits and finds the first one's answer
    with app_on_both.app_context():
        house = app_on_both.extensions[HOUSE]
        request = request_of()
        mine = f"repeat|{request.api_key_id}|{request.name}".encode()
        number = int.from_bytes(privacy.fingerprint(mine, house.ring)[:8], "big", signed=True)
        with db.engine.connect() as other:
            other.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))
            with pytest.raises(RunningError):
                once(house, request, leave_a_mark)
        assert once(house, request, leave_a_mark) == ANSWER


def test_after_its_hours_a_name_is_free_and_the_answer_gone(app_on_both, request_of, clock):
    with app_on_both.app_context():
        house = app_on_both.extensions[HOUSE]
        once(house, request_of(), leave_a_mark)
        clock.move(hours=house.settings.idempotency_hours)
        assert once(house, request_of(asked=b"POST /other"), leave_a_mark) == ANSWER
        clock.move(hours=house.settings.idempotency_hours, seconds=1)
        tidy(house)
        assert list(db.session().scalars(sa.select(KeptAnswer))) == []
