"""Programs that spoke to Perspective, and Coral, ask for a score; nothing of it is kept."""

import pytest

from models import ApiKeyKind, Comment, Scope
from service.programs.api_keys import WantedKey, end_key, make_key
from service.web.context import HOUSE
from tests.building import rows
from tests.conftest import visitor
from tests.web.desk import site_of

SPAM = "Cheap pills casino bonus https://pills.example.net/win https://casino.example.net"
HAM = "The river part of this report stayed with me; my grandmother lived by it."


@pytest.fixture
def key(app_on_both):
    """A key of Akismet's kind, as its owner copied it."""
    wanted = WantedKey("Coral", ApiKeyKind.AKISMET, [], None)
    with app_on_both.app_context():
        return make_key(app_on_both.extensions[HOUSE], site_of(app_on_both).id, None, wanted).shown


@pytest.fixture
def program(app_on_both):
    return visitor(app_on_both)


def analyze(program, key, text, **more):
    body = {"comment": {"text": text}, "requestedAttributes": {"SPAM": {}}, **more}
    return program.post(f"/v1alpha1/comments:analyze?key={key}", json=body)


def suggest(program, key, text, scores):
    body = {"comment": {"text": text}, "attributeScores": scores, "clientToken": "t"}
    return program.post(f"/v1alpha1/comments:suggestscore?key={key}", json=body)


def ask(program, key, text, **more):
    body = {"action": "NEW", "comment": {"body": text, "parentID": None}, **more}
    return program.post(f"/coral/moderate/{key}", json=body)


def calls(program, key):
    answer = program.get(f"/1.2/key-sites?api_key={key}").json
    return next(value for value in answer.values() if isinstance(value, list))


def test_perspective_s_clients_get_a_score_of_spam(app_on_both, program, key):
    bad, good = (analyze(program, key, text, languages=["en"]) for text in (SPAM, HAM))

    assert bad.status_code == good.status_code == 200
    score = bad.json["attributeScores"]["SPAM"]
    assert score["summaryScore"]["type"] == "PROBABILITY"
    honest = good.json["attributeScores"]["SPAM"]["summaryScore"]["value"]
    assert score["summaryScore"]["value"] > 0.9
    assert honest < 0.5
    assert score["spanScores"][0]["end"] == len(SPAM)
    assert bad.json["languages"] == ["en"]
    assert rows(app_on_both, Comment) == []
    assert calls(program, key)[0]["api_calls"] == 2


def test_a_score_below_the_asked_one_is_left_out(program, key):
    answer = analyze(program, key, HAM, requestedAttributes={"SPAM": {"scoreThreshold": 0.9}})

    assert answer.json["attributeScores"] == {}


def test_what_is_not_scored_is_not_given_another_name(program, key):
    asked = {"TOXICITY": {}, "SPAM": {}}
    refused = analyze(program, key, SPAM, requestedAttributes=asked)
    dropped = analyze(program, key, SPAM, requestedAttributes=asked, dropUnsupportedAttributes=True)

    assert refused.status_code == 400
    assert refused.json["error"]["status"] == "INVALID_ARGUMENT"
    assert "SPAM alone, not TOXICITY" in refused.json["error"]["message"]
    assert list(dropped.json["attributeScores"]) == ["SPAM"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"comment": "text", "requestedAttributes": {"SPAM": {}}},
        {"comment": {"text": 5}, "requestedAttributes": {"SPAM": {}}},
        {"comment": {"text": "x"}},
        {"comment": {"text": "x"}, "requestedAttributes": ["SPAM"]},
        {"comment": {"text": "x"}, "requestedAttributes": {"SPAM": {"scoreThreshold": "high"}}},
    ],
)
def test_a_question_of_another_shape_is_refused_in_google_s_form(program, key, body):
    answer = program.post(f"/v1alpha1/comments:analyze?key={key}", json=body)

    assert answer.status_code == 400
    assert answer.json["error"]["code"] == 400


def test_a_suggestion_teaches_and_a_deletion_does_not(program, key):
    spam = {"SPAM": {"summaryScore": {"value": 1}}}
    told = [
        suggest(program, key, SPAM, {"DELETED": {"summaryScore": {"value": 1}}}),
        suggest(program, key, HAM, spam),
        suggest(program, key, SPAM, {"APPROVED": {"summaryScore": {"value": 1}}}),
    ]

    assert [one.json for one in told] == [{"clientToken": "t"}] * 3
    row = calls(program, key)[0]
    assert (row["missed_spam"], row["false_positives"]) == (1, 1)


def test_coral_withholds_spam_and_hears_nothing_of_the_rest(app_on_both, program, key):
    bad, good = ask(program, key, SPAM), ask(program, key, HAM, author={"role": "COMMENTER"})
    staff = ask(program, key, SPAM, author={"id": "1", "role": "STAFF"})

    assert bad.json["status"] == "SYSTEM_WITHHELD"
    assert bad.json["actions"] == [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_SPAM"}]
    assert (good.status_code, good.data) == (204, b"")
    assert staff.status_code == 204
    assert rows(app_on_both, Comment) == []


def test_an_ended_key_opens_neither_door(app_on_both, program, key):
    with app_on_both.app_context():
        end_key(app_on_both.extensions[HOUSE], site_of(app_on_both).id, key[:8])

    assert ask(program, key, HAM).status_code == 404
    answer = analyze(program, key, HAM)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, 400)
    assert "API key not valid" in answer.json["error"]["message"]


def test_a_key_of_the_api_is_none_of_these(app_on_both, program):
    wanted = WantedKey("Other", ApiKeyKind.API, [Scope.SUBMIT], None)
    with app_on_both.app_context():
        site_id = site_of(app_on_both).id
        shown = make_key(app_on_both.extensions[HOUSE], site_id, None, wanted).shown

    assert ask(program, shown, HAM).status_code == 404
    assert analyze(program, shown, HAM).status_code == 400


@pytest.mark.parametrize("comment", ["text", {"body": 5}, [1]])
def test_coral_is_told_what_it_sent_wrong(program, key, comment):
    answer = program.post(f"/coral/moderate/{key}", json={"comment": comment})

    assert answer.status_code == 400
