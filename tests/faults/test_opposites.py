"""Two moderators with opposite verdicts at once: one wins, the other is told who."""

from models import Comment
from tests.bench.crowd import crowd
from tests.building import rows
from tests.opposites import assert_one_winner_each, decide_opposite
from tests.web.desk import site_of
from tests.web.moderator.test_queue_lists import assert_counts_are_true
from tests.web.staff import hire

NUMBER = 120  # `python -m tests.checks.queue` does it with 1,000


def test_of_two_opposite_verdicts_one_wins_and_the_other_sees_who(app_on_both):
    site = site_of(app_on_both)
    crowd(app_on_both, site, NUMBER, waiting=NUMBER)
    moderators = [hire(app_on_both, site, name) for name in ("Ana", "Bob")]
    ids = [one.public_id for one in rows(app_on_both, Comment)]

    won, refused = decide_opposite(app_on_both, site, moderators, ids)

    assert_one_winner_each(app_on_both, ids, won, refused)
    assert_counts_are_true(app_on_both)
