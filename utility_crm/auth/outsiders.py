"""People whom an identity provider sends: who they are here. Nothing here commits.

An identity is an issuer and a subject; neither a name nor an address of mail is ever looked at to find a
person, since both can be given to somebody else.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from utility_crm.auth.door_tables import OutsideIdentity
from utility_crm.auth.oidc import Outsider
from utility_crm.auth.passwords import hash_password
from utility_crm.auth.queries import SignedIn, active_user
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Conflict, Invalid

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """An identity that is linked to a person."""

    id: int
    issuer: str
    said: str
    made_at: datetime
    used_at: datetime | None


def user_of(session: Session, outsider: Outsider, now: datetime) -> SignedIn | None:
    """The active person linked to this identity; that it was used is noted."""
    user_id = session.scalar(
        update(OutsideIdentity)
        .where(OutsideIdentity.issuer == outsider.issuer, OutsideIdentity.subject == outsider.subject)
        .values(used_at=now)
        .returning(OutsideIdentity.user_id)
    )
    return None if user_id is None else active_user(session, user_id)


def is_linked(session: Session, outsider: Outsider) -> bool:
    """Whether this identity is somebody's, active or not."""
    found = select(OutsideIdentity.id).where(
        OutsideIdentity.issuer == outsider.issuer, OutsideIdentity.subject == outsider.subject
    )
    return session.scalar(found) is not None


def link(session: Session, user_id: int, outsider: Outsider, now: datetime) -> None:
    """This identity is this person from now on. Conflict where it is somebody's already."""
    if is_linked(session, outsider):
        raise Conflict("outside_linked", "This outside identity is linked already.")
    session.add(
        OutsideIdentity(
            issuer=outsider.issuer,
            subject=outsider.subject,
            user_id=user_id,
            said=(outsider.called or outsider.name)[:_LONGEST],
            made_at=now,
            used_at=None,
        )
    )
    session.flush()


def add_outsider(session: Session, outsider: Outsider, role: str, language: str, now: datetime) -> SignedIn:
    """A new member of staff for an identity nobody has, without a password of their own.

    Invalid for the role of an admin: nobody becomes one without an admin's doing.
    """
    if role not in ("agent", "supervisor", "marketer", "ops"):
        raise Invalid("outside_role", "An identity provider makes no admins.", "role")
    wanted = re.sub(r"[^a-z0-9._-]+", ".", outsider.called.partition("@")[0].lower()).strip(".")[:40]
    login = wanted or "person"
    while session.scalar(select(User.id).where(User.login == login)) is not None:
        login = f"{wanted or 'person'}.{secrets.token_hex(3)}"
    user = User(
        login=login,
        name=(outsider.name or login)[:_LONGEST],
        role=role,
        password_hash=hash_password(secrets.token_urlsafe(32)),
        language=language,
    )
    session.add(user)
    session.flush()
    link(session, user.id, outsider, now)
    made = active_user(session, user.id)
    assert made is not None
    return made


def identities_of(session: Session, user_id: int) -> list[IdentityRow]:
    """The identities linked to a person, the oldest first."""
    rows = session.execute(
        select(
            OutsideIdentity.id,
            OutsideIdentity.issuer,
            OutsideIdentity.said,
            OutsideIdentity.made_at,
            OutsideIdentity.used_at,
        )
        .where(OutsideIdentity.user_id == user_id)
        .order_by(OutsideIdentity.id)
    )
    return [IdentityRow(*row) for row in rows]


def unlink(session: Session, user_id: int, identity_id: int) -> bool:
    """This identity opens nothing any more; False where it is not that person's."""
    gone = delete(OutsideIdentity).where(
        OutsideIdentity.id == identity_id, OutsideIdentity.user_id == user_id
    )
    return session.execute(gone.returning(OutsideIdentity.id)).first() is not None
