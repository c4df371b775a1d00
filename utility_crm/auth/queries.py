"""Who is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.auth.permissions import may
from utility_crm.auth.tables import User

PERSON = (
    User.id,
    User.login,
    User.name,
    User.role,
    User.language,
    User.theme,
    User.density,
    User.letters,
)
"""What is read of a person on every request."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a request. theme, density and letters: how they like their pages."""

    id: int
    login: str
    name: str
    role: str
    language: str
    theme: str = ""
    density: str = ""
    letters: bool = True

    def may(self, permission: str) -> bool:
        """Whether their role has this permission (`auth.permissions`)."""
        return may(self.role, permission)


def person_of(row: Sequence[Any]) -> SignedIn:
    """The person in a row that begins with PERSON."""
    return SignedIn(*row[: len(PERSON)])


def active_user(session: Session, user_id: int) -> SignedIn | None:
    """The user of this id who may still sign in."""
    row = session.execute(select(*PERSON).where(User.active, User.id == user_id)).one_or_none()
    return None if row is None else person_of(row)


def user_called(session: Session, login: str) -> int | None:
    """The id of the user with this login."""
    return session.scalar(select(User.id).where(User.login == login.strip().lower()))
