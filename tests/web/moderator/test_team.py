"""The team: who is invited, who joins, whose role changes, and who is left."""

import re
import threading

import pytest
import sqlalchemy as sa

from models import AuditEntry, Invitation, Membership, Moderator, Role
from service.db import db
from tests.building import found_demo_site, rows
from tests.conftest import visitor
from tests.web.desk import site_of
from tests.web.staff import OWN_FORM, PASSWORD, hire, sign_in, submit_form

TEAM = "/sites/blog/team"
NEW = {"name": "Nia", "password": PASSWORD}


@pytest.fixture
def owner(app_on_both):
    hire(app_on_both, site_of(app_on_both), role=Role.OWNER)
    client = visitor(app_on_both)
    sign_in(client)
    return client


def invited(owner, email="nia@staff.example.org", role="moderator"):
    """Invite somebody; return the path of the link that the page shows."""
    answer = submit_form(owner, TEAM, action="invite", email=email, role=role)
    assert answer.status_code == 200, answer.text
    return re.search(r"https://comments\.example\.org(/invitations/[\w-]+)", answer.text).group(1)


def accept(client, path, **changes):
    return client.post(path, data={**NEW, **changes}, headers=OWN_FORM)


def roles(app):
    """Name -> role of everybody on the site."""
    names = {one.id: one.name for one in rows(app, Moderator)}
    site_id = site_of(app).id
    with app.app_context():
        found = db.session.scalars(sa.select(Membership).where(Membership.site_id == site_id))
        return {names[one.moderator_id]: one.role for one in found}


def member(app, name):
    return next(one.id for one in rows(app, Moderator) if one.name == name)


def change(owner, app, name, seen, action="role", **fields):
    number = member(app, name)
    return submit_form(owner, TEAM, action=action, moderator=number, seen=seen, **fields)


def test_somebody_invited_makes_an_account_and_is_at_the_queue(app_on_both, owner):
    path = invited(owner)
    nia = visitor(app_on_both)
    page = nia.get(path)
    assert "<bdi>Ana</bdi> invites you" in page.text
    assert "nia@staff.example.org" in page.text

    answer = accept(nia, path)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/queue")
    assert nia.get("/queue").status_code == 200
    assert roles(app_on_both)["Nia"] is Role.MODERATOR
    acts = [one.act for one in rows(app_on_both, AuditEntry, AuditEntry.act.like("team.%"))]
    assert acts == ["team.invite", "team.join"]


def test_an_invitation_is_good_once(app_on_both, owner):
    path = invited(owner)
    accept(visitor(app_on_both), path)

    assert visitor(app_on_both).get(path).status_code == 410
    assert accept(visitor(app_on_both), path, name="Eve").status_code == 410
    assert "Eve" not in roles(app_on_both)


def test_of_two_who_accept_at_once_one_gets_in(app_on_both, owner):
    path = invited(owner)
    answers = []

    def go(name):
        answers.append(accept(visitor(app_on_both), path, name=name).status_code)

    threads = [threading.Thread(target=go, args=(name,)) for name in ("Nia", "Eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(303) == 1
    assert len({"Nia", "Eve"} & set(roles(app_on_both))) == 1


def test_what_does_not_pass_leaves_the_invitation_open(app_on_both, owner):
    path = invited(owner)
    answer = accept(visitor(app_on_both), path, password="short", name="Nia")
    assert answer.status_code == 422
    assert 'value="Nia"' in answer.text
    assert accept(visitor(app_on_both), path).status_code == 303


def test_an_invitation_is_over_after_a_week_or_when_taken_back(app_on_both, owner, clock):
    first, second = invited(owner), invited(owner, "ben@staff.example.org")
    taken_back = rows(app_on_both, Invitation)[1]
    submit_form(owner, TEAM, action="uninvite", invitation=taken_back.public_id)
    assert visitor(app_on_both).get(second).status_code == 410
    assert visitor(app_on_both).get(first).status_code == 200
    clock.move(days=7)
    assert visitor(app_on_both).get(first).status_code == 410
    assert visitor(app_on_both).get("/invitations/wrong").status_code == 404


def test_somebody_with_an_account_signs_in_and_accepts(app_on_both, owner):
    other = found_demo_site(app_on_both, slug="other", origins=["https://other.example.org"])
    hire(app_on_both, other, "Bob")
    path = invited(owner, "bob@staff.example.org", "viewer")
    bob = visitor(app_on_both)
    assert "/login?next=" in bob.get(path).text
    assert accept(bob, path).status_code == 409
    sign_in(bob, "Bob")
    assert "You are signed in as" in bob.get(path).text
    assert submit_form(bob, path).headers["Location"] == "/queue?site=blog"
    assert roles(app_on_both)["Bob"] is Role.VIEWER


def test_an_invitation_takes_nothing_away(app_on_both, owner):
    path = invited(owner, "new@staff.example.org", "viewer")
    assert submit_form(owner, path).status_code == 303
    assert roles(app_on_both)["Ana"] is Role.OWNER


def test_accepting_with_an_account_takes_no_form_from_elsewhere(app_on_both, owner):
    path = invited(owner, "new@staff.example.org")
    assert owner.post(path, data=NEW, headers=OWN_FORM).status_code == 403
    assert owner.post(path, data=NEW).status_code == 403


def test_roles_change_and_end(app_on_both, owner):
    hire(app_on_both, site_of(app_on_both), "Bob")
    assert change(owner, app_on_both, "Bob", "moderator", role="viewer").status_code == 303
    assert roles(app_on_both)["Bob"] is Role.VIEWER
    change(owner, app_on_both, "Bob", "viewer", action="remove", role="viewer")
    assert "Bob" not in roles(app_on_both)
    entry = rows(app_on_both, AuditEntry)[-1]
    assert entry.subject == {
        "moderator": member(app_on_both, "Bob"),
        "before": "viewer",
        "after": None,
    }


def test_who_is_removed_is_let_in_no_more(app_on_both, owner):
    hire(app_on_both, site_of(app_on_both), "Bob")
    bob = visitor(app_on_both)
    sign_in(bob, "Bob")
    assert bob.get("/sites/blog").status_code == 200
    change(owner, app_on_both, "Bob", "moderator", action="remove")
    assert bob.get("/sites/blog").status_code == 404


def test_a_site_keeps_an_owner(app_on_both, owner):
    first = next(name for name, role in roles(app_on_both).items() if name.startswith("Owner"))
    change(owner, app_on_both, first, "owner", action="remove")
    answer = change(owner, app_on_both, "Ana", "owner", role="viewer")
    assert answer.status_code == 409
    assert "at least one owner" in answer.text
    assert change(owner, app_on_both, "Ana", "owner", action="remove").status_code == 409
    assert roles(app_on_both) == {"Ana": Role.OWNER}


def test_an_owner_may_leave_when_another_stays(app_on_both, owner):
    answer = change(owner, app_on_both, "Ana", "owner", action="remove")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sites")
    assert owner.get(TEAM).status_code == 404


def test_a_role_that_changed_meanwhile_is_shown_instead(app_on_both, owner):
    hire(app_on_both, site_of(app_on_both), "Bob")
    change(owner, app_on_both, "Bob", "moderator", role="viewer")
    answer = change(owner, app_on_both, "Bob", "moderator", role="owner")
    assert answer.status_code == 409
    assert "changed this role meanwhile" in answer.text
    assert roles(app_on_both)["Bob"] is Role.VIEWER


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"action": "invite", "email": "nobody", "role": "viewer"}, 422),
        ({"action": "invite", "email": "ana@staff.example.org", "role": "viewer"}, 422),
        ({"action": "invite", "email": "x@example.org", "role": "king"}, 400),
        ({"action": "role", "moderator": "x", "seen": "viewer", "role": "viewer"}, 400),
        ({"action": "role", "moderator": "4711", "seen": "viewer", "role": "viewer"}, 404),
        ({"action": "uninvite", "invitation": "x"}, 404),
        ({"action": "crown"}, 400),
    ],
    ids=["no address", "works here", "no role", "no number", "nobody", "no invitation", "no act"],
)
def test_what_makes_no_sense_is_refused_in_words(app_on_both, owner, fields, status):
    answer = submit_form(owner, TEAM, **fields)
    assert answer.status_code == status
    if status == 422:
        assert f'value="{fields["email"]}"' in answer.text


def test_addresses_of_the_team_are_for_owners_alone(app_on_both, owner):
    hire(app_on_both, site_of(app_on_both), "Bob")
    bob = visitor(app_on_both)
    sign_in(bob, "Bob")
    assert "bob@staff.example.org" in owner.get(TEAM).text
    assert "@staff.example.org" not in bob.get(TEAM).text
    assert "Ana" in bob.get(TEAM).text
