"""The driver under a session, for what SQLAlchemy does not do: COPY, and arrays read as bytes."""

from __future__ import annotations

from typing import Any, cast

from psycopg import Connection, Cursor
from sqlalchemy.orm import Session


def driver_cursor(session: Session, *, binary: bool = False) -> Cursor[Any]:
    """A psycopg cursor inside the session's transaction; what the session holds back is written first.

    It works on a connection taken out of its pool too, which has no `driver_connection`.
    """
    session.flush()
    connection = cast("Connection[Any]", session.connection().connection.dbapi_connection)
    return connection.cursor(binary=binary)
