"""A site's rules through the doors: typed, rehearsed, saved, seen on cards, ended."""

import re

import pytest
import sqlalchemy as sa

from models import AuditEntry, Comment, Moderator, Role, Rule, Site, Status
from service.comments.moderate import Actor, decide
from service.db import db, transaction
from service.web.context import HOUSE
from tests.building import found_demo_site, join, make_moderator, rows
from tests.conftest import visitor
from tests.service.comments.test_submit import take
from tests.spamming import HONEST, SELLING
from tests.web.desk import SITE_ORIGIN, elements, send_json, set_policy, site_of, typed_in
from tests.web.staff import hire, sign_in, submit_form

RULES = "/sites/blog/rules"
SETTINGS = {"name": "Blog", "origins": "https://blog.example.org", "require_name": "1"}


def someone(app, name, role):
    hire(app, site_of(app), name, role)
    client = visitor(app)
    sign_in(client, name)
    return client


@pytest.fixture
def owner(app):
    """An owner of the site `blog`, signed in."""
    return someone(app, "Olga", Role.OWNER)


def decided(app, texts=None):
    """Comments that a person approved, and some he called spam."""
    actor = Actor(make_moderator(app, "Ana", operator=False), [1])
    texts = texts or [(text, Status.APPROVED) for text in HONEST[:4]] + [
        (text, Status.SPAM) for text in SELLING[:4]
    ]
    for place, (text, status) in enumerate(texts):
        public_id = take(app, text=text, name=f"R{place}").public_id
        with app.app_context():
            decide(app.extensions[HOUSE], actor, public_id, status)


def add(client, **typed):
    """Ask for rules, look at the rehearsal, and save them."""
    rehearsal = submit_form(client, RULES, **typed)
    assert rehearsal.status_code == 200, rehearsal.text
    return submit_form(client, RULES, **kept_in(rehearsal))


def kept_in(rehearsal):
    """What the rehearsal's form sends."""
    return {name: value for name, value in typed_in(rehearsal.text).items() if name != "csrf"}


def plain(page):
    return " ".join(re.sub(r"<[^>]+>", "", page.text).split())


def test_words_are_rehearsed_before_they_are_saved(app, owner):
    decided(
        app,
        [
            ("The casino closed; I lived next door.", Status.APPROVED),
            ("A quiet word.", Status.APPROVED),
            ("Best c4s1no bonus", Status.SPAM),
            ("casino casino", Status.SPAM),
            ("pills", Status.SPAM),
        ],
    )
    typed = {"target": "word", "verdict": "block", "patterns": "casino", "note": "Plague"}
    rehearsal = submit_form(owner, RULES, **typed)
    assert "2 of 3 spam comments nobody would have had to look at." in plain(rehearsal)
    assert "1 of 2 honest comments would have been filed away." in plain(rehearsal)
    assert "The casino closed; I lived next door." in rehearsal.text
    assert "A quiet word." not in rehearsal.text
    assert rows(app, Rule) == []

    saved = submit_form(owner, RULES, **kept_in(rehearsal))
    assert saved.status_code == 303
    [rule] = rows(app, Rule)
    assert (rule.kind.value, rule.verdict.value, rule.pattern) == ("word", "block", "casino")
    page = owner.get(saved.headers["Location"])
    assert "Rule saved." in plain(page)
    assert "casino blocked by Olga, 23 Nov 2026: Plague" in plain(page)


def test_a_rehearsal_of_one_rule_is_none_of_another(app, owner):
    rehearsal = submit_form(owner, RULES, target="word", verdict="block", patterns="casino")
    kept = {**kept_in(rehearsal), "patterns": "river"}
    assert submit_form(owner, RULES, **kept).status_code == 200
    assert rows(app, Rule) == []


def test_one_can_go_back_from_the_rehearsal_with_everything_typed(app, owner):
    typed = {
        "target": "host",
        "verdict": "trust",
        "patterns": "fine.example\r\nnext.example",
        "note": 'A "note"',
    }
    rehearsal = submit_form(owner, RULES, **typed)
    page = submit_form(owner, RULES, **kept_in(rehearsal), back="1").text
    assert typed_in(page)["note"] == 'A "note"'
    assert typed_in(page)["patterns"].split() == ["fine.example", "next.example"]
    chosen = {at["value"] for at, _ in elements(page, "input") if "checked" in at}
    assert chosen == {"host", "trust"}
    assert rows(app, Rule) == []


def test_many_are_added_at_once_and_each_stands_once(app, owner):
    words = "Casino\r\ncasino\r\n \r\nbuy now\r\nviagr*"
    saved = add(owner, target="word", verdict="hold", patterns=words)
    assert [rule.typed for rule in rows(app, Rule)] == ["Casino", "buy now", "viagr*"]
    assert "3 rules saved." in plain(owner.get(saved.headers["Location"]))
    assert len([one for one in rows(app, AuditEntry) if one.act == "rule.add"]) == 3
    again = add(owner, target="word", verdict="hold", patterns="casino")
    assert "That rule stands already." in plain(owner.get(again.headers["Location"]))


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"target": "word", "verdict": "block", "patterns": " "}, "patterns", "Enter a word"),
        ({"target": "host", "verdict": "block", "patterns": "casino"}, "patterns", "names no host"),
        ({"target": "word", "verdict": "block", "patterns": "ok\n*"}, "patterns", "holds no word"),
        ({"target": "word", "verdict": "trust", "patterns": "x"}, "verdict", "cannot be trusted"),
        ({"target": "host", "verdict": "hold", "patterns": "a.example"}, "verdict", "A host is"),
        ({"target": "word", "patterns": "x"}, "verdict", "Choose what the rule shall do"),
        ({"verdict": "block", "patterns": "x"}, "target", "Choose what the rule is about"),
        (
            {"target": "word", "verdict": "block", "patterns": "x", "note": "n" * 201},
            "note",
            "at most 200",
        ),
        (
            {"target": "word", "verdict": "block", "patterns": "\n".join(map(str, range(1001)))},
            "patterns",
            "at most 1,000 at once",
        ),
    ],
)
def test_what_makes_no_rule_is_refused_with_everything_typed(app, owner, typed, field, message):
    answer = submit_form(owner, RULES, **typed)
    assert answer.status_code == 422
    assert message in answer.text
    assert f'id="{field}-error"' in answer.text
    assert typed_in(answer.text)["patterns"].split() == typed["patterns"].split()
    assert rows(app, Rule) == []


def test_what_was_typed_as_a_host_is_shown_escaped(app, owner):
    answer = submit_form(owner, RULES, target="host", verdict="block", patterns="<b>x</b>")
    assert "<b>x</b>" not in answer.text
    assert submit_form(owner, RULES, target="page", verdict="block").status_code == 400


def test_a_moderator_sees_rules_and_changes_none(app, owner):
    add(owner, target="word", verdict="block", patterns="casino")
    bob = someone(app, "Bob", Role.MODERATOR)
    page = bob.get(RULES).text
    assert "casino" in page
    assert "<textarea" not in page
    assert ">End</button>" not in page
    path = f"{RULES}/{rows(app, Rule)[0].id}"
    assert submit_form(bob, path).status_code == 403
    assert submit_form(bob, RULES, target="word").status_code == 403


def test_a_rule_is_ended_on_its_page_and_stays_in_the_list_of_ended_ones(app, owner):
    add(owner, target="host", verdict="block", patterns="casino.example")
    [rule] = rows(app, Rule)
    ended = submit_form(owner, f"{RULES}/{rule.id}")
    page = owner.get(ended.headers["Location"])
    assert "Ended. Comments that come from now on are not touched by it." in plain(page)
    assert "casino.example blocked ended by Olga" in plain(page)
    assert submit_form(owner, f"{RULES}/{rule.id + 7}").status_code == 404


def test_the_page_says_how_often_a_rule_spoke(app, owner):
    add(owner, target="word", verdict="block", patterns="casino\nriver")
    for number in range(3):
        take(app, text=f"Casino number {number}")
    page = plain(owner.get(RULES))
    assert "spoke 3 times in the last 1,000" in page
    assert page.count("spoke") == 1


def test_long_lists_are_told_a_page_at_a_time(app, owner):
    add(owner, target="word", verdict="block", patterns="\n".join(f"w{n}x" for n in range(60)))
    page = owner.get(RULES).text
    assert 'Words <span class="count">60</span>' in page
    assert page.count(">End</button>") == 50
    older = re.search(r'href="([^"]+before=\d+)#words"', page).group(1).replace("&amp;", "&")
    assert owner.get(older).text.count(">End</button>") == 10


def test_on_the_page_of_a_comment_its_author_hosts_and_a_word_are_offered(app, owner):
    sent = send_json(
        visitor(app), comment="See https://a.casino.example/x", url="https://ana.example"
    )
    place = f"/queue/{sent.json['id']}"
    page = owner.get(place).text
    offered = [at["value"] for at, _ in elements(page, "input") if at.get("name") == "target"]
    assert offered == ["author", "host a.casino.example", "host ana.example", "word"]

    for client in (someone(app, "Bob", Role.MODERATOR), someone(app, "Vera", Role.VIEWER)):
        assert "Block or trust" not in client.get(place).text


def test_an_author_is_blocked_from_the_page_of_a_comment_and_one_comes_back_to_it(app, owner):
    sent = send_json(visitor(app))
    second = send_json(visitor(app), comment="A second one.")
    place = f"/queue/{sent.json['id']}"
    typed = {"comment": sent.json["id"], "target": "author", "verdict": "block"}
    rehearsal = submit_form(owner, RULES, **typed)
    assert "This author is blocked" in plain(rehearsal)
    saved = submit_form(owner, RULES, **kept_in(rehearsal))
    assert saved.headers["Location"].startswith(f"{place}?")

    page = owner.get(saved.headers["Location"])
    assert "Rule saved. 2 comments like that wait" in plain(page)
    assert "author: blocked" in plain(page)
    waiting = re.search(r'href="(/queue\?[^"]*author=[^"]*)"', page.text).group(1)
    listed = owner.get(waiting.replace("&amp;", "&")).text
    assert all(one.json["id"] in listed for one in (sent, second))
    assert "author: blocked" in owner.get("/queue").text
    assert "The author of “Ana Souza”" in plain(owner.get(RULES))


def test_a_host_is_trusted_from_the_page_of_a_comment(app, owner):
    sent = send_json(visitor(app), comment="See https://fine.example/x")
    add(owner, comment=sent.json["id"], target="host fine.example", verdict="trust")
    assert "host fine.example: trusted" in plain(owner.get(f"/queue/{sent.json['id']}"))


def test_back_and_mistakes_on_the_page_of_a_comment_keep_what_was_typed(app, owner):
    sent = send_json(visitor(app)).json["id"]
    typed = {"comment": sent, "target": "word", "patterns": "river boats"}
    wrong = submit_form(owner, RULES, **typed, verdict="trust")
    assert wrong.status_code == 422
    assert "There is a problem" in wrong.text
    assert typed_in(wrong.text)["patterns"] == "river boats"
    rehearsal = submit_form(owner, RULES, **typed, verdict="hold")
    back = submit_form(owner, RULES, **kept_in(rehearsal), back="1").text
    assert typed_in(back)["patterns"] == "river boats"
    assert "Block or trust" in back


def test_an_author_without_an_address_makes_no_rule(app, owner):
    set_policy(app, site_of(app), require_email=False)
    sent = send_json(visitor(app), email="").json["id"]
    answer = submit_form(owner, RULES, comment=sent, target="author", verdict="block")
    assert answer.status_code == 422
    assert "gave no address" in answer.text


def test_nobody_makes_a_rule_of_another_sites_author(app, owner):
    typed = {"target": "author", "verdict": "block"}
    assert submit_form(owner, RULES, **typed, comment="nothere").status_code == 404
    assert submit_form(owner, RULES, **typed).status_code == 404


def test_an_owner_makes_no_rule_on_an_author_of_a_site_he_only_moderates(app, owner):
    other = found_demo_site(app, slug="other", origins=["https://other.example.org"])
    olga = rows(app, Moderator, Moderator.name == "Olga")[0]
    join(app, olga.id, other.id, Role.MODERATOR)
    fields = {"comment": "Over here.", "author": "Ana", "email": "a@example.org", "page": "/x"}
    sent = visitor(app).post("/s/other/comments", json=fields).json["id"]
    rehearsal = submit_form(owner, RULES, comment=sent, target="author", verdict="block")
    assert submit_form(owner, RULES, **kept_in(rehearsal)).status_code == 422
    assert rows(app, Rule) == []


def test_trusting_an_author_says_what_proof_is_and_what_it_would_have_published(app, owner):
    sent = send_json(visitor(app), headers=SITE_ORIGIN).json["id"]
    submit_form(owner, f"/queue/{sent}", status="spam", version=1)
    rehearsal = submit_form(owner, RULES, comment=sent, target="author", verdict="trust")
    told = plain(rehearsal)
    assert "Who only types the address proves nothing, and waits." in told
    assert "1 of 1 spam comments would have been published" in told
    assert f'href="/queue/{sent}"' in rehearsal.text


def test_publishing_with_proof_and_a_link_limit_are_rehearsed_in_the_settings(app, owner):
    for number, (text, status) in enumerate(
        [
            ("A fine thought.", "approved"),
            ("See https://a.example and https://b.example", "approved"),
            ("Buy nothing.", "spam"),
        ]
    ):
        sent = send_json(visitor(app), headers=SITE_ORIGIN, comment=text).json["id"]
        answer = submit_form(owner, f"/queue/{sent}", status=status, version=1)
        assert answer.status_code == 303, number
    with app.app_context(), transaction() as session:
        session.execute(sa.update(Comment).values(probability=0.1, band="fine"))
    typed = {**SETTINGS, "links_most": "1", "publish_proven": "1"}
    rehearsal = submit_form(owner, "/sites/blog", **typed)
    told = plain(rehearsal)
    assert "1 of 1 spam comments would have been published, had their author proved himself" in told
    assert "1 of 2 honest comments would have been published at once" in told
    assert "1 of 2 honest comments would have waited with a remark" in told
    assert "Buy nothing." in rehearsal.text
    assert policy(app).publish_proven is False

    saved = submit_form(owner, "/sites/blog", **kept_in(rehearsal))
    assert saved.status_code == 303
    assert (policy(app).publish_proven, policy(app).links_most) == (True, 1)
    page = owner.get("/sites/blog").text
    assert 'name="publish_proven" value="1" checked' in page
    assert "more than 1 link always wait" in plain(owner.get(RULES))


@pytest.mark.parametrize("typed", ["101", "-1", "many"])
def test_a_link_limit_that_makes_no_sense_is_refused(app, owner, typed):
    answer = submit_form(owner, "/sites/blog", **SETTINGS, links_most=typed)
    assert answer.status_code == 422
    assert 'id="links_most-error"' in answer.text


def policy(app):
    with app.app_context():
        return db.session.get(Site, 1, populate_existing=True).policy
