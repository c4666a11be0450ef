"""The real service learns beside serving, and a kill in the middle of that loses no verdict."""

import time

import pytest
import sqlalchemy as sa

from models import Example, Job, Lesson, ModelState, SiteModel, Status
from models.spam.site.fitting import FEWEST
from service.app import create_app
from service.comments.moderate import Actor, decide
from service.db import db
from service.web.context import HOUSE
from tests.building import COMMENT, ORIGIN, found_demo_site, make_moderator
from tests.databases import closing_all
from tests.serving import Service, pause
from tests.spamming import HONEST, SELLING

PATIENCE = 60.0  # seconds
LEASE = 8  # seconds; a killed fit is begun anew after that
OF_EACH = 6


def judge(service, app, actor, place, text, status):
    """Send a comment through the service and decide about it."""
    body = {**COMMENT, "comment": text, "author": f"Reader {place}", "page": f"/{place}"}
    number, answer = service.post_json("/s/blog/comments", body, {"Origin": ORIGIN})
    assert number == 202, answer
    with app.app_context():
        decide(app.extensions[HOUSE], actor, answer["id"], status)


def until(app, number, question):
    """Ask the database until a count is what it should be."""
    end = time.monotonic() + PATIENCE
    while (found := count(app, question)) != number:
        assert time.monotonic() < end, f"{found} instead of {number}"
        pause(0.02)


def count(app, question):
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(question.subquery()))


@pytest.mark.parametrize("killed", [False, True], ids=["undisturbed", "killed"])
def test_the_service_learns_from_verdicts_while_it_serves(tmp_path, killed):
    service = Service(tmp_path, fit_lease=LEASE, blind_sample=0)
    app = create_app(service.settings())
    with closing_all(app):
        found_demo_site(app)
        actor = Actor(make_moderator(app, "Ana"), [1])
        with service:
            for place in range(OF_EACH):
                judge(service, app, actor, place, HONEST[place], Status.APPROVED)
                judge(service, app, actor, place + 10, SELLING[place], Status.SPAM)
                if killed and place + 1 == FEWEST:
                    until(app, 1, sa.select(Job).where(Job.token != ""))
                    service.kill()
                    service.start()
            until(app, 1, sa.select(SiteModel).where(SiteModel.state == ModelState.ACTIVE))
            until(app, 0, sa.select(Lesson))
        learned = SiteModel.ham + SiteModel.spam
        assert count(app, sa.select(Example)) == 2 * OF_EACH
        assert count(app, sa.select(SiteModel).where(learned == 2 * OF_EACH)) or count(
            app, sa.select(Job).where(Job.due_at.is_not(None))
        ), "what came after the model was fitted is not forgotten"
