"""Passkeys against a device that can lie; tests/browser/test_passkeys.py has a real browser."""

import json
from dataclasses import replace

import pytest

from models import Passkey, RecoveryCode, Site
from service.staff.passkeys import rp_id
from tests.building import rows
from tests.conftest import settings_of, visitor
from tests.web.device import PRESENT, Device, text
from tests.web.factor import set_up_app
from tests.web.staff import OWN_FORM, PASSWORD, hire, sign_in, submit_form


@pytest.fixture
def ana(app_on_both):
    """Ana's browser, signed in."""
    hire(app_on_both, rows(app_on_both, Site)[0])
    client = visitor(app_on_both)
    sign_in(client)
    return client


def add(client, device, name="laptop", **bent):
    """Add a device's passkey."""
    options = submit_form(client, "/account/passkeys/options").json
    credential = replace_answer(device.make(options), bent)
    return submit_form(client, "/account/passkeys", action="add", name=name, credential=credential)


def replace_answer(credential, bent):
    return json.dumps({**json.loads(credential), **bent})


def challenge(client, **fields):
    return client.post(
        "/login/passkey/options", data={"next": "/queue", **fields}, headers=OWN_FORM
    ).json


def show(client, credential, **fields):
    data = {"credential": credential, **fields}
    return client.post("/login/passkey", data=data, headers=OWN_FORM)


def is_in(client):
    return client.get("/queue").status_code == 200


def test_a_passkey_signs_in_alone(app_on_both, ana):
    device = Device(count=1)
    answer = add(ana, device)
    assert answer.text.count("<li><code>") == 10
    assert len(rows(app_on_both, RecoveryCode)) == 10
    client = visitor(app_on_both)

    answer = show(client, device.prove(challenge(client)), next="/statistics")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/statistics")
    assert is_in(client)
    [kept] = rows(app_on_both, Passkey)
    assert (kept.name, kept.sign_count, kept.used_at is None) == ("laptop", 2, False)


def test_beside_the_password_only_the_moderators_own_passkeys_are_asked_for(app_on_both, ana):
    device = Device()
    add(ana, device)
    client = visitor(app_on_both)
    assert sign_in(client).headers["Location"] == "/login/second"
    assert "Use a passkey" in client.get("/login/second").text

    options = challenge(client, of="pending")

    assert [one["id"] for one in options["allowCredentials"]] == [text(device.id)]
    assert show(client, device.prove(options)).status_code == 303
    assert challenge(visitor(app_on_both), of="pending")["allowCredentials"] == []


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example.org"},
        {"origin": "https://comments.example.org.evil.example.org"},
        {"rp_id": "example.org"},
        {"flags": PRESENT},
        {"flags": 0},
        {"handle": bytes(32)},
        {"count": 0},
        {"id": b"of nobody"},
        {"key": Device().key},
    ],
    ids=[
        "foreign origin",
        "longer origin",
        "wider name",
        "not verified",
        "not present",
        "another account",
        "old count",
        "unknown",
        "another key",
    ],
)
def test_an_answer_that_is_not_the_devices_own_is_refused(app, client, lie):
    hire(app, rows(app, Site)[0])
    sign_in(client)
    device = Device(count=5)
    assert add(client, device).status_code == 200
    other = visitor(app)

    answer = show(other, replace(device, **lie).prove(challenge(other)))

    assert answer.status_code == 422
    assert "This passkey was not accepted" in answer.text
    assert not is_in(other)
    assert show(other, device.prove(challenge(other))).status_code == 303


def test_a_challenge_is_answered_once_even_with_a_copied_cookie(app_on_both, ana):
    device = Device()
    add(ana, device)
    first, second = visitor(app_on_both), visitor(app_on_both)
    options = challenge(first)
    host = "comments.example.org"
    cookie = first.get_cookie("__Host-gatepost", domain=host).value
    second.set_cookie("__Host-gatepost", cookie, secure=True, domain=host)
    credential = device.prove(options)

    assert show(first, credential).status_code == 303
    assert show(second, credential).status_code == 422
    assert not is_in(second)


def test_a_challenge_is_good_for_five_minutes_and_for_its_purpose(app_on_both, clock, ana):
    device = Device()
    add(ana, device)
    client = visitor(app_on_both)
    options = challenge(client)
    clock.move(minutes=5)
    assert show(client, device.prove(options)).status_code == 422

    made_for_proving = submit_form(ana, "/login/again/options").json
    made_for_proving["user"] = {"id": text(b"x" * 32)}
    new = Device().make(made_for_proving)
    answer = submit_form(ana, "/account/passkeys", action="add", name="new", credential=new)
    assert answer.status_code == 422
    assert show(visitor(app_on_both), device.prove(options)).status_code == 422


@pytest.mark.parametrize(
    "credential",
    ["", "null", "[]", "{}", "[" * 15_000, '{"id":"x","rawId":"x","response":{}}', "x" * 30_000],
)
def test_rubbish_is_refused_and_not_a_fault(app, client, credential):
    hire(app, rows(app, Site)[0])
    sign_in(client)
    other = visitor(app)
    challenge(other)
    assert show(other, credential).status_code == 422
    submit_form(client, "/account/passkeys/options")
    form = {"action": "add", "name": "laptop", "credential": credential}
    assert submit_form(client, "/account/passkeys", **form).status_code == 422


def test_a_device_that_lies_about_itself_is_not_added(app, client):
    hire(app, rows(app, Site)[0])
    sign_in(client)
    for lie in ({"origin": "https://evil.example.org"}, {"rp_id": "x.org"}, {"flags": PRESENT}):
        answer = add(client, Device(**lie))
        assert (lie, answer.status_code) == (lie, 422)
    assert add(client, Device(), name=" ").status_code == 422
    assert add(client, Device(), name="x" * 61).status_code == 422
    assert rows(app, Passkey) == []


def test_passkeys_of_one_moderator_bear_one_handle_and_are_not_added_twice(app_on_both, ana):
    first, second = Device(), Device()
    add(ana, first)
    options = submit_form(ana, "/account/passkeys/options").json
    assert [one["id"] for one in options["excludeCredentials"]] == [text(first.id)]

    assert add(ana, second, name="blue key").headers["Location"] == "/account?done=passkey"
    assert add(ana, first).status_code == 409

    assert first.handle == second.handle
    assert "<bdi>blue key</bdi>" in ana.get("/account").text


def test_a_removed_passkey_signs_nobody_in_and_its_sessions_end(app_on_both, ana):
    device = Device()
    add(ana, device)
    other = visitor(app_on_both)
    show(other, device.prove(challenge(other)))
    [kept] = rows(app_on_both, Passkey)

    answer = submit_form(ana, "/account/passkeys", action="remove", passkey=kept.public_id)

    assert answer.headers["Location"] == "/account?done=passkey-removed"
    assert is_in(ana)
    assert not is_in(other)
    assert show(other, device.prove(challenge(other))).status_code == 422
    assert rows(app_on_both, RecoveryCode) == []


def test_a_short_password_keeps_the_last_passkey_and_not_the_last_but_one(app_on_both, clock, ana):
    add(ana, Device())
    set_up_app(ana, clock)
    submit_form(ana, "/account/password", password="riverboat")
    [kept] = rows(app_on_both, Passkey)
    assert submit_form(ana, "/account/app", action="remove").status_code == 303

    form = {"action": "remove", "passkey": kept.public_id}
    assert submit_form(ana, "/account/passkeys", **form).status_code == 409
    submit_form(ana, "/account/password", password=PASSWORD)
    assert submit_form(ana, "/account/passkeys", **form).status_code == 303


def test_a_colleagues_passkey_is_not_there_and_proves_nothing_for_another(app_on_both, ana):
    hire(app_on_both, rows(app_on_both, Site)[0], "Bob")
    bob, device = visitor(app_on_both), Device()
    sign_in(bob, "Bob")
    add(bob, device)
    [his] = rows(app_on_both, Passkey)

    form = {"action": "remove", "passkey": his.public_id}
    assert submit_form(ana, "/account/passkeys", **form).status_code == 404
    proof = device.prove(submit_form(ana, "/login/again/options").json)
    assert submit_form(ana, "/login/again", credential=proof).status_code == 422
    proof = device.prove(submit_form(bob, "/login/again/options").json)
    assert submit_form(bob, "/login/again", credential=proof).status_code == 303


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://comments.example.org", "comments.example.org"),
        ("https://comments.example.org:8443", "comments.example.org"),
        ("http://localhost:8080", "localhost"),
        ("http://127.0.0.1:8080", None),
        ("https://192.0.2.7", None),
        ("https://[2001:db8::7]", None),
        ("http://comments.example.org", None),
    ],
)
def test_passkeys_are_bound_to_the_configured_host_where_browsers_take_it(tmp_path, base_url, host):
    settings = settings_of(tmp_path, "sqlite:////tmp/none.db", base_url=base_url)
    assert rp_id(settings) == host


def test_where_there_can_be_none_the_page_says_so_and_shows_no_button(make_app, sqlite_url):
    app = make_app(sqlite_url, base_url="https://192.0.2.7")
    hire(app, rows(app, Site)[0])
    client = visitor(app)
    address = {"base_url": "https://192.0.2.7"}
    form = {"email": "ana@staff.example.org", "password": PASSWORD}
    client.post("/login", data=form, headers=OWN_FORM, **address)

    page = client.get("/account", **address).text
    assert "browsers bind a passkey to a host name" in page
    assert "passkeys.js" not in page
    assert "passkey" not in client.get("/login", **address).text
    answer = client.post("/login/passkey/options", headers=OWN_FORM, data={"of": ""}, **address)
    assert answer.status_code == 403
