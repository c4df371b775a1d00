"""Engine, sessions and the declarative base shared by all packages' tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from psycopg import _queries
from sqlalchemy import (
    BigInteger,
    CursorResult,
    Date,
    DateTime,
    Engine,
    Executable,
    Identity,
    MetaData,
    Text,
    create_engine,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

# The driver remembers how it read a statement of up to 4,096 characters. Those that gather what a page has to
# know (`kit.gathering`) are longer, and asked for every page.
_queries.MAX_CACHED_STATEMENT_LENGTH = 65_536

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Declarative base: rows are typed columns; there are no relationships across packages."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text(),
        int: BigInteger(),
        date: Date(),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
    }


def identity() -> Mapped[int]:
    """A bigint primary key that the database numbers."""
    return mapped_column(BigInteger, Identity(), primary_key=True)


def sqlalchemy_url(url: str) -> str:
    """Any PostgreSQL address as SQLAlchemy reads it with psycopg 3."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def make_engine(url: str, *, pool_size: int = 5, **options: Any) -> Engine:
    """An engine whose sessions speak UTC; it survives a restarted server by testing connections first.

    The connection that came back last goes out first: what the server has planned of our statements it keeps
    by connection, after the tenth time, and ten that take turns would each be new to a page for a morning.
    """
    return create_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,
        pool_pre_ping=True,
        connect_args={"options": "-c timezone=UTC", "application_name": "utility_crm"},
        **options,
    )


def asked(
    session: Session, statement: Executable, values: Mapping[str, Any]
) -> CursorResult[*tuple[Any, ...]]:
    """What a statement of columns answers, in the session's transaction but past its objects: of what a page
    asks a quarter of the time goes by in looking for entities that are not there.

    Nothing that waits in the session is flushed before it.
    """
    return session.connection().execute(statement, values)


@contextmanager
def unit_of_work(engine: Engine) -> Iterator[Session]:
    """A session that commits when its block ends well and rolls back when it does not.

    Edges use it; actions never commit.
    """
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
