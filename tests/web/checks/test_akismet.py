"""Akismet's doors, as its clients knock at them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from models import (
    AkismetMonth,
    ApiKey,
    Base,
    Comment,
    ReportedExample,
    RuleKind,
    RuleVerdict,
    Thread,
)
from models.spam import load_base
from models.spam.score import logit_of
from service.db import db, transaction
from service.programs import api_keys
from service.text.scoring import Scorer
from service.web.context import HOUSE
from tests.building import ORIGIN, found_demo_site, rows
from tests.conftest import visitor
from tests.service.comments.test_submit import BrokenModel
from tests.service.rules.test_changes import rule
from tests.web.caller import HONEST, SELLING, THANKS, Caller, akismet_key, sites_of_key
from tests.web.desk import send_json, set_policy, site_of

HELP = "X-akismet-debug-help"
TIP = "X-akismet-pro-tip"


@pytest.fixture
def caller(app):
    return Caller(visitor(app), akismet_key(app))


@pytest.fixture
def caller_on_both(app_on_both):
    return Caller(visitor(app_on_both), akismet_key(app_on_both))


def months(app):
    """What is counted, without the names of key and origin."""
    with app.app_context():
        found = db.session.scalars(sa.select(AkismetMonth).order_by(AkismetMonth.origin)).all()
    return [
        (row.month, row.api_calls, row.spam, row.ham, row.missed_spam, row.false_positives)
        for row in found
    ]


def test_a_key_is_verified_in_each_place_where_clients_put_it(make_app, sqlite_url):
    app = make_app(sqlite_url, akismet_host="akismet.example.org")
    key, client = akismet_key(app), visitor(app)
    under = f"https://{key}.akismet.example.org"
    answers = [
        client.post("/1.1/verify-key", data={"key": key, "blog": ORIGIN}),
        client.post("/1.1/verify-key", data={"api_key": key, "blog": f"{ORIGIN}/"}),
        client.post("/1.1/verify-key", json={"api_key": key, "blog": "blog.example.org"}),
        client.post("/1.1/verify-key", data={"blog": ORIGIN}, base_url=under),
        client.post(
            "/1.1/verify-key", data={"key": key.upper(), "blog": "http://BLOG.example.org"}
        ),
    ]

    assert [(one.status_code, one.data) for one in answers] == [(200, b"valid")] * 5
    assert answers[0].content_type == "text/plain; charset=utf-8"
    assert HELP not in answers[0].headers  # one client takes its mere presence for a failure
    check = client.post(
        "/1.1/comment-check", data={"blog": ORIGIN, "comment_content": HONEST}, base_url=under
    )
    assert check.data == b"false"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"api_key": "0" * 40}, "do not know this key"),
        ({"api_key": ""}, "do not know this key"),
        ({"blog": "https://other.example.org"}, "another site"),
        ({"blog": "https://blog.example.org.evil.example"}, "another site"),
        ({"blog": None}, '"blog" parameter is missing'),
        ({"blog": "https://[::1"}, '"blog" parameter is missing'),
    ],
)
@pytest.mark.parametrize(
    "door",
    ["verify-key", "comment-check", "submit-spam", "submit-ham", "get-stats", "deactivate"],
)
def test_a_wrong_key_or_site_is_invalid_with_help_and_a_status_of_200(caller, door, changes, said):
    answer = caller.call(f"/1.1/{door}", **changes)

    assert (answer.status_code, answer.data) == (200, b"invalid")
    assert said in answer.headers[HELP]


def test_a_key_that_is_over_or_of_the_other_kind_opens_nothing(app, caller, clock):
    site = site_of(app)
    with app.app_context():
        wanted = api_keys.WantedKey("API", api_keys.ApiKeyKind.API, [api_keys.Scope.READ], None)
        other = api_keys.make_key(app.extensions[HOUSE], site.id, None, wanted).shown
        api_keys.end_key(app.extensions[HOUSE], site.id, rows(app, ApiKey)[0].public_id)
        wanted = api_keys.WantedKey("Short", api_keys.ApiKeyKind.AKISMET, [], 1)
        short = api_keys.make_key(app.extensions[HOUSE], site.id, None, wanted).shown
    assert caller.check(api_key=short).data == b"false"
    clock.move(days=2)
    ended, wrong, over = (caller.check(api_key=key) for key in (caller.key, other, short))

    assert [answer.data for answer in (ended, wrong, over)] == [b"invalid"] * 3
    assert ended.headers["X-akismet-alert-code"] == "10403"
    assert over.headers["X-akismet-alert-code"] == "10001"
    assert "over" in over.headers["X-akismet-alert-msg"]
    assert "X-akismet-alert-code" not in wrong.headers


def test_a_check_tells_spam_from_ham_and_keeps_nothing_but_counts(app_on_both, caller_on_both):
    before = contents(app_on_both)
    address = "zq7canary@leak-probe-4471.example"
    ham = caller_on_both.check(comment_author_email=address)
    spam = caller_on_both.check(comment_content=SELLING, comment_author_email=address)

    assert (ham.data, spam.data) == (b"false", b"true")
    assert 0 < float(ham.headers["X-Score"]) < 0.5 < float(spam.headers["X-Score"]) <= 1
    assert "word=" in spam.headers["X-Reasons"]
    assert len({ham.headers["X-akismet-guid"], spam.headers["X-akismet-guid"]}) == 2
    assert months(app_on_both) == [("2026-11", 2, 1, 1, 0, 0)]
    after = contents(app_on_both)
    assert {name for name in after if after[name] != before[name]} == {
        "akismet_month",
        "api_key",
        "rate_bucket",
    }


def contents(app):
    with app.app_context():
        return {
            table.name: sorted(map(repr, db.session.execute(sa.select(table))))
            for table in Base.metadata.sorted_tables
        }


def test_an_answer_in_json_says_why(caller):
    answer = caller.check({"Accept": "application/json"}, comment_content=SELLING).json

    assert answer["spam"] is True
    assert answer["probability"] > 0.5
    logit = sum(reason["weight"] for reason in answer["reasons"])
    assert logit == pytest.approx(logit_of(answer["probability"]), abs=0.01)
    assert caller.check({"Accept": "*/*"}).data == b"false"


def test_plain_spam_may_be_discarded(caller):
    text = f"{SELLING} viagra cialis http://pills-rx24.shop/a http://pills-rx24.shop/b"
    plain = caller.check(comment_content=text, comment_author="cheap pills")

    assert (plain.data, plain.headers[TIP]) == (b"true", "discard")
    assert TIP not in caller.check().headers


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"comment_author": "viagra-test-123"}, b"true"),
        ({"comment_author_email": "akismet-guaranteed-spam@example.com"}, b"true"),
        ({"comment_content": SELLING, "user_role": "administrator"}, b"false"),
        ({"comment_content": SELLING, "user_role": "editor,Administrator"}, b"false"),
        ({"comment_author": "viagra-test-123", "user_role": "administrator"}, b"false"),
    ],
)
def test_the_rules_that_clients_test_with_hold(caller, fields, answer):
    found = caller.check(is_test="1", **fields)

    assert found.data == answer
    assert TIP not in found.headers
    assert found.headers["X-Reasons"].startswith("rule=")


def test_a_test_is_counted_as_a_call_and_teaches_nothing(app, caller):
    caller.check(is_test="true")
    assert caller.spam(is_test="1").text == THANKS

    assert months(app) == [("2026-11", 2, 0, 0, 0, 0)]
    assert rows(app, ReportedExample) == []


@pytest.mark.parametrize(
    ("charset", "named"), [("utf-8", ""), ("iso-8859-1", "ISO-8859-1"), ("koi8-r", "KOI8-R")]
)
def test_a_charset_is_honoured_where_the_call_or_its_type_names_one(app, caller, charset, named):
    heard = listen_to(app)
    text = "Отличная статья" if charset == "koi8-r" else "Ein schöner Garten"
    comment = [("comment_content", text.encode(charset))]

    by_field = caller.raw([*comment, ("blog_charset", named.encode())] if named else comment)
    by_type = caller.raw(comment, charset=named or "UTF-8")

    assert (by_field.data, by_type.data) == (b"false", b"false")
    assert [document.text for document, _signals in heard] == [text, text]


def listen_to(app):
    """Note each document that is scored from now on, with its signals."""
    heard = []

    class Noting(Scorer):
        def score(self, document, around):
            heard.append((document, around.signals))
            return super().score(document, around)

    judge_by(app, Noting(load_base()))
    return heard


def judge_by(app, scorer):
    app.extensions[HOUSE] = replace(app.extensions[HOUSE], scorer=scorer)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            [("comment_content", b"sch\xf6n")],
            "comment_content is not in the charset utf-8 at byte 3",
        ),
        ([("comment_author", b"\x81"), ("blog_charset", b"cp1252")], "charset cp1252 at byte 0"),
        ([("comment_content", b"a"), ("blog_charset", b"rot13")], "do not know the charset"),
        ([("comment_content", b"a"), ("blog_charset", b"../x")], "do not know the charset"),
        ([("comment_content", b"a"), ("blog_charset", b"utf-16")], "do not know the charset"),
    ],
)
def test_what_is_not_in_its_charset_is_invalid_with_help(caller, fields, said):
    answer = caller.raw(fields)

    assert (answer.status_code, answer.data) == (200, b"invalid")
    assert said in answer.headers[HELP]


def test_unknown_and_repeated_keys_are_no_fault_and_200_are_the_most(caller):
    many = [(f"HTTP_X_{number}", b"\xff\x00") for number in range(190)]
    fields = [
        ("comment_content", HONEST.encode()),
        ("comment_context[]", b"rivers"),
        ("comment_context[]", b"boats"),
        ("comment_author", b"Somebody"),
        ("comment_author", b"Ana"),
    ]
    assert caller.raw([*fields, *many]).data == b"false"
    refused = caller.raw([*fields, *many, *many])
    assert (refused.status_code, refused.data) == (400, b"invalid")
    assert "more than 200" in refused.headers[HELP]


def test_a_call_in_json_may_hold_lists_numbers_and_anything_unknown(caller):
    sent = {
        "api_key": caller.key,
        "blog": ORIGIN,
        "comment_content": SELLING,
        "comment_context": ["rivers", "boats"],
        "is_test": True,
        "POST_x": {"deep": [1]},
        "comment_parent": 0,
        "nothing": None,
    }
    answer = caller.client.post("/1.1/comment-check", json=sent)
    assert answer.data == b"true"
    refused = caller.client.post(
        "/1.1/comment-check", json={**sent, **{str(number): 1 for number in range(200)}}
    )
    assert refused.data == b"invalid"
    broken = caller.client.post("/1.1/comment-check", data=b"{", content_type="application/json")
    assert (broken.status_code, broken.data) == (400, b"invalid")


def test_words_of_the_page_and_of_its_topic_are_no_evidence(app, caller):
    text = "Cheap viagra pills without prescription"
    bare = score(caller, comment_content=text)
    named = score(caller, comment_content=text, **{"comment_context[]": text})
    send_json(visitor(app), page=f"{ORIGIN}/pills")
    with app.app_context(), transaction() as session:
        session.scalars(sa.select(Thread)).one().page_text = f"{text} are what this is about."
    on_page = score(caller, comment_content=text, permalink=f"{ORIGIN}/pills")

    assert named < bare
    assert on_page < bare
    assert score(caller, comment_content=text, permalink=f"{ORIGIN}/other") == bare


def score(caller, **fields):
    return caller.check({"Accept": "application/json"}, **fields).json["probability"]


def test_the_sites_own_policy_and_rules_are_heard(app, caller):
    site = site_of(app)
    probability = score(caller, comment_content=SELLING)
    set_policy(app, site, spam_tray_at=min(1.0, probability + 1e-9))
    assert caller.check(comment_content=SELLING).data == b"false"
    set_policy(app, site, spam_tray_at=0.0)
    assert caller.check().data == b"true"
    set_policy(app, site, spam_tray_at=None, links_most=0)
    assert why(caller, comment_author_url="http://ana.example.net/") == (True, "links")
    set_policy(app, site, links_most=None)
    rule(app, RuleKind.WORD, RuleVerdict.BLOCK, "quagmire")
    rule(app, RuleKind.WORD, RuleVerdict.HOLD, "limestone")
    rule(app, RuleKind.HOST, RuleVerdict.TRUST, "pills-rx24.shop")
    assert why(caller, comment_content="The word quagmire.") == (True, "blocked")
    assert why(caller, comment_content="The word limestone.") == (True, "held")
    assert why(caller, comment_content=SELLING) == (False, "trusted")


def why(caller, **fields):
    answer = caller.check(**fields)
    reasons = dict(pair.split("=") for pair in answer.headers["X-Reasons"].split(";"))
    return answer.data == b"true", reasons.get("rule", "")


def test_a_trap_that_was_stepped_into_is_spam(caller):
    trap = {"honeypot_field_name": "website2", "website2": "http://x.example"}
    assert why(caller, **trap) == (True, "honeypot")
    assert why(caller, **{**trap, "website2": ""})[0] is False
    assert why(caller, POST_ak_hp_textarea="words") == (True, "honeypot")


def test_a_check_that_fails_is_neither_word_but_to_be_asked_again(app, caller):
    judge_by(app, Scorer(BrokenModel()))
    answer = caller.check()

    assert (answer.status_code, answer.data) == (503, b"invalid")
    assert answer.headers["Retry-After"] == "60"
    assert "failed" in answer.headers["X-akismet-error"]


def test_a_key_that_calls_too_often_waits(make_app, database_url, clock):
    app = make_app(database_url, akismet_burst=2, akismet_per_minute=30)
    caller = Caller(visitor(app), akismet_key(app))
    other = Caller(visitor(app), akismet_key(app, name="Other"))
    assert [caller.check().status_code for _ in range(2)] == [200, 200]
    refused = [caller.check(), caller.spam()]

    assert [(one.status_code, one.data) for one in refused] == [(429, b"invalid")] * 2
    assert refused[0].headers["Retry-After"] == "2"
    usage = caller.client.get("/1.2/usage-limit", query_string={"api_key": caller.key}).json
    assert usage["throttled"] is True
    assert other.check().status_code == 200
    clock.move(seconds=2)
    assert caller.check().status_code == 200


def test_the_use_of_a_key_is_told_by_site_and_month(make_app, sqlite_url, clock):
    app = make_app(sqlite_url)
    shop = found_demo_site(app, "shop", ["https://shop.example.org", "https://shop.example.com"])
    caller = Caller(visitor(app), akismet_key(app, shop))
    com, org = "https://shop.example.com", "https://shop.example.org"
    for blog, text in ((com, SELLING), (com, SELLING), (org, HONEST)):
        caller.check(blog=blog, comment_content=text)
    caller.spam(blog=org)

    told = sites_of_key(caller)
    first = told["2026-11"][0]
    assert first == {
        "site": com, "api_calls": 2, "spam": 2, "ham": 0, "missed_spam": 0,
        "false_positives": 0, "is_revoked": False,
    }  # fmt: skip
    assert told["2026-11"][1]["missed_spam"] == 1
    assert (told["limit"], told["offset"], told["total"]) == (500, 0, 2)
    assert [row["site"] for row in sites_of_key(caller, order="ham")["2026-11"]] == [org, com]
    page = sites_of_key(caller, limit="1", offset="1")
    assert ([row["site"] for row in page["2026-11"]], page["total"]) == ([org], 2)
    assert len(sites_of_key(caller, filter="EXAMPLE.com")["2026-11"]) == 1
    assert sites_of_key(caller, month="2026-10")["2026-10"] == []
    asked = {"api_key": caller.key, "format": "csv"}
    lines = caller.client.get("/1.2/key-sites", query_string=asked).text.split("\n")
    assert lines[0] == (
        f"Active sites for {caller.key} during 2026-11 (limit:500, offset: 0, total: 2)"
    )
    assert lines[1] == "site,api_calls,spam,ham,missed_spam,false_positives,is_revoked"
    assert lines[2:] == [f"{com},2,2,0,0,0,false", f"{org},2,0,1,1,0,false"]

    clock.move(days=20)
    caller.check(blog=org)
    usage = caller.client.post("/1.2/usage-limit", data={"api_key": caller.key, "extended": "1"})
    assert usage.json == {
        "limit": "none", "usage": 1, "percentage": "0.00", "throttled": False,
        "notice_level": "NOTICE_NONE", "upgrade": False,
    }  # fmt: skip
    stats = caller.call("/1.1/get-stats", blog=org, **{"from": "6-months"}).json
    assert (stats["spam"], stats["ham"], stats["missed_spam"]) == (2, 2, 1)
    assert (stats["accuracy"], sorted(stats["breakdown"])) == ("75.00", ["2026-11", "2026-12"])


@pytest.mark.parametrize(
    "query",
    [{"month": "11"}, {"order": "x"}, {"limit": "-1"}, {"offset": "a"}, {"api_key": "x"}],
)
def test_a_question_of_use_that_makes_no_sense_is_invalid(caller, query):
    answer = caller.client.get("/1.2/key-sites", query_string={"api_key": caller.key, **query})

    assert (answer.status_code, answer.data) == (200, b"invalid")
    assert answer.headers[HELP]


def test_the_smaller_doors_answer_what_clients_expect(caller):
    assert caller.call("/1.1/deactivate").data == b"deactivated"
    plan = caller.call("/1.1/get-subscription").json
    assert (plan["status"], plan["next_billing_date"]) == ("active", False)
    token = caller.call("/1.1/token").text
    assert len(token) == 32
    assert caller.check(api_key=token).data == b"invalid"
    assert caller.check().data == b"false"  # thanked, and not ended


def test_looking_counts_nothing(app, caller):
    caller.check()
    before = contents(app)
    for door in ("/1.2/key-sites", "/1.2/usage-limit"):
        caller.client.get(door, query_string={"api_key": caller.key})
        caller.client.head(door, query_string={"api_key": caller.key})
    for door in ("verify-key", "comment-check", "submit-spam"):
        assert caller.client.get(f"/1.1/{door}").status_code == 405
    assert contents(app) == before


def test_the_age_of_a_form_and_an_author_known_here_are_seen(app, caller):
    heard = listen_to(app)
    opened = datetime(2026, 11, 23, 11, 59, 58, tzinfo=UTC).timestamp() * 1000
    send_json(visitor(app))
    caller.check(
        POST_ak_js=str(int(opened)),
        comment_author_email="ana.souza@example.org",
        comment_parent="4",
    )
    caller.check(POST_ak_js="1", comment_author_email="x@mailinator.com", comment_type="reply")

    names = ("ticket_age", "first_timer", "reply")
    seen = [{name: signals[name] for name in names} for _document, signals in heard[1:]]
    assert seen == [
        {"ticket_age": 2.0, "first_timer": False, "reply": True},
        {"ticket_age": None, "first_timer": True, "reply": True},
    ]
    assert len(rows(app, Comment)) == 1


def test_a_long_comment_that_wordpress_sends_twice_is_judged(caller):
    long = "Ein schöner Fluß, größer als früher. " * 1500

    answer = caller.check(comment_content=long, POST_comment=long)

    assert (answer.status_code, answer.text) == (200, "false")
