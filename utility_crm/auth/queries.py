"""Who is signed in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.auth.permissions import may
from utility_crm.auth.tables import User

_COLUMNS = (User.id, User.login, User.name, User.role, User.language, User.password_hash)
_BY_ID = select(*_COLUMNS).where(User.active)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a request. `seal` changes with the password, which ends every older session."""

    id: int
    login: str
    name: str
    role: str
    language: str
    seal: str

    def may(self, permission: str) -> bool:
        """Whether their role has this permission (`auth.permissions`)."""
        return may(self.role, permission)


def seal_of(password_hash: str) -> str:
    """A short fingerprint of a password's hash, safe to put into a cookie."""
    return hashlib.sha256(password_hash.encode()).hexdigest()[:16]


def active_user(session: Session, user_id: int) -> SignedIn | None:
    """The user of this id who may still sign in."""
    row = session.execute(_BY_ID.where(User.id == user_id)).one_or_none()
    if row is None:
        return None
    return SignedIn(row.id, row.login, row.name, row.role, row.language, seal_of(row.password_hash))
