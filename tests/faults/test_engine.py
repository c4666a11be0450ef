"""The engine's faults in a small size; in full: python -m tests.checks.faults"""

import pytest

from tests.faults import cases, growth
from tests.faults.ground import ground_on


@pytest.fixture
def ground(database_url, tmp_path):
    with ground_on(database_url, tmp_path, delivery_deadline=1.5, delivery_lease=3.0) as made:
        yield made


def test_what_was_rolled_back_is_never_sent(ground):
    cases.rollback(ground, times=20)


def test_a_worker_killed_in_the_middle_loses_nothing(ground):
    cases.kill_storm(ground, number=100, kills=1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_stopped_worker_s_turn_is_taken_over_and_given_back(ground):
    cases.zombie(ground)


def test_a_dead_endpoint_s_backlog_does_not_delay_the_good_ones(ground):
    cases.dead_endpoint(ground, dead=1000, good=100, most=1000)


def test_what_is_long_over_is_let_go_beside_a_busy_dispatcher(ground):
    growth.growth(ground, attempts=3000, purges=3, most=2000)
