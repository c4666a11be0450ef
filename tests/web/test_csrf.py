"""Every moderator's door, found in the map of doors, against strangers and foreign forms."""

import pytest

from models import Site
from tests.building import rows
from tests.conftest import visitor
from tests.web.staff import OWN_FORM, csrf_of, hire, sign_in

FOR_ANYBODY = {
    "akismet",
    "api",
    "coral",
    "form",
    "tickets",
    "threads",
    "feeds",
    "embed",
    "receipts",
    "mail",
    "health",
    "metrics",
    "perspective",
}
FOR_SIGNING_IN = {
    "account",
    "invitations",
    "reset",
}  # /login and /setup have no session yet; /logout is tried below
FILLED = {
    "slug": "blog",
    "public_id": "ep_unknown",
    "endpoint_id": "ep_unknown",
    "delivery_id": "dlv_unknown",
    "number": 4711,
}


def guarded(app):
    """Blueprints whose doors all pass the guard."""
    return {name for name, before in app.before_request_funcs.items() if name and before}


def doors(app, method):
    """Paths of the guarded doors that take a method, their places filled in."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.split(".")[0] in guarded(app) and method in rule.methods:
            with app.test_request_context():
                names = {name: FILLED[name] for name in rule.arguments}
                found.append(app.url_map.bind("").build(rule.endpoint, names))
    return found


@pytest.fixture
def staff(app):
    hire(app, rows(app, Site)[0])
    client = visitor(app)
    sign_in(client)
    return client


def test_every_blueprint_is_guarded_or_named_here(app):
    assert set(app.blueprints) - guarded(app) == FOR_ANYBODY | FOR_SIGNING_IN
    assert doors(app, "GET")
    assert doors(app, "POST")


def test_without_signing_in_every_page_leads_to_the_sign_in(app, client):
    for path in doors(app, "GET"):
        answer = client.get(path)
        assert (path, answer.status_code) == (path, 303)
        assert answer.headers["Location"].startswith("/login?next=")


def test_without_signing_in_no_form_is_taken(app, client):
    for path in [*doors(app, "POST"), "/logout"]:
        assert (path, client.post(path, data={"name": "x"}, headers=OWN_FORM).status_code) == (
            path,
            403,
        )


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"}, {"Origin": "null"}],
)
def test_no_door_takes_a_form_from_elsewhere_even_with_the_token(app, staff, headers):
    token = csrf_of(staff)
    for path in [*doors(app, "POST"), "/logout"]:
        answer = staff.post(path, data={"csrf": token}, headers=headers)
        assert (path, answer.status_code) == (path, 403)
    assert staff.get("/queue").status_code == 200


@pytest.mark.parametrize("token", ["", "wrong"])
def test_no_door_takes_our_own_form_without_the_token(app, staff, token):
    for path in [*doors(app, "POST"), "/logout"]:
        answer = staff.post(path, data={"csrf": token}, headers=OWN_FORM)
        assert (path, answer.status_code) == (path, 403)


def test_a_script_of_ours_may_carry_the_token_in_a_header(staff):
    headers = {**OWN_FORM, "X-CSRF-Token": csrf_of(staff)}
    assert staff.post("/logout", data={"name": "x"}, headers=headers).status_code == 303


@pytest.mark.parametrize(
    "path", ["/login", "/login/second", "/login/passkey", "/setup", "/reset", "/invitations/x"]
)
def test_signing_in_and_claiming_take_no_form_from_elsewhere(client, path):
    answer = client.post(path, data={"name": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
