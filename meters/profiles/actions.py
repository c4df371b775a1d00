"""Saving how files are to be read. Actions never commit."""

from __future__ import annotations

import re

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from meters.asking import Asked
from meters.profiles.queries import profile_named
from meters.tables import FeedProfile
from utility_crm.kit.errors import Conflict, Invalid, NotFound

_NAME = re.compile(r"\w(?:[\w .+-]{0,58}\w)?")


def save_profile(
    session: Session, name: str, how: Asked, user_id: int | None = None, *, replace: bool = False
) -> None:
    """Save how files are to be read. The name is taken only once, unless to `replace` it or to say the same
    again; feeds taken before keep how they were read.

    Raises Invalid for a name that is none, or where there is nothing to save; Conflict for one that is taken.
    """
    if not _NAME.fullmatch(name):
        raise Invalid("bad_name", f"{name[:60]!r} is no name: letters, digits, blanks, up to 60.", "save_as")
    if how == Asked():
        raise Invalid(
            "nothing_to_save", "There is nothing to save: say a format, titles or a clock.", "save_as"
        )
    values = {
        "format": how.format_name,
        "columns": dict(how.columns),
        "timezone": how.zone.key if how.zone else None,
        "sheet": how.sheet,
    }
    statement = insert(FeedProfile).values(name=name, created_by=user_id, **values)
    if replace:
        statement = statement.on_conflict_do_update(index_elements=["name"], set_=values)
        session.execute(statement)
        return
    made = session.execute(statement.on_conflict_do_nothing().returning(FeedProfile.id)).scalar()
    if made is None and profile_named(session, name).how != how:
        raise Conflict("profile_taken", f"There is a profile {name!r} already; it says otherwise.", "save_as")


def remove_profile(session: Session, name: str) -> None:
    """Raises NotFound."""
    gone = delete(FeedProfile).where(FeedProfile.name == name).returning(FeedProfile.id)
    if session.execute(gone).scalar() is None:
        raise NotFound("no_such_profile", f"There is no profile {name!r}.", "profile")
