"""An owner's pages: sites, rules, endpoints."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from models import Delivery, Endpoint, Event, EventType, Role, Site
from service.errors import InvalidError
from service.sites import changes
from service.web.context import HOUSE
from service.webhooks import endpoints
from service.webhooks.signing import derive_secret, show_secret
from tests.building import make_moderator, rows
from tests.conftest import visitor
from tests.web.staff import OWN_FORM, PASSWORD, fresh_setup, hire, sign_in, submit_form


@pytest.fixture
def owner(app):
    """The operator, signed in by his claim, who made the site `river`."""
    client = visitor(app)
    client.post(
        "/setup",
        data={
            "token": fresh_setup(app),
            "name": "Ana",
            "email": "ana@staff.example.org",
            "password": PASSWORD,
        },
        headers=OWN_FORM,
    )
    submit_form(
        client,
        "/sites",
        name="River",
        slug="river",
        origins="https://river.example.org http://localhost:4000/",
    )
    return client


def test_of_two_sites_made_at_once_under_one_short_name_there_is_one(app_on_both):
    ana = make_moderator(app_on_both, "Ana")
    house = app_on_both.extensions[HOUSE]
    found = {"slug": "river", "name": "River", "origins": ["https://river.example"]}
    start = Barrier(4)

    def make(_number):
        start.wait()
        with app_on_both.app_context():
            try:
                return changes.found_site(house, owner_id=ana, **found).slug
            except InvalidError as error:
                return error.errors

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(make, range(4)))

    assert said.count("river") == 1
    assert said.count({"slug": [changes.TAKEN]}) == 3
    assert len(rows(app_on_both, Site, Site.slug == "river")) == 1


def site(app):
    return rows(app, Site, Site.slug == "river")[0]


def test_the_operator_adds_a_site_and_gets_the_snippet_to_paste(app, owner):
    page = owner.get("/sites/river").text

    assert site(app).origins == ["https://river.example.org", "http://localhost:4000"]
    assert "&lt;gatepost-comments site=&#34;river&#34;" in page
    assert "https://comments.example.org/embed.js" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "river"),
        ("slug", "Not A Slug"),
        ("slug", "-x"),
        ("name", "  "),
        ("origins", ""),
        ("origins", "ftp://x.example.org"),
        ("origins", "https://user@x.example.org"),
    ],
)
def test_a_site_that_cannot_be_is_refused_with_everything_typed(app, owner, field, value):
    typed = {"name": "Second", "slug": "second", "origins": "https://second.example.org"}
    answer = submit_form(owner, "/sites", **{**typed, field: value})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert len(rows(app, Site, Site.slug == "second")) == 0


def test_the_rules_are_saved_and_shown(app, owner):
    answer = submit_form(
        owner,
        "/sites/river",
        name="River",
        origins="https://river.example.org",
        require_name="1",
        spam_tray_at="0.95",
        rehearsed="0.95",
        close_after_days="30",
    )
    assert answer.status_code == 303
    policy = site(app).policy
    assert (policy.require_name, policy.require_email) == (True, False)
    assert (policy.spam_tray_at, policy.close_after_days) == (0.95, 30)
    assert 'value="0.95"' in owner.get("/sites/river").text


@pytest.mark.parametrize(
    ("field", "value"),
    [("spam_tray_at", "much"), ("spam_tray_at", "1.5"), ("close_after_days", "0"), ("name", "")],
)
def test_rules_that_make_no_sense_are_refused_with_everything_typed(app, owner, field, value):
    typed = {"name": "River two", "origins": "https://river.example.org", field: value}
    answer = submit_form(owner, "/sites/river", **typed)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert site(app).name == "River"


def test_ticks_stay_as_they_were_set_when_something_else_is_wrong(app, owner):
    answer = submit_form(
        owner, "/sites/river", name="", origins="https://river.example.org", return_to_page="1"
    )
    assert 'name="return_to_page" value="1" checked' in answer.text
    assert 'name="require_name" value="1">' in answer.text


def test_the_snippet_allows_as_many_characters_as_we_take(make_app, sqlite_url):
    app = make_app(sqlite_url, comment_max=2000)
    hire(app, rows(app, Site)[0])
    client = visitor(app)
    sign_in(client)

    assert "maxlength=&#34;2000&#34;" in client.get("/sites/blog").text


def test_a_moderator_cannot_change_rules_or_see_endpoints(app, owner):
    hire(app, site(app), "Bob", Role.MODERATOR)
    bob = visitor(app)
    sign_in(bob, "Bob")

    assert submit_form(bob, "/sites/river", name="Mine").status_code == 403
    assert bob.get("/sites/river/endpoints").status_code == 403
    assert submit_form(bob, "/sites", name="x", slug="x").status_code == 403


def test_an_endpoint_gets_a_secret_that_is_stored_nowhere(app, owner):
    answer = submit_form(owner, "/sites/river/endpoints", url="https://hooks.example.org/in?x=1")
    assert answer.status_code == 303
    endpoint = rows(app, Endpoint)[0]
    ring = app.extensions[HOUSE].ring
    secret = show_secret(derive_secret(ring, endpoint.public_id, 1))
    assert secret.removeprefix("whsec_") not in str(vars(endpoint))
    assert secret not in owner.get(answer.location).text
    path = f"/sites/river/endpoints/{endpoint.public_id}"
    assert secret in submit_form(owner, path, action="reveal").text


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "https://hooks.example.org:8443/",
        "https://user:pass@hooks.example.org/",
        "https://hooks.example.org/#part",
        "ftp://hooks.example.org/",
        "not an address",
        "",
    ],
)
def test_an_address_we_would_not_dial_is_refused_when_it_is_typed(app, owner, url):
    answer = submit_form(owner, "/sites/river/endpoints", url=url)
    assert answer.status_code == 422
    assert rows(app, Endpoint) == []


def test_an_operator_may_allow_internal_targets(make_app, sqlite_url):
    app = make_app(sqlite_url, webhook_allow="127.0.0.0/8")
    with app.app_context():
        made = endpoints.add_endpoint(
            app.extensions[HOUSE], 1, url="http://127.0.0.1:9000/hook", types=[]
        )
    assert made.endpoint.url == "http://127.0.0.1:9000/hook"


def test_a_test_event_waits_for_its_endpoint_alone(app, owner):
    submit_form(owner, "/sites/river/endpoints", url="https://one.example.org/")
    endpoint = rows(app, Endpoint)[0]
    path = f"/sites/river/endpoints/{endpoint.public_id}"

    assert submit_form(owner, path, action="test").status_code == 303
    event = rows(app, Event)[0]
    assert (event.type, event.endpoint_id) == (EventType.PING, endpoint.id)
    assert rows(app, Delivery) == []


def test_an_endpoint_is_paused_and_resumed(app, owner):
    submit_form(owner, "/sites/river/endpoints", url="https://one.example.org/")
    path = f"/sites/river/endpoints/{rows(app, Endpoint)[0].public_id}"

    submit_form(owner, path, action="pause")
    assert rows(app, Endpoint)[0].state.value == "paused"
    submit_form(owner, path, action="resume")
    assert rows(app, Endpoint)[0].state.value == "active"
    assert submit_form(owner, path, action="explode").status_code == 400
    assert submit_form(owner, path + "x", action="pause").status_code == 404
