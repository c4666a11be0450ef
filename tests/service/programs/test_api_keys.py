"""Keys of programs: shown once, known again, over at once when they are ended."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import ApiKey, ApiKeyKind, Scope
from service.db import db
from service.errors import InvalidError, NotFoundError
from service.programs import api_keys
from service.programs.api_keys import WantedKey
from service.web.context import HOUSE
from tests.building import rows
from tests.web.desk import site_of

READER = WantedKey("Build server", ApiKeyKind.API, [Scope.READ], None)
DROP_IN = WantedKey("WordPress", ApiKeyKind.AKISMET, [], 30)


@pytest.fixture
def site(app_on_both):
    return site_of(app_on_both)


def make(app, site, wanted=READER):
    with app.app_context():
        return api_keys.make_key(app.extensions[HOUSE], site.id, None, wanted)


def opens(app, typed, kind=ApiKeyKind.API):
    with app.app_context():
        found = api_keys.key_of(app.extensions[HOUSE], typed, kind)
        return None if found is None else found.public_id


@pytest.mark.parametrize("wanted", [READER, DROP_IN], ids=["api", "akismet"])
def test_a_key_opens_and_is_nowhere_in_the_database(app_on_both, site, wanted):
    fresh = make(app_on_both, site, wanted)

    assert opens(app_on_both, fresh.shown, wanted.kind) == fresh.row.public_id
    row = rows(app_on_both, ApiKey)[0]
    assert fresh.shown not in str(vars(row))
    form = api_keys.API_FORM if wanted.kind is ApiKeyKind.API else api_keys.AKISMET_FORM
    assert form.fullmatch(fresh.shown)


@pytest.mark.parametrize("wanted", [READER, DROP_IN], ids=["api", "akismet"])
def test_a_slip_of_the_pen_is_no_key_and_asks_no_database(app_on_both, site, wanted):
    shown = make(app_on_both, site, wanted).shown
    wrong = [shown[:-1] + ("0" if shown[-1] != "0" else "1"), shown + "0", shown[1:], "", "é" * 40]
    said = []
    with app_on_both.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", lambda *call: said.append(call[2]))
        house = app_on_both.extensions[HOUSE]
        found = [api_keys.key_of(house, one, wanted.kind) for one in wrong]

    assert found == [None] * len(wrong)
    assert said == []


def test_a_key_of_one_kind_opens_no_door_of_the_other(app_on_both, site):
    shown = make(app_on_both, site).shown

    assert opens(app_on_both, shown, ApiKeyKind.AKISMET) is None


def test_a_key_is_over_when_its_days_are_or_when_it_is_ended(app_on_both, site, clock):
    short, other = make(app_on_both, site, DROP_IN), make(app_on_both, site)
    with app_on_both.app_context():
        house = app_on_both.extensions[HOUSE]
        api_keys.end_key(house, site.id, other.row.public_id)
        api_keys.end_key(house, site.id, other.row.public_id)
        with pytest.raises(NotFoundError):
            api_keys.end_key(house, site.id, "00000000")
    clock.move(days=29)
    assert opens(app_on_both, short.shown, ApiKeyKind.AKISMET)
    clock.move(days=2)

    assert opens(app_on_both, short.shown, ApiKeyKind.AKISMET) is None
    assert opens(app_on_both, other.shown) is None


def test_a_site_has_two_live_keys_of_a_kind(app_on_both, site):
    first = make(app_on_both, site)
    make(app_on_both, site)
    with pytest.raises(InvalidError) as refused:
        make(app_on_both, site)
    assert "End one first" in refused.value.errors["kind"][0]
    make(app_on_both, site, DROP_IN)

    with app_on_both.app_context():
        api_keys.end_key(app_on_both.extensions[HOUSE], site.id, first.row.public_id)
    assert make(app_on_both, site)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (WantedKey(" ", ApiKeyKind.API, [Scope.READ], None), "name"),
        (WantedKey("n" * 81, ApiKeyKind.API, [Scope.READ], None), "name"),
        (WantedKey("No scopes", ApiKeyKind.API, [], None), "scopes"),
        (WantedKey("Scopes", ApiKeyKind.AKISMET, [Scope.READ], None), "scopes"),
        (WantedKey("Yesterday", ApiKeyKind.API, [Scope.READ], 0), "days"),
    ],
)
def test_what_makes_no_key_is_said_by_field(app_on_both, site, wanted, field):
    with pytest.raises(InvalidError) as refused:
        make(app_on_both, site, wanted)

    assert list(refused.value.errors) == [field]
    assert rows(app_on_both, ApiKey) == []


def test_use_is_noted_to_the_minute(app_on_both, site, clock):
    make(app_on_both, site)

    def used():
        with app_on_both.app_context():
            house = app_on_both.extensions[HOUSE]
            api_keys.see_key(house, api_keys.keys_and_makers(site.id)[0][0])
        return rows(app_on_both, ApiKey)[0].used_at

    first = used()
    clock.move(seconds=30)
    assert used() == first
    clock.move(seconds=31)
    assert used() - first == timedelta(seconds=61)
