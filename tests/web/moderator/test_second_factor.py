"""An authenticator app beside the password, and the recovery codes for when it is gone."""

from datetime import UTC, datetime

import pytest

from models import AuditEntry, Authenticator, Moderator, RecoveryCode, Role, Site
from service.housekeeping import tidy
from service.staff import totp
from service.web.context import HOUSE
from tests.building import rows
from tests.conftest import visitor
from tests.web.factor import begin_app, second_step, set_up_app
from tests.web.staff import OWN_FORM, PASSWORD, hire, sign_in, submit_form


@pytest.fixture
def ana(app_on_both):
    """Ana's browser, signed in."""
    hire(app_on_both, rows(app_on_both, Site)[0])
    client = visitor(app_on_both)
    sign_in(client)
    return client


def after_password(app):
    """A fresh browser that has given the right password."""
    client = visitor(app)
    answer = sign_in(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/second")
    return client


def is_in(client):
    return client.get("/queue").status_code == 200


def test_the_codes_are_those_of_the_standard():
    """RFC 6238, appendix B, the last six digits of eight."""
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        moment = datetime.fromtimestamp(seconds, UTC)
        assert totp.code_at(b"12345678901234567890", moment) == code


def test_an_app_counts_once_its_first_code_has_confirmed_it(app_on_both, clock, ana):
    begin_app(ana, clock)
    assert submit_form(ana, "/account/app", action="confirm", code="000000").status_code == 422
    assert sign_in(visitor(app_on_both)).headers["Location"] == "/queue"

    _phone, codes = set_up_app(ana, clock)

    assert len(set(codes)) == 10
    client = after_password(app_on_both)
    assert not is_in(client)


def test_password_and_code_sign_in(app_on_both, clock, ana):
    phone, _codes = set_up_app(ana, clock)
    client = after_password(app_on_both)

    answer = second_step(client, phone.code(), next="/queue?status=spam")

    assert answer.headers["Location"] == "/queue?status=spam"
    assert is_in(client)


def test_a_code_is_good_once(app_on_both, clock, ana):
    phone, _codes = set_up_app(ana, clock)
    code = phone.code()
    assert second_step(after_password(app_on_both), code).status_code == 303

    again = after_password(app_on_both)
    assert second_step(again, code).status_code == 422
    assert second_step(again, phone.code(seconds=-30)).status_code == 422
    assert not is_in(again)
    assert second_step(again, phone.code(seconds=30)).status_code == 303


@pytest.mark.parametrize(
    ("seconds", "status"), [(-60, 422), (-30, 303), (0, 303), (30, 303), (60, 422)]
)
def test_a_phones_clock_may_be_one_step_off(app, client, clock, seconds, status):
    hire(app, rows(app, Site)[0])
    sign_in(client)
    phone, _codes = set_up_app(client, clock)
    clock.move(minutes=5)

    assert second_step(after_password(app), phone.code(seconds=seconds)).status_code == status


def test_a_recovery_code_is_good_once_however_it_is_typed(app_on_both, clock, ana):
    _phone, codes = set_up_app(ana, clock)
    first = after_password(app_on_both)
    assert second_step(first, f" {codes[0].upper().replace('-', ' ')} ").status_code == 303
    assert "9 of 10 left" in first.get("/account").text

    assert second_step(after_password(app_on_both), codes[0]).status_code == 422
    assert second_step(after_password(app_on_both), codes[1]).status_code == 303
    used = rows(app_on_both, RecoveryCode, RecoveryCode.used_at.is_not(None))
    assert len(used) == 2


def test_new_recovery_codes_end_the_old_ones(app_on_both, clock, ana):
    _phone, old = set_up_app(ana, clock)
    page = submit_form(ana, "/account/codes").text
    new = page.split("<code>")[1].split("</code>")[0]

    assert second_step(after_password(app_on_both), old[0]).status_code == 422
    assert second_step(after_password(app_on_both), new).status_code == 303


def test_without_a_second_factor_there_are_no_recovery_codes(ana):
    assert submit_form(ana, "/account/codes").status_code == 409


def test_what_waits_for_a_code_waits_five_minutes(app_on_both, clock, ana):
    phone, _codes = set_up_app(ana, clock)
    client = after_password(app_on_both)
    clock.move(minutes=5)

    assert second_step(client, phone.code()).status_code == 422
    assert client.get("/login/second").headers["Location"] == "/login"
    assert not is_in(client)


def test_without_a_password_first_no_code_is_asked_for(app, client):
    assert client.get("/login/second").headers["Location"] == "/login"
    assert second_step(client, "123456").status_code == 422


def test_a_new_password_ends_what_waits_for_a_code(app_on_both, clock, ana):
    phone, _codes = set_up_app(ana, clock)
    thief = after_password(app_on_both)

    submit_form(ana, "/account/password", password="boats rest until noon")

    assert second_step(thief, phone.code()).status_code == 422
    assert not is_in(thief)


def test_tries_of_codes_are_paced(app, client, clock):
    hire(app, rows(app, Site)[0])
    sign_in(client)
    phone, _codes = set_up_app(client, clock)
    thief = after_password(app)

    statuses = [second_step(thief, "000000").status_code for _ in range(11)]

    assert statuses == [422] * 10 + [429]
    assert second_step(thief, phone.code()).status_code == 429


def test_a_wrong_password_tells_nothing_of_a_second_factor(app, client, clock):
    hire(app, rows(app, Site)[0])
    sign_in(client)
    set_up_app(client, clock)

    wrong, unknown = (sign_in(visitor(app), name, "a wrong password") for name in ("Ana", "Bob"))

    assert wrong.status_code == unknown.status_code == 422
    assert wrong.text.replace("ana@", "bob@") == unknown.text


def test_removing_the_app_ends_the_other_sessions_and_the_codes(app_on_both, clock, ana):
    phone, _codes = set_up_app(ana, clock)
    other = after_password(app_on_both)
    second_step(other, phone.code())

    answer = submit_form(ana, "/account/app", action="remove")

    assert answer.headers["Location"] == "/account?done=app-removed"
    assert is_in(ana)
    assert not is_in(other)
    assert rows(app_on_both, RecoveryCode) == []
    assert sign_in(visitor(app_on_both)).headers["Location"] == "/queue"


def test_another_app_takes_the_place_of_the_first_without_a_gap(app_on_both, clock, ana):
    old, _codes = set_up_app(ana, clock)
    new = begin_app(ana, clock)
    assert second_step(after_password(app_on_both), old.code()).status_code == 303

    answer = submit_form(ana, "/account/app", action="confirm", code=new.code())
    clock.move(minutes=1)

    assert answer.headers["Location"] == "/account?done=app"
    assert second_step(after_password(app_on_both), old.code()).status_code == 422
    assert second_step(after_password(app_on_both), new.code()).status_code == 303


def test_with_a_second_factor_a_password_may_be_short_and_must_grow_before_it_goes(
    app_on_both, clock, ana
):
    assert submit_form(ana, "/account/password", password="riverboat").status_code == 422
    set_up_app(ana, clock)
    assert submit_form(ana, "/account/password", password="short").status_code == 422
    assert submit_form(ana, "/account/password", password="riverboat").status_code == 303

    refused = submit_form(ana, "/account/app", action="remove")
    assert refused.status_code == 409
    assert "at least 15 characters first" in refused.text
    assert len(rows(app_on_both, Authenticator)) == 1

    submit_form(ana, "/account/password", password=PASSWORD)
    assert submit_form(ana, "/account/app", action="remove").status_code == 303


def test_proving_it_again_takes_the_second_factor_too(app_on_both, clock, ana):
    phone, _codes = set_up_app(ana, clock)
    clock.move(minutes=15)

    assert submit_form(ana, "/login/again", password=PASSWORD).status_code == 422
    assert submit_form(ana, "/login/again", password=PASSWORD, code="000000").status_code == 422
    answer = submit_form(ana, "/login/again", password=PASSWORD, code=phone.code())
    assert answer.status_code == 303


def test_the_secret_is_sealed_for_its_row_alone(app_on_both, clock, ana):
    phone, _codes = set_up_app(ana, clock)
    [row] = rows(app_on_both, Authenticator)
    assert phone.secret not in row.sealed

    ring = app_on_both.extensions[HOUSE].ring
    opened = totp.open_secret(row.sealed, moderator_id=row.moderator_id, uid=row.uid, ring=ring)
    assert opened == phone.secret
    for other in (
        {"moderator_id": row.moderator_id + 1, "uid": row.uid},
        {"moderator_id": row.moderator_id, "uid": bytes(16)},
    ):
        with pytest.raises(totp.SealError):
            totp.open_secret(row.sealed, **other, ring=ring)


def test_owners_see_who_has_a_second_factor(app_on_both, clock, ana):
    hire(app_on_both, rows(app_on_both, Site)[0], "Olga", Role.OWNER)
    set_up_app(ana, clock)
    olga = visitor(app_on_both)
    sign_in(olga, "Olga")

    page = olga.get("/sites/blog/team").text

    assert "ana@staff.example.org, has a second factor" in page
    assert "olga@staff.example.org, password alone" in page
    assert "second factor" not in ana.get("/sites/blog/team").text


def test_what_was_done_stands_in_the_audit_log_in_ids_alone(app_on_both, clock, ana):
    _phone, codes = set_up_app(ana, clock)
    second_step(after_password(app_on_both), codes[0])
    submit_form(ana, "/account/app", action="remove")

    told = rows(app_on_both, AuditEntry, AuditEntry.act.like("account.%"))
    assert [one.act for one in told] == [
        "account.sign_in",
        "account.app_add",
        "account.codes_make",
        "account.code_use",
        "account.sign_in",
        "account.app_remove",
        "account.sessions_end",
    ]
    assert told[4].subject["way"] == "password and recovery code"
    [moderator] = rows(app_on_both, Moderator, Moderator.name == "Ana")
    assert {one.actor_id for one in told} == {moderator.id}


def test_a_form_from_elsewhere_takes_no_code(app, client, clock):
    hire(app, rows(app, Site)[0])
    sign_in(client)
    phone, _codes = set_up_app(client, clock)
    other = after_password(app)

    headers = {**OWN_FORM, "Sec-Fetch-Site": "cross-site"}
    answer = other.post("/login/second", data={"code": phone.code()}, headers=headers)

    assert answer.status_code == 403


def test_an_app_that_no_code_has_confirmed_is_forgotten(app_on_both, clock, ana):
    begin_app(ana, clock)
    clock.move(hours=25)
    with app_on_both.app_context():
        tidy(app_on_both.extensions[HOUSE])

    assert rows(app_on_both, Authenticator) == []
