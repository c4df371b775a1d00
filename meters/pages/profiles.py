"""The saved ways to read files, in the form of the feeds page."""

from __future__ import annotations

from sqlalchemy.orm import Session

from meters.asking import Asked
from meters.pages.uploading import SentForm
from meters.profiles import asked_with, profiles, save_profile

_SHOWN = 50


def how_to_read(session: Session, sent: SentForm) -> Asked:
    """What the form and the profile it names say. Raises Invalid or NotFound, whose `where` is the field."""
    return asked_with(session, sent.profile, sent.asked())


def keep_as_profile(session: Session, sent: SentForm, how: Asked, user_id: int) -> None:
    """Save it under the name the form gives, if it gives one. Raises Invalid or Conflict."""
    if sent.save_as:
        save_profile(session, sent.save_as, how, user_id)


def profile_pairs(session: Session) -> list[tuple[str, str]]:
    """Each profile's name, and what it says, for a list to choose from."""
    return [(each.name, f"{each.name} ({each.words})"[:_SHOWN]) for each in profiles(session)]
