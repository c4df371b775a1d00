"""Changing what the database lets nobody change, so that a test can look at a past that was otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session


@contextmanager
def no_trigger_minds(session: Session) -> Iterator[None]:
    """Inside, triggers sleep; only tests may do this, as the owner of the server."""
    session.execute(text("set local session_replication_role = replica"))
    yield
    session.flush()
    session.execute(text("set local session_replication_role = origin"))
