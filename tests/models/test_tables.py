"""What every table relies on: moments in UTC, words by their value, rules of the database."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError

from models import Base, Membership, Moderator, Role, Site
from models.base import UTCDateTime
from tests.databases import engine_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
COLUMNS = [column for table in Base.metadata.sorted_tables for column in table.columns]


@pytest.fixture
def connection(database_url):
    with engine_of(database_url) as engine, engine.connect() as connection:
        yield connection


def add_site(connection, slug="blog", created_at=NOON):
    query = sa.insert(Site.__table__).values(
        slug=slug, name="Blog", origins=[], policy={}, created_at=created_at
    )
    return connection.execute(query).inserted_primary_key[0]


def test_a_moment_of_another_zone_comes_back_in_utc(connection):
    add_site(connection, created_at=NOON.astimezone(timezone(timedelta(hours=5))))
    found = connection.scalar(sa.select(Site.created_at))
    assert (found, found.tzinfo) == (NOON, UTC)


def test_moments_of_several_zones_sort_by_time(connection):
    later = (NOON + timedelta(hours=1)).astimezone(timezone(timedelta(hours=-8)))
    add_site(connection, "later", later)
    add_site(connection, "sooner", NOON.astimezone(timezone(timedelta(hours=9))))
    slugs = connection.scalars(sa.select(Site.slug).order_by(Site.created_at))
    assert slugs.all() == ["sooner", "later"]


def test_a_moment_without_a_zone_is_refused(connection):
    with pytest.raises(StatementError, match="without a time zone"):
        add_site(connection, created_at=NOON.replace(tzinfo=None))


def test_no_moment_stays_no_moment():
    kind = UTCDateTime()
    assert kind.process_bind_param(None, None) is None
    assert kind.process_result_value(None, None) is None


def test_every_moment_is_kept_in_utc():
    moments = [column for column in COLUMNS if isinstance(column.type, sa.DateTime | UTCDateTime)]
    assert [str(column) for column in moments if not isinstance(column.type, UTCDateTime)] == []


def test_every_enumeration_stores_its_values_as_text():
    kinds = {str(c): c.type for c in COLUMNS if isinstance(c.type, sa.Enum)}
    assert kinds
    for column, kind in kinds.items():
        assert kind.enums == [member.value for member in kind.enum_class], column
        assert not kind.native_enum, column


def test_a_role_stands_in_the_database_by_its_value(connection):
    site = add_site(connection)
    moderator = connection.execute(
        sa.insert(Moderator).values(
            email="ana@staff.example.org",
            name="Ana",
            password="!",
            fs_uniquifier="u",
            active=True,
            operator=False,
            created_at=NOON,
        )
    ).inserted_primary_key[0]
    connection.execute(
        sa.insert(Membership).values(moderator_id=moderator, site_id=site, role=Role.OWNER)
    )
    assert connection.exec_driver_sql("SELECT role FROM membership").scalar() == "owner"
    assert connection.scalar(sa.select(Membership.role)) is Role.OWNER


def test_two_sites_cannot_share_a_slug(connection):
    add_site(connection)
    with pytest.raises(IntegrityError):
        add_site(connection)


def test_a_membership_needs_a_moderator_who_exists(connection):
    site = add_site(connection)
    with pytest.raises(IntegrityError):
        connection.execute(
            sa.insert(Membership).values(moderator_id=77, site_id=site, role=Role.VIEWER)
        )


def test_every_constraint_has_a_name_that_a_migration_can_use():
    nameless = [
        str(constraint)
        for table in Base.metadata.sorted_tables
        for constraint in table.constraints
        if not constraint.name
    ]
    assert nameless == []
