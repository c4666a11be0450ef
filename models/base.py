"""The ground every table stands on: names of constraints and the column types we share."""

import enum
from datetime import UTC, datetime
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column, registry


class UTCDateTime(sa.TypeDecorator[datetime]):
    """An aware moment in UTC; a naive one is refused, because it would be somebody's local time."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Turn an aware moment into UTC.

        Raises:
            ValueError: the moment has no time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(
        self,
        value: datetime | None,
        dialect: sa.Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime | None:
        """Give the moment back, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text_enum(kind: type[enum.StrEnum]) -> sa.Enum:
    """Return a column type that stores the member's value ("pending"), never its name."""
    return sa.Enum(
        kind,
        native_enum=False,
        length=16,
        values_callable=lambda members: [m.value for m in members],
    )


class Base(DeclarativeBase):
    """Parent of all tables."""

    # A registry rather than `metadata` and `type_annotation_map`: Flask-SQLAlchemy copies this
    # class, and SQLAlchemy refuses a copy that bears both a registry and a map.
    registry = registry(
        metadata=sa.MetaData(
            naming_convention={
                "ix": "ix_%(column_0_N_label)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: UTCDateTime,
            dict[str, Any]: sa.JSON,
            list[Any]: sa.JSON,
            list[str]: sa.JSON,
        },
    )


# SQLite numbers rows by itself only in an INTEGER column; PostgreSQL gets 64 bits.
BigKey = sa.BigInteger().with_variant(sa.Integer, "sqlite")
RowId = Annotated[int, mapped_column(BigKey, primary_key=True)]
