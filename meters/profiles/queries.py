"""Saved ways to read files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from meters.asking import FIELDS, Asked, columns_text, zone_of
from meters.tables import FeedProfile
from utility_crm.auth.tables import User
from utility_crm.kit.errors import NotFound


@dataclass(frozen=True, slots=True)
class SavedProfile:
    """`created_by` is a person's name; None where it was the command line."""

    name: str
    how: Asked
    created_by: str | None
    created_at: datetime

    def document(self) -> dict[str, Any]:
        """As the command line tells it."""
        said = self.how.document()
        return {"name": self.name, **said, "sheet": self.how.sheet, "created_at": self.created_at.isoformat()}

    @property
    def words(self) -> str:
        """What it says, in the words of the options."""
        parts = [
            self.how.format_name if self.how.format_name != "auto" else "",
            columns_text(self.how.columns),
        ]
        parts += [self.how.zone.key if self.how.zone else "", self.how.sheet or ""]
        return " · ".join(part for part in parts if part)


_ALL = select(FeedProfile, User.name).outerjoin(User, User.id == FeedProfile.created_by)


def profiles(session: Session) -> list[SavedProfile]:
    """All of them, by name."""
    return [_saved(row, by) for row, by in session.execute(_ALL.order_by(FeedProfile.name))]


def profile_named(session: Session, name: str) -> SavedProfile:
    """Raises NotFound, which names the others."""
    found = session.execute(_ALL.where(FeedProfile.name == name)).one_or_none()
    if found is None:
        known = ", ".join(session.scalars(select(FeedProfile.name).order_by(FeedProfile.name)))
        others = f"there are: {known}" if known else "none is saved yet"
        raise NotFound("no_such_profile", f"There is no profile {name!r}; {others}.", "profile")
    return _saved(*found)


def asked_with(session: Session, profile: str, how: Asked) -> Asked:
    """How files are to be read by a profile (empty: none), and by what is said besides. Raises NotFound."""
    return how.over(profile_named(session, profile).how) if profile else how


def _saved(row: FeedProfile, by: str | None) -> SavedProfile:
    columns = {name: row.columns[name] for name in FIELDS if name in row.columns}  # jsonb keeps no order
    how = Asked(row.format, columns, zone_of(row.timezone or ""), row.sheet)
    return SavedProfile(row.name, how, by, row.created_at)
