"""What is true of the whole database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.kit.settings import settings
from utility_crm.kit.tables import Installation

SIMULATED = "simulated"


def noted(session: Session, name: str) -> dict[str, Any] | None:
    """What was noted under a name; None when nothing was."""
    return session.scalar(select(Installation.value).where(Installation.name == name))


def is_simulated(session: Session) -> bool:
    """Whether this utility is a demo: the setting says so, or the database that was filled with one, whatever
    process asks. Every page and letter then says it."""
    return settings().demo or noted(session, SIMULATED) is not None


def note(session: Session, name: str, value: dict[str, Any]) -> None:
    """Note it, in place of what was there."""
    row = insert(Installation).values(name=name, value=value)
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
