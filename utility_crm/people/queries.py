"""What the pages about people read."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.auth.tables import User


def own_extension(session: Session, user_id: int) -> str:
    """The telephone on a person's desk, or nothing."""
    return session.scalar(select(User.extension).where(User.id == user_id)) or ""
