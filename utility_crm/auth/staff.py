"""The people of the house, as those in charge of them see and change them. Nothing here commits; `now` is the
real present."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from utility_crm.auth.door_tables import SecondFactor, SignIn
from utility_crm.auth.passwords import hash_password
from utility_crm.auth.permissions import ROLES
from utility_crm.auth.sign_ins import end_sign_ins_of
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused

GIVEN_FOR = timedelta(days=3)
"""How long a password that somebody else made opens the form for an own one."""


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One person in the list. factor_since: their second step; seen_at: of any sign-in that is still kept."""

    id: int
    login: str
    name: str
    role: str
    active: bool
    factor_since: datetime | None
    seen_at: datetime | None


def staff_rows(session: Session) -> list[StaffRow]:
    """Everybody, by name; who left comes last."""
    seen = select(func.max(SignIn.seen_at)).where(SignIn.user_id == User.id).correlate(User).scalar_subquery()
    rows = session.execute(
        select(User.id, User.login, User.name, User.role, User.active, SecondFactor.confirmed_at, seen)
        .outerjoin(SecondFactor, SecondFactor.user_id == User.id)
        .order_by(User.active.desc(), func.lower(User.name), User.id)
    )
    return [StaffRow(*row) for row in rows]


def change_person(
    session: Session, user_id: int, *, name: str, role: str, active: bool, by: int, now: datetime
) -> list[str]:
    """Another name or role, out of the house or back in; what changed ("" nothing), for the log.

    A new role or leaving ends their sign-ins. NotFound for nobody, Invalid for what cannot be, Refused for
    one's own role or place: another admin has to do that, so that one is always left.
    """
    if not name.strip():
        raise Invalid("needed", "This is needed.", "name")
    if role not in ROLES:
        raise Invalid("choice", "Choose one of what is offered.", "role")
    row = session.execute(
        select(User.name, User.role, User.active).where(User.id == user_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("no_such_user", "There is no user of this name.", "person")
    if user_id == by and (role != row.role or not active):
        raise Refused("own_role", "Another admin has to change your own role.", "role")
    values = {"name": name.strip(), "role": role, "active": active}
    changed = [key for key, value in values.items() if value != getattr(row, key)]
    if changed:
        session.execute(update(User).where(User.id == user_id).values(values))
    if "role" in changed or (not active and row.active):
        end_sign_ins_of(session, user_id, now, "changed")
    return changed


def give_password(session: Session, user_id: int, now: datetime, *, by: int) -> str:
    """A password for somebody who has none or forgot theirs, shown once: it opens the form for an own one,
    for GIVEN_FOR. Their sign-ins end; a second step stays. Refused for oneself."""
    if user_id == by:
        raise Refused("own_password", "Change your own password on your page.")
    made = secrets.token_urlsafe(12)
    found = session.execute(
        update(User)
        .where(User.id == user_id, User.active)
        .values(password_hash=hash_password(made), password_expires_at=now + GIVEN_FOR)
        .returning(User.id)
    ).first()
    if found is None:
        raise Conflict("left", "Who left the house gets no password.")
    end_sign_ins_of(session, user_id, now, "password")
    return made
