"""An owner looks into what was sent, and has it sent again after he was told how much that is."""

import hashlib
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Attempt, Delivery, DeliveryState, Endpoint, EndpointKind, ReplayJob, Role
from service.db import transaction
from service.http.guarded import Answer, SendError
from service.out import outbox
from service.out.outbox import Result
from service.out.webhooks import sender
from service.web.context import HOUSE
from service.webhooks import deliveries, endpoints
from tests.building import rows
from tests.conftest import visitor
from tests.out.receiver import Receiver, Reply
from tests.web.desk import send_json, site_of
from tests.web.staff import PASSWORD, hire, sign_in, submit_form

DAY = timedelta(days=1)
HOSTILE = "<script>alert(1)</script>"
RANGE = {"since": "2026-11-22", "until": "2026-11-23", "only": "failed"}


@pytest.fixture
def place(make_app, database_url):
    app = make_app(database_url, webhook_allow=["127.0.0.1"])
    hire(app, site_of(app), role=Role.OWNER)
    client = visitor(app)
    sign_in(client)
    return Place(app, client)


class Place:
    """A site with an endpoint, and its owner at a browser."""

    def __init__(self, app, client):
        self.app, self.client, self.house = app, client, app.extensions[HOUSE]

    def endpoint(self, url="https://hooks.example.org/in", kind=EndpointKind.WEBHOOK):
        with self.app.app_context():
            endpoints.add_endpoint(self.house, site_of(self.app).id, url=url, kind=kind)

    @property
    def path(self):
        return f"/sites/blog/endpoints/{rows(self.app, Endpoint)[0].public_id}/deliveries"

    def sent(self, *results, number=1):
        """Comments come in, and this becomes of their deliveries; none given = really sent."""
        for one in range(number):
            send_json(visitor(self.app), comment=f"Comment {one} of {results}.")
        self.deliver(*results)

    def deliver(self, *results):
        """What is due is attempted, and this becomes of it; none given = really sent."""
        with self.app.app_context():
            outbox.release(self.house)
            for claimed in outbox.claim(self.house, 16):
                for result in results or [sender(self.house)(claimed)]:
                    outbox.mark(self.house, claimed, result)

    def make(self, state):
        with self.app.app_context(), transaction() as session:
            session.execute(sa.update(Delivery).values(state=state))

    def get(self, path="", **query):
        answer = self.client.get(self.path + path, query_string=query)
        assert answer.status_code == 200
        return answer.text

    def post(self, path="", **fields):
        return submit_form(self.client, self.path + path, **fields)


def test_an_attempt_is_shown_with_what_was_sent_and_what_came_back(place):
    with Receiver() as receiver:
        place.endpoint(receiver.url("/hook"))
        receiver.script("/hook", [Reply(500, body=f"{HOSTILE}\0".encode() + b"x" * 5000)])
        place.sent()
        [request] = receiver.received
    [delivery], [attempt] = rows(place.app, Delivery), rows(place.app, Attempt)

    log = place.get()
    page = place.get(f"/{delivery.public_id}")

    assert f'href="{place.path}/{delivery.public_id}"' in log
    assert "<td>500</td>" in log
    assert f"webhook-id: {request.message_id}" in page
    assert f"webhook-timestamp: {request.headers['webhook-timestamp']}" in page
    assert request.headers["webhook-signature"].removeprefix("v1,") not in page
    assert f"{attempt.milliseconds:,} ms: the receiver answered with a status" in page
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert page.count("x" * 4000) == 1
    assert "x" * 4096 not in page
    assert "comment.created" in page
    assert f"{len(request.body):,} bytes" in page


def test_the_log_is_filtered_and_paged_by_names(place, monkeypatch):
    monkeypatch.setattr(deliveries.queries, "PAGE", 2)
    place.endpoint()
    for result in (
        Result(Answer(200, {}, "", 5, "")),
        Result(None, SendError("timeout", "")),
        Result(Answer(503, {}, "", 5, "")),
    ):
        place.sent(result)

    def words(**query):
        return re.findall(r"</span></td><td>([^<]+)</td>", place.get(**query))

    assert words() == ["503", "no answer in time"]
    older = re.search(r'class="more"><a href="[^?]+\?before=(dlv_\w+)"', place.get()).group(1)
    assert words(before=older) == ["200"]
    assert words(outcome="timeout") == ["no answer in time"]
    assert words(state="done") == ["200"]
    assert words(type="comment.spam") == []
    made = rows(place.app, Delivery)[0].created_at  # by the database's clock, where it has one
    before, day, after = (f"{made + days:%Y-%m-%d}" for days in (-DAY, 0 * DAY, DAY))
    assert words(**{"from": after}) == words(to=before) == []
    assert len(words(**{"from": day, "to": day})) == 2
    assert place.client.get(place.path + "?state=sold").status_code == 400


def test_one_delivery_is_sent_again_from_its_page(place):
    place.endpoint()
    place.sent(Result(Answer(200, {}, "", 5, "")))
    [first] = rows(place.app, Delivery)

    answer = place.post(f"/{first.public_id}")

    second = rows(place.app, Delivery)[1]
    assert answer.status_code == 303
    assert answer.location.endswith(f"/{second.public_id}?done=replayed")
    assert "On its way" in place.client.get(answer.location).text
    assert "Try it now" in place.get(f"/{second.public_id}")
    assert "had a delivery sent again" in place.client.get("/sites/blog/audit").text


def test_what_cannot_be_sent_again_says_why(place):
    place.endpoint()
    place.sent(Result(Answer(200, {}, "", 5, "")))
    [first] = rows(place.app, Delivery)
    with place.app.app_context():
        [endpoint] = rows(place.app, Endpoint)
        endpoints.pause(place.house, site_of(place.app).id, endpoint.public_id)

    page = place.get(f"/{first.public_id}")
    answers = [place.post(f"/{first.public_id}"), place.post(action="replay", **RANGE)]

    assert "Send it again" not in page
    assert [answer.status_code for answer in answers] == [409, 409]
    assert all("Resume it first" in answer.text for answer in answers)
    assert "See how many" not in place.get()


def test_a_range_is_sent_again_after_its_number_was_shown_and_can_be_stopped(place):
    place.endpoint()
    place.sent(number=2)
    place.make(DeliveryState.DEAD)

    asked = place.post(action="count", **RANGE)
    nothing = place.post(action="count", **{**RANGE, "until": "2026-11-22"})

    assert "Send 2 events again?" in asked.text
    assert "There is nothing to send" in nothing.text
    assert rows(place.app, ReplayJob) == []
    began = place.post(action="replay", **RANGE)
    assert "It has begun" in place.client.get(began.location).text
    [job] = rows(place.app, ReplayJob)
    assert f'value="{job.public_id}"' in place.get()
    assert place.post(action="replay", **RANGE).status_code == 409
    place.post(action="stop", replay=job.public_id)
    assert "0 events, ended" in place.get()
    with place.app.app_context():
        assert deliveries.go_on(place.house) == 0
    log = place.client.get("/sites/blog/audit").text
    assert "had events sent to a webhook again" in log
    assert "stopped what was sent" in log


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"since": ""}, "Enter a day"),
        ({"until": "tomorrow"}, "Enter a day"),
        ({"until": "2026-11-21"}, "not before the first one"),
        ({"only": "some"}, "one of the two"),
    ],
)
def test_a_range_that_is_none_comes_back_as_it_was_typed(place, wrong, told):
    place.endpoint()
    answer = place.post(action="count", **{**RANGE, **wrong})

    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert told in answer.text
    assert 'value="2026-11-2' in answer.text


def test_another_endpoints_delivery_is_not_found_and_an_unknown_act_is_refused(place):
    place.endpoint()
    place.endpoint("https://other.example.org/")
    place.sent()
    other = rows(place.app, Delivery)[1]

    assert place.client.get(f"{place.path}/{other.public_id}").status_code == 404
    assert place.client.get(place.path.replace("/ep_", "/ep_x")).status_code == 404
    assert place.post(action="sell").status_code == 400


# The signature helper


def helper(place):
    return place.path.replace("/deliveries", "/signature")


def test_the_helper_shows_the_signed_bytes_and_knows_the_signature_that_was_sent(place):
    with Receiver() as receiver:
        place.endpoint(receiver.url("/hook"))
        place.sent()
        [request] = receiver.received
    [delivery] = rows(place.app, Delivery)
    sent = request.headers
    content = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + request.body

    page = place.client.get(f"{helper(place)}?delivery={delivery.public_id}&attempt=1")
    fields = {
        "id": sent["webhook-id"],
        "timestamp": sent["webhook-timestamp"],
        "body": request.body.decode(),
    }
    good = submit_form(place.client, helper(place), signature=sent["webhook-signature"], **fields)
    bad = submit_form(
        place.client,
        helper(place),
        signature=sent["webhook-signature"],
        **{**fields, "body": fields["body"].replace(",", ", ")},
    )

    assert sent["webhook-signature"] in page.text.replace("&#43;", "+")
    assert f"{len(content):,} bytes" in page.text
    assert hashlib.sha256(content).hexdigest() in page.text
    assert "It was made with the current secret." in good.text
    assert "The body is the one we sent" in good.text
    assert "was made wrongly" in bad.text
    assert "The body was written anew" in bad.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "whsec_…" not in good.text


def test_the_helper_asks_for_a_fresh_proof_and_comes_back_to_the_delivery(place, clock):
    place.endpoint()
    place.sent()
    [delivery] = rows(place.app, Delivery)
    asked = f"{helper(place)}?delivery={delivery.public_id}"
    clock.move(minutes=16)

    sent_away = place.client.get(asked)
    assert sent_away.location.startswith("/login/again?next=")
    assert submit_form(place.client, helper(place)).location.startswith("/login/again?")
    back = submit_form(place.client, "/login/again", password=PASSWORD, next=asked)

    assert back.location.endswith(asked)
    assert place.client.get(asked).status_code == 200
    assert place.client.get(f"{helper(place)}?delivery=dlv_x").status_code == 404


def test_an_empty_helper_offers_the_code_and_its_form(place):
    place.endpoint()
    page = place.client.get(helper(place)).text

    assert "Ruby" in page
    assert "hash_hmac" in page
    assert "What is signed" not in page
    assert "No signature is shown" in submit_form(place.client, helper(place), id="evt_1").text


def test_a_build_hooks_page_shows_the_empty_call_and_offers_one_more_in_place_of_a_range(place):
    with Receiver() as receiver:
        place.endpoint(receiver.url("/build"), EndpointKind.BUILD)
        asked = place.get()
        called = place.post(action="call")
        place.deliver()
        [request] = receiver.received
        [delivery] = rows(place.app, Delivery)
        page = place.get(f"/{delivery.public_id}")
        assert place.post(f"/{delivery.public_id}").status_code == 303
        place.deliver()
        [_, again] = receiver.received

    assert "Call it once now" in asked
    assert not {'name="since"', "/signature"} & set(re.findall(r'name="since"|/signature', asked))
    assert called.location.endswith("done=called")
    assert "The call is on its way" in place.get(done="called")
    assert [(one.body, one.message_id) for one in (request, again)] == [
        (b"", request.message_id)
    ] * 2
    shown = re.search("What is sent.*?<code>(.*?)</code>", page, re.DOTALL).group(1)
    told = dict(line.lower().split(": ") for line in shown.splitlines())
    assert told == {name: request.headers[name].lower() for name in told}
    assert {"Call it again", "An empty POST"} <= set(
        re.findall("Call it again|An empty POST", page)
    )
    assert not re.search("signature|Content-Type|&#34;data&#34;|<h2[^>]*>Body", page)


@pytest.mark.parametrize("action", ["count", "replay"])
def test_a_range_for_a_build_hook_is_refused_with_what_to_do_instead(place, action):
    place.endpoint(kind=EndpointKind.BUILD)

    answer = place.post(action=action, **RANGE)

    assert answer.status_code == 409
    assert "Call it once now instead" in answer.text
    assert rows(place.app, ReplayJob) == []
