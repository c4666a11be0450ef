"""The pages of a site's model in a real browser: readable by all, on any screen.

The pictures go to the folder named by GATEPOST_PICTURES (docs/images when they are renewed), else
to a temporary one.
"""

import threading

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect
from werkzeug.serving import make_server

from models import Comment, ModelState, Role, SiteModel, Status
from service.app import Outside, create_app
from service.comments.moderate import Actor, decide
from service.db import transaction
from service.queries.api_keys import key_for_change
from service.queries.reports import set_withdrawn
from service.web.context import HOUSE
from tests.browser.barriers import barriers, rules_for
from tests.building import ORIGIN, found_demo_site, make_moderator
from tests.conftest import Clock, scorer, settings_of
from tests.databases import closing_all
from tests.service.comments.test_submit import take
from tests.service.learning.test_lessons import fit, teach
from tests.serving import free_port
from tests.spamming import HONEST, SELLING
from tests.web.caller import akismet_key
from tests.web.staff import PASSWORD, hire

DESKTOP = {"width": 1200, "height": 900}
NARROW = {"width": 320, "height": 640}
LONG = "a-very-long-word-that-nobody-breaks-" * 5
REASON = "On the newest verdicts, against the base model, 12.5% of the honest would be filed away."


@pytest.fixture(scope="module")
def house_with_history(databases, tmp_path_factory):
    """The address of a served site that learned, refused a candidate, and was tampered with."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    url = databases.fresh("sqlite")
    settings = settings_of(tmp_path_factory.mktemp("house"), url, base_url=address)
    app = create_app(settings, Outside(now=Clock(), scorer=scorer()))
    with closing_all(app):
        furnish(app)
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield address
        server.shutdown()
        thread.join(20)
        server.server_close()
    databases.drop(url)


def furnish(app):
    site = found_demo_site(app)
    hire(app, site, "Olga", Role.OWNER)
    ana = Actor(make_moderator(app, "Ana", operator=False), [site.id])
    teach(app, ana)
    assert fit(app)
    remember_other_candidates(app, site.id)
    report(app, site)
    for place, (text, status) in enumerate(
        [(SELLING[8], Status.SPAM), (SELLING[9], Status.SPAM), (HONEST[8], Status.APPROVED)]
    ):
        public_id = take(app, text=text, name=f"Blind {place}", page="/blind").public_id
        be_blind(app, public_id, 0.97)
        with app.app_context():
            decide(app.extensions[HOUSE], ana, public_id, status)
    take(
        app,
        text=f"Buy v\u200biagra here, \u0441heap and fast: {LONG}",
        name="Fo\u0441us",
        page="/folds",
    )
    be_blind(app, take(app, text=HONEST[9], name="Hidden").public_id, 0.2)
    take(app, text="Where is this?", page="/" + LONG, title=f"A <i>title</i> {LONG}")


def report(app, site):
    """Let a program report spam three times; the owner withdraws the first of it."""
    key, house = akismet_key(app, site), app.extensions[HOUSE]
    for place, text in enumerate((HONEST[0], SELLING[0], SELLING[1])):
        sent = {"api_key": key, "blog": ORIGIN, "comment_content": text}
        client = app.test_client()
        client.post("/1.1/submit-spam", data=sent, base_url=house.settings.base_url)
        if not place:
            with app.app_context():
                set_aside(site.id, key)


def set_aside(site_id, key):
    """Withdraw what a key reported, and leave the models as they are."""
    with transaction() as session:
        number = key_for_change(session, site_id, key[:8]).id
        set_withdrawn(session, site_id, number, withdrawn=True)


def remember_other_candidates(app, site_id):
    with app.app_context(), transaction() as session:
        active = session.scalars(sa.select(SiteModel)).one()
        common = {
            "site_id": site_id,
            "base": active.base,
            "feature_version": active.feature_version,
            "ham": 5,
            "spam": 4,
            "made_at": active.made_at,
            "activated_at": active.made_at,
        }
        found = {"ham": 8, "spam": 5, "ham_filed": 0.125, "ham_flagged": 0.25}
        newest = {
            judge: {**found, "recall": 0.8, "loss": 0.31} for judge in ("base", "live", "candidate")
        }
        refused = {**active.report, "accepted": False, "reasons": [REASON], "newest": newest}
        session.add_all(
            (
                SiteModel(**common, state=ModelState.REFUSED, report=refused),
                SiteModel(
                    **common,
                    state=ModelState.KEPT,
                    report=active.report,
                    content=active.content,
                    mac=active.mac,
                ),
                SiteModel(
                    **common,
                    state=ModelState.KEPT,
                    report=active.report,
                    content=active.content,
                    mac=b"x" * 32,
                ),
            )
        )


def be_blind(app, public_id, probability):
    with app.app_context(), transaction() as session:
        session.execute(
            sa.update(Comment)
            .where(Comment.public_id == public_id)
            .values(blind=True, probability=probability)
        )


@pytest.fixture(scope="module")
def owner(browser, house_with_history):
    page = browser.new_context(viewport=DESKTOP).new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{house_with_history}/login")
    page.get_by_label("Email address").fill("olga@staff.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{house_with_history}/queue")
    yield page
    page.context.close()


def assert_no_barrier(page, scheme="light"):
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert barriers(page, rules_for(scheme)) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def picture_of(page, folder, name, scheme):
    """Keep what the guide shows: two pages, on a desk, by day."""
    if (name in ("model", "rehearsal"), scheme, page.viewport_size) == (True, "light", DESKTOP):
        page.screenshot(path=folder / f"{name}-desktop.png", full_page=True)


@pytest.fixture(params=["light", "dark"])
def scheme(request, owner):
    owner.emulate_media(color_scheme=request.param)
    yield request.param
    owner.emulate_media(color_scheme="light")
    owner.set_viewport_size(DESKTOP)


@pytest.mark.parametrize(
    "path",
    ["/sites/blog/model", "/sites/blog/model/card", "/sites/blog/pages", "/sites/blog", "/queue"],
)
def test_the_pages_of_a_model_have_no_barrier(owner, house_with_history, pictures, path, scheme):
    for size in (DESKTOP, NARROW):
        owner.set_viewport_size(size)
        owner.goto(f"{house_with_history}{path}")
        assert_no_barrier(owner, scheme)
        picture_of(owner, pictures, path.rsplit("/", 1)[1], scheme)


def test_a_rehearsal_has_no_barrier_and_leads_back(owner, house_with_history, pictures, scheme):
    for size in (DESKTOP, NARROW):
        owner.set_viewport_size(size)
        owner.goto(f"{house_with_history}/sites/blog")
        owner.get_by_label("File to the spam tray at or above").fill("0.9")
        owner.get_by_role("button", name="Save", exact=True).click()
        expect(owner.get_by_role("heading", level=1)).to_have_text("Before this is saved")
        assert_no_barrier(owner, scheme)
        picture_of(owner, pictures, "rehearsal", scheme)
        owner.get_by_role("button", name="Back to change it").click()
        expect(owner.get_by_label("File to the spam tray at or above")).to_have_value("0.9")


def test_a_folded_comment_has_no_barrier(owner, house_with_history, scheme):
    for size in (DESKTOP, NARROW):
        owner.set_viewport_size(size)
        owner.goto(f"{house_with_history}/queue")
        owner.locator(".card", has_text="Buy v").locator(".facts a").first.click()
        expect(owner.get_by_text("Before reading, the model changed this")).to_be_visible()
        assert_no_barrier(owner, scheme)
