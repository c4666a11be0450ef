"""The page of a site's model, its pages, and the rehearsal of a rule: through the doors."""

import pytest
import sqlalchemy as sa

from models import Comment, Example, ModelState, Role, Site, SiteModel, Status, Thread
from service import learning
from service.db import db, transaction
from service.moderate import Actor, decide
from service.web.context import HOUSE
from tests.building import make_moderator, rows
from tests.conftest import visitor
from tests.service.test_learning import fit, learn, teach
from tests.service.test_submit import take
from tests.spamming import HONEST, SELLING
from tests.web.desk import site_of
from tests.web.staff import hire, sign_in, submit_form

MODEL = "/sites/blog/model"


@pytest.fixture
def owner(app):
    """An owner of the site `blog`, signed in."""
    hire(app, site_of(app), "Olga", Role.OWNER)
    client = visitor(app)
    sign_in(client, "Olga")
    return client


def someone(app, name, role):
    hire(app, site_of(app), name, role)
    client = visitor(app)
    sign_in(client, name)
    return client


@pytest.fixture
def taught(app):
    """The application after six verdicts of each kind by Ana, learned and fitted."""
    teach(app, Actor(make_moderator(app, "Ana", operator=False), [1]))
    assert fit(app)
    return app


def policy(app):
    with app.app_context():
        return db.session.get(Site, 1, populate_existing=True).policy


def test_before_anything_is_learned_the_page_says_so(owner):
    page = owner.get(MODEL).text
    assert "own begins with three approved comments" in page
    assert "No comment of that kind was checked yet." in page


def test_the_page_tells_what_judges_and_on_which_verdicts_it_rests(taught, owner):
    page = owner.get(MODEL).text
    assert "learned from 6 approved comments and 6 called spam" in page
    assert "Frozen comments" in page
    assert "<bdi>Ana</bdi>: 6 approved, 6 called spam" in page


def test_a_refused_candidate_is_shown_with_its_reasons_escaped(taught, owner):
    with taught.app_context(), transaction() as session:
        session.add(
            SiteModel(
                site_id=1,
                state=ModelState.REFUSED,
                base="b",
                feature_version="v",
                ham=3,
                spam=4,
                report={
                    "accepted": False,
                    "reasons": ["4 % of <b>honest</b> ones look like spam."],
                },
                made_at=taught.extensions[HOUSE].now(),
            )
        )
    page = owner.get(MODEL).text
    assert "refused by the gate" in page
    assert "4 % of &lt;b&gt;honest&lt;/b&gt; ones look like spam." in page


def test_a_tampered_model_is_named_on_the_page_and_offers_no_way_back(taught, owner):
    with taught.app_context(), transaction() as session:
        model = session.scalars(sa.select(SiteModel)).one()
        model.content = model.content[:-1] + b"x"
        model.state = ModelState.KEPT
    page = owner.get(MODEL).text
    assert "Its stored weights are refused: it was not written by this service." in page
    assert "Use this one again" not in page


def test_an_owner_goes_back_to_the_base_model_and_to_a_kept_one(taught, owner):
    assert submit_form(owner, MODEL, action="base").status_code == 303
    assert rows(taught, SiteModel)[0].state is ModelState.KEPT
    assert not policy(taught).learn
    page = owner.get(MODEL).text
    assert "Learning is paused" in page

    number = rows(taught, SiteModel)[0].id
    assert submit_form(owner, MODEL, action="use", model=number).status_code == 303
    assert rows(taught, SiteModel)[0].state is ModelState.ACTIVE
    assert submit_form(owner, MODEL, action="resume").status_code == 303
    assert policy(taught).learn


def test_an_owner_withdraws_what_a_moderator_taught_and_takes_that_back(taught, owner):
    ana = rows(taught, SiteModel)[0] and next(
        one.moderator_id for one in _examples(taught) if one.moderator_id
    )
    submit_form(owner, f"{MODEL}/labels", action="withdraw", moderator=ana)
    assert _examples(taught) == []
    assert "earlier verdicts are withdrawn" in owner.get(MODEL).text
    submit_form(owner, f"{MODEL}/labels", action="restore", moderator=ana)
    learn(taught)
    assert len(_examples(taught)) == 12


def _examples(app):
    with app.app_context():
        return list(db.session.scalars(sa.select(Example)))


def test_learning_again_takes_every_verdict_once_more(taught, owner):
    submit_form(owner, MODEL, action="relearn")
    assert _examples(taught) == []
    with taught.app_context():
        assert learning.learn(taught.extensions[HOUSE]) == 12


@pytest.mark.parametrize("path", [MODEL, f"{MODEL}/labels"])
def test_a_form_that_asks_for_nothing_known_is_refused(owner, path):
    assert submit_form(owner, path, action="explode").status_code == 400
    assert submit_form(owner, path, action="use", model="x").status_code == 400


def test_a_moderator_looks_and_does_not_act(taught):
    ben = someone(taught, "Ben", Role.MODERATOR)
    page = ben.get(MODEL)
    assert page.status_code == 200
    assert "Use the base model alone" not in page.text
    assert submit_form(ben, MODEL, action="base").status_code == 403
    assert submit_form(ben, f"{MODEL}/labels", action="withdraw", moderator=1).status_code == 403
    assert ben.get("/sites/blog/pages").status_code == 403


def test_a_viewer_and_a_stranger_see_nothing_of_it(app):
    assert someone(app, "Vera", Role.VIEWER).get(MODEL).status_code == 403
    assert visitor(app).get(MODEL).status_code == 303


def test_the_card_of_the_base_model_can_be_read(owner):
    page = owner.get(f"{MODEL}/card")
    assert page.status_code == 200
    assert "What it cannot do" in page.text
    assert "<table>" in page.text


def decided(app, number=4):
    """Comments decided by a person, with the scores they got."""
    actor = Actor(make_moderator(app, "Ana", operator=False), [1])
    for place in range(number):
        for text, status in ((HONEST[place], Status.APPROVED), (SELLING[place], Status.SPAM)):
            public_id = take(app, text=text, name=f"R{place}{status.value}").public_id
            with app.app_context():
                decide(app.extensions[HOUSE], actor, public_id, status)


SETTINGS = {"name": "Blog", "origins": "https://blog.example.org", "require_name": "1"}


def test_a_threshold_is_rehearsed_before_it_is_saved(app, owner):
    decided(app)
    with app.app_context(), transaction() as session:
        session.execute(
            sa.update(Comment).where(Comment.text == HONEST[1]).values(probability=0.97)
        )
        session.execute(
            sa.update(Comment).where(Comment.status == Status.SPAM).values(probability=0.99)
        )
    answer = submit_form(owner, "/sites/blog", **SETTINGS, spam_tray_at="0.6")
    assert answer.status_code == 200
    assert "<strong>4 of 4</strong> spam comments" in answer.text
    assert "<strong>1 of 4</strong> honest comments" in answer.text
    assert "I grew up two hours from that river" in answer.text
    assert policy(app).spam_tray_at is None

    saved = submit_form(owner, "/sites/blog", **SETTINGS, spam_tray_at="0.6", rehearsed="0.6")
    assert saved.status_code == 303
    assert policy(app).spam_tray_at == 0.6


def test_what_was_typed_is_kept_through_the_rehearsal(app, owner):
    answer = submit_form(
        owner, "/sites/blog", **{**SETTINGS, "name": 'A "new" name'}, spam_tray_at="0.9"
    )
    assert "Nobody has decided about a comment of this site yet" in answer.text
    assert 'name="name" value="A &#34;new&#34; name"' in answer.text
    assert 'name="require_name" value="1"' in answer.text


def test_a_rehearsal_of_one_threshold_is_none_of_another(app, owner):
    answer = submit_form(owner, "/sites/blog", **SETTINGS, spam_tray_at="0.5", rehearsed="0.99")
    assert answer.status_code == 200
    assert policy(app).spam_tray_at is None


def test_a_mistake_comes_before_the_rehearsal(app, owner):
    answer = submit_form(owner, "/sites/blog", **SETTINGS, spam_tray_at="7")
    assert answer.status_code == 422
    assert "between 0 and 1" in answer.text


def test_switching_the_tray_off_needs_no_rehearsal(app, owner):
    submit_form(owner, "/sites/blog", **SETTINGS, spam_tray_at="0.9", rehearsed="0.9")
    assert submit_form(owner, "/sites/blog", **SETTINGS, spam_tray_at="").status_code == 303
    assert policy(app).spam_tray_at is None


def test_an_owner_tells_what_a_page_is_about(app, owner):
    take(app, title="A <i>reader's</i> title")
    page = owner.get("/sites/blog/pages").text
    assert "A &lt;i&gt;reader&#39;s&lt;/i&gt; title" in page
    answer = submit_form(
        owner, "/sites/blog/pages", page="/amazon", title="Coca", text="How cocaine is made"
    )
    assert answer.status_code == 303
    thread = rows(app, Thread)[0]
    assert (thread.title, thread.page_text, thread.registered) == (
        "Coca",
        "How cocaine is made",
        True,
    )
    again = owner.get("/sites/blog/pages?page=/amazon").text
    assert "How cocaine is made</textarea>" in again


def test_a_page_of_another_site_is_refused_with_everything_still_there(app, owner):
    answer = submit_form(
        owner, "/sites/blog/pages", page="https://other.example/x", title="T", text="kept words"
    )
    assert answer.status_code == 422
    assert "kept words" in answer.text


def test_the_score_of_a_blind_comment_shows_once_somebody_decided(make_app, sqlite_url):
    app = make_app(sqlite_url, blind_sample=1.0)
    client = someone(app, "Ben", Role.MODERATOR)
    public_id = take(app, text=SELLING[0]).public_id
    for path in ("/queue", f"/queue/{public_id}"):
        page = client.get(path).text
        assert "Score hidden until you decide" in page
        assert "What the score is made of" not in page
        assert "band-spam" not in page
    actor = Actor(make_moderator(app, "Ana", operator=False), [1])
    with app.app_context():
        decide(app.extensions[HOUSE], actor, public_id, Status.SPAM)
    page = client.get(f"/queue/{public_id}").text
    assert "What the score is made of" in page
    owner = someone(app, "Olga", Role.OWNER)
    assert (
        "<strong>0 of 1</strong> comments that the score would have filed" in owner.get(MODEL).text
    )


def test_a_card_tells_what_was_folded_and_how_it_was_read(app):
    client = someone(app, "Ben", Role.MODERATOR)
    public_id = take(app, text="Buy v\u200biagra here, \u0441heap and fast, friend").public_id
    page = client.get(f"/queue/{public_id}").text
    assert "invisible characters inside words taken out: 1" in page
    assert "look-alike letters of another alphabet exchanged: 1" in page
    assert "buy viagra here, cheap and fast, friend" in page


def test_the_reasons_on_a_card_add_up_to_its_sum(app):
    client = someone(app, "Ben", Role.MODERATOR)
    public_id = take(app, text=SELLING[1]).public_id
    comment = rows(app, Comment)[0]
    total = sum(reason["weight"] for reason in comment.reasons)
    assert f"{total:+.1f}</td><td>altogether" in client.get(f"/queue/{public_id}").text
