"""The page of a site's model, its pages, and the rehearsal of a rule: through the doors."""

import math

import pytest
import sqlalchemy as sa

from models import (
    Comment,
    Example,
    Membership,
    ModelState,
    Moderator,
    Role,
    Site,
    SiteModel,
    Status,
    Thread,
)
from service.comments.moderate import Actor, decide
from service.db import db, transaction
from service.learning import lessons
from service.rules import rehearsal
from service.web.context import HOUSE
from tests.building import found_demo_site, make_moderator, rows
from tests.conftest import visitor
from tests.service.comments.test_submit import take
from tests.service.learning.test_lessons import fit, learn, teach
from tests.spamming import HONEST, SELLING
from tests.web.desk import elements, site_of
from tests.web.staff import hire, sign_in, submit_form

MODEL = "/sites/blog/model"
BEFORE, AFTER = ("Settings", "Model", "Rules", "Pages"), ("Statistics", "Queue")


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


def copy_of_the_model(app, **changes):
    """One more model like the one that was fitted, newer than it."""
    with app.app_context(), transaction() as session:
        model = session.scalars(sa.select(SiteModel).order_by(SiteModel.id)).first()
        columns = ("site_id", "base", "feature_version", "ham", "spam", "content", "mac", "made_at")
        values = {name: getattr(model, name) for name in (*columns, "report", "activated_at")}
        session.add(SiteModel(**{"state": ModelState.KEPT, **values, **changes}))


def chips(page):
    return [text for at, text in elements(page, "span") if "chip" in at.get("class", "")]


def test_where_the_active_model_is_damaged_the_page_names_the_one_that_judges(taught, owner):
    with taught.app_context(), transaction() as session:
        session.scalars(sa.select(SiteModel)).one().state = ModelState.KEPT
    copy_of_the_model(taught, state=ModelState.ACTIVE, mac=b"x" * 32, ham=99)
    page = owner.get(MODEL).text
    assert "learned from 6 approved comments and 6 called spam" in page
    assert "because the one that should be in use is damaged" in page
    assert chips(page) == ["damaged", "in use"]


def test_a_model_that_judges_is_named_however_many_were_refused_since(taught, owner):
    for _ in range(45):
        copy_of_the_model(taught, state=ModelState.REFUSED, content=None, mac=None)
    page = owner.get(MODEL).text
    assert "learned from 6 approved comments and 6 called spam" in page
    assert chips(page)[-1] == "in use"


def test_the_page_says_why_the_base_model_judges_alone(taught, owner):
    with taught.app_context(), transaction() as session:
        session.scalars(sa.select(SiteModel)).one().mac = b"x" * 32
    assert "own model is refused: it was not written" in owner.get(MODEL).text

    submit_form(owner, MODEL, action="base")
    assert "own takes over" in owner.get(MODEL).text
    submit_form(owner, MODEL, action="resume")
    assert "own is fitted soon" in owner.get(MODEL).text
    copy_of_the_model(taught, state=ModelState.REFUSED, content=None, mac=None)
    assert "The newest candidate did not pass the gate" in owner.get(MODEL).text


@pytest.mark.parametrize("path", ["model", "model/card", "pages"])
def test_the_pages_of_somebody_elses_site_are_not_there(app, owner, path):
    found_demo_site(app, slug="other", origins=["https://other.example.org"])
    assert owner.get(f"/sites/other/{path}").status_code == 404


@pytest.mark.parametrize("path", ["model", "model/labels"])
def test_nobody_acts_on_a_model_of_somebody_elses_site(app, owner, path):
    found_demo_site(app, slug="other", origins=["https://other.example.org"])
    for action in ("base", "pause", "relearn", "withdraw"):
        answer = submit_form(owner, f"/sites/other/{path}", action=action, moderator=1)
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.OWNER, [*BEFORE, "Check", "Webhooks", "Keys", "Team", "Audit", *AFTER]),
        (Role.MODERATOR, [*BEFORE, "Team", *AFTER]),
        (Role.VIEWER, ["Settings", "Team", *AFTER]),
    ],
)
def test_every_tab_leads_to_a_page_that_opens(app, role, seen):
    client = someone(app, "Tim", role)
    page = client.get("/sites/blog").text.split('<nav class="tabs"')[1].split("</nav>")[0]
    found = elements(page, "a")
    assert [text for _, text in found] == seen
    assert {client.get(at["href"]).status_code for at, _ in found} == {200}


def test_a_moderator_who_left_is_still_named_and_can_be_withdrawn(taught, owner):
    with taught.app_context():
        ana = db.session.scalars(sa.select(Moderator).where(Moderator.name == "Ana")).one().id
        assert db.session.get(Membership, (ana, 1)) is None
    page = owner.get(MODEL).text
    assert 'aria-label="Withdraw what Ana taught"' in page
    submit_form(owner, f"{MODEL}/labels", action="withdraw", moderator=ana)
    assert rows(taught, SiteModel)[0].content is None


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
        assert lessons.learn(taught.extensions[HOUSE]) == 12


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
    assert ben.get("/sites/blog/pages").status_code == 200
    typed = {"page": "/amazon", "title": "Mine", "text": ""}
    assert submit_form(ben, "/sites/blog/pages", **typed).status_code == 403


def test_a_viewer_and_a_stranger_see_nothing_of_it(app):
    vera = someone(app, "Vera", Role.VIEWER)
    assert {vera.get(path).status_code for path in (MODEL, "/sites/blog/pages")} == {403}
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


def test_one_can_go_back_from_the_rehearsal_with_everything_typed(app, owner):
    typed = {"name": 'A "new" name', "origins": SETTINGS["origins"], "return_to_page": "1"}
    rehearsal = submit_form(owner, "/sites/blog", **typed, spam_tray_at="0.9")
    kept = {
        at["name"]: at["value"]
        for at, _ in elements(rehearsal.text, "input")
        if at["name"] != "csrf"
    }
    page = submit_form(owner, "/sites/blog", **kept, back="1").text
    fields = {at["name"]: at for at, _ in elements(page, "input")}
    assert fields["name"]["value"] == 'A "new" name'
    assert fields["spam_tray_at"]["value"] == "0.9"
    assert "checked" in fields["return_to_page"]
    assert "checked" not in fields["require_name"]
    assert (policy(app).spam_tray_at, site_of(app).name) == (None, "Blog")


def test_a_rehearsal_says_how_many_stay_in_the_queue_by_chance(make_app, sqlite_url):
    app = make_app(sqlite_url, blind_sample=0.035)
    owner = someone(app, "Olga", Role.OWNER)
    answer = submit_form(owner, "/sites/blog", **SETTINGS, spam_tray_at="0.6")
    assert "3.5 % of all comments, drawn at random, wait in the queue" in answer.text


def test_without_a_sample_a_rehearsal_speaks_of_none(app, owner):
    answer = submit_form(owner, "/sites/blog", **SETTINGS, spam_tray_at="0.6")
    assert "drawn at random" not in answer.text


@pytest.mark.parametrize(("enough", "warned"), [(8, False), (9, True)], ids=["eight", "nine"])
def test_a_rehearsal_on_few_comments_says_that_it_tells_little(
    app, owner, monkeypatch, enough, warned
):
    monkeypatch.setattr(rehearsal, "FEW", enough)
    decided(app, number=4)
    answer = submit_form(owner, "/sites/blog", **SETTINGS, spam_tray_at="0.9")
    assert ("So few comments say little" in answer.text) is warned


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


def test_a_sample_without_a_mistake_tells_how_many_there_may_be(make_app, sqlite_url):
    app = make_app(sqlite_url, blind_sample=1.0)
    owner = someone(app, "Olga", Role.OWNER)
    decided(app, 6)
    with app.app_context(), transaction() as session:
        session.execute(
            sa.update(Comment).values(
                probability=sa.case((Comment.status == Status.SPAM, 0.99), else_=0.01)
            )
        )
    page = owner.get(MODEL).text
    assert "<strong>0 of 6</strong> comments that the score would have filed" in page
    # Wilson's upper end for none of six: z² / (n + z²).
    assert page.count("with 95 % confidence at most 39.0 %") == 2


def test_a_card_tells_what_was_folded_and_how_it_was_read(app):
    client = someone(app, "Ben", Role.MODERATOR)
    public_id = take(app, text="Buy v\u200biagra here, \u0441heap and fast, friend").public_id
    page = client.get(f"/queue/{public_id}").text
    assert "invisible characters inside words taken out: 1" in page
    assert "look-alike letters of another alphabet exchanged: 1" in page
    assert "buy viagra here, cheap and fast, friend" in page


def shown_weights(page):
    found = elements(page, "td")
    return [round(10 * float(text)) for at, text in found if at.get("class") == "weight"]


def test_the_reasons_on_a_card_add_up_to_its_sum_as_they_stand_there(app):
    client = someone(app, "Ben", Role.MODERATOR)
    for text in (*HONEST, *SELLING):
        public_id = take(app, text=text).public_id
        *weights, total = shown_weights(client.get(f"/queue/{public_id}").text)
        comment = rows(app, Comment, Comment.public_id == public_id)[0]
        exact = [reason["weight"] for reason in comment.reasons]
        assert sum(weights) == total == round(10 * sum(exact))
        assert all(
            abs(tenth - 10 * weight) < 1 for tenth, weight in zip(weights, exact, strict=True)
        )
        assert 1 / (1 + math.exp(-sum(exact))) == pytest.approx(comment.probability, abs=1e-3)


def test_a_card_says_which_model_spoke(taught):
    client = someone(taught, "Ben", Role.MODERATOR)
    first = rows(taught, Comment)[0].public_id
    assert ", the base model alone." in client.get(f"/queue/{first}").text
    public_id = take(taught, text=SELLING[9]).public_id
    assert "with what was learned on this site." in client.get(f"/queue/{public_id}").text


@pytest.mark.parametrize(
    ("signals", "badge"),
    [
        ({"ticket_age": 1.2}, "sent within three seconds"),
        ({"ticket_age": 90_000}, "sent from a form more than a day old"),
        ({"first_timer": True}, "the first from this address"),
        ({"disposable": True}, "throw-away mail domain"),
        ({"network_rate": 12.0}, "many comments from the same network just then"),
        ({"thread_rate": 30}, "many comments on the page just then"),
        ({"reply": True}, "a reply"),
    ],
)
def test_what_was_seen_outside_the_text_is_told_where_it_is_telling(app, signals, badge):
    client = someone(app, "Ben", Role.MODERATOR)
    public_id = take(app).public_id

    def badges(seen):
        with app.app_context(), transaction() as session:
            session.scalars(sa.select(Comment)).one().signals = seen
        return [text for _, text in elements(client.get(f"/queue/{public_id}").text, "li")]

    assert badge in badges(signals)
    dull = {"ticket_age": 40.0, "network_rate": 1.0, "thread_rate": 0, "first_timer": None}
    assert badge not in badges(dull)
