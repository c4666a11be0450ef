"""The pages round deliveries in a real browser, on a phone, without a script."""

import pytest

from models import Delivery, DeliveryState, Endpoint, Role
from service.db import transaction
from service.out import outbox
from service.out.webhooks import sender
from service.web.context import HOUSE
from service.webhooks import endpoints
from tests.browser.barriers import barriers
from tests.building import COMMENT, rows
from tests.conftest import visitor
from tests.live import live
from tests.out.receiver import Receiver, Reply
from tests.serving import free_port
from tests.web.desk import COMMENTS, site_of
from tests.web.staff import PASSWORD, hire

PHONE = {"width": 360, "height": 740}
REPLIES = [Reply(), Reply(503, body=b"<h1>Busy</h1> " + b"wait a little " * 30), Reply(404)]


@pytest.fixture
def place(make_app, sqlite_url):
    """(application, base address, log): three comments told to a receiver that takes one."""
    base = f"http://127.0.0.1:{free_port()}"
    app = make_app(sqlite_url, base_url=base, webhook_allow=["127.0.0.1"])
    house, site = app.extensions[HOUSE], site_of(app)
    hire(app, site, role=Role.OWNER)
    with Receiver() as receiver, app.app_context():
        receiver.script("/hook", REPLIES)
        endpoints.add_endpoint(house, site.id, url=receiver.url("/hook"), types=[])
        for words in ("One.", "Two, süß.", "Three."):
            sent = visitor(app).post(COMMENTS, json={**COMMENT, "comment": words}, base_url=base)
            assert sent.status_code == 202, sent.json
            outbox.release(house)
            for claimed in outbox.claim(house, 1):
                outbox.mark(house, claimed, sender(house)(claimed))
    with live(app, base):
        endpoint = rows(app, Endpoint)[0].public_id
        yield app, base, f"{base}/sites/blog/endpoints/{endpoint}/deliveries"


@pytest.fixture
def page(place, browser):
    """The owner's browser at his log."""
    _app, _base, log = place
    context = browser.new_context(viewport=PHONE, color_scheme="dark")
    page = context.new_page()
    page.goto(log.replace("/sites/", "/login?next=/sites/"))
    page.get_by_label("Email address").fill("ana@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(log)
    yield page
    context.close()


def look(page, path):
    """Keep a picture; nothing is wrong with the page, and it is no wider than the phone."""
    page.screenshot(path=path, full_page=True)
    assert barriers(page, None) == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_deliveries_are_looked_into_on_a_phone(page, pictures):
    page.get_by_text("Show only some").click()
    page.get_by_label("Last attempt").select_option("another status")
    page.get_by_role("button", name="Show").click()
    look(page, pictures / "deliveries-phone.png")
    page.get_by_role("row").nth(2).get_by_role("link").click()
    page.get_by_text("Request headers").click()
    look(page, pictures / "delivery-phone.png")
    page.get_by_role("link", name="What the signature was made of").click()
    page.get_by_label("webhook-signature").fill("v1,whsec_c2VjcmV0")
    page.get_by_role("button", name="Check").click()
    look(page, pictures / "signature-phone.png")
    assert "That is a secret" in page.get_by_role("region", name="What was found").inner_text()


def test_what_never_arrived_is_sent_again_on_a_phone(page, place, pictures):
    app, _base, log = place
    second = rows(app, Delivery)[1]
    page.goto(f"{log}/{second.public_id}")
    page.get_by_role("button", name="Try it now").click()
    assert page.get_by_role("status").inner_text().startswith("On its way.")
    with app.app_context(), transaction() as session:
        session.get_one(Delivery, second.id).state = DeliveryState.DEAD
    page.goto(log)
    page.get_by_role("button", name="See how many that are").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Send 1 event again?"
    look(page, pictures / "replay-phone.png")
    page.get_by_role("button", name="Send it again").click()
    assert "0 events so far" in page.get_by_role("region", name="Send again").inner_text()
