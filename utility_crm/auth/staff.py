"""The people of the house, as those in charge of them see and change them. Nothing here commits; `now` is the
real present."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from utility_crm.auth.door_tables import SecondFactor, SignIn
from utility_crm.auth.passwords import hash_password
from utility_crm.auth.permissions import ROLES, may
from utility_crm.auth.sign_ins import end_sign_ins_of
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused

_KEEPERS = tuple(role for role in ROLES if may(role, "people.write"))
"""Of such a role somebody is always left."""
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

    @property
    def seen(self) -> str:
        """A name of exactly what `change_person` changes: a form carries the one it was made from."""
        return _seen(self.name, self.role, self.active)


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
    session: Session,
    user_id: int,
    *,
    name: str,
    role: str,
    active: bool,
    seen: str,
    by: int,
    now: datetime,
) -> list[str]:
    """Another name or role, out of the house or back in; what changed (nothing: empty), for the log.
    seen: the `seen` of the row that was shown.

    A new role or leaving ends their sign-ins. NotFound for nobody, Invalid for what cannot be, Conflict where
    somebody else changed them meanwhile, Refused for one's own role or place, and for those of the last
    admin: one is always left, also where two do it to each other at the same time.
    """
    if not name.strip():
        raise Invalid("needed", "This is needed.", "name")
    if role not in ROLES:
        raise Invalid("choice", "Choose one of what is offered.", "role")
    # The admins are locked with the person, in the order of their ids: what is read is true until the end.
    is_admin = and_(User.role.in_(_KEEPERS), User.active)
    rows = session.execute(
        select(User.id, User.name, User.role, User.active)
        .where(or_(User.id == user_id, is_admin))
        .order_by(User.id)
        .with_for_update(key_share=True)
    ).all()
    row = next((one for one in rows if one.id == user_id), None)
    if row is None:
        raise NotFound("no_such_user", "There is no user of this name.", "person")
    if user_id == by and (role != row.role or not active):
        raise Refused("own_role", "Another admin has to change your own role.", "role")
    admins = {one.id for one in rows if one.role in _KEEPERS and one.active}
    if admins == {user_id} and not (role in _KEEPERS and active):
        raise Refused("last_admin", "This is the last admin: make somebody else one first.", "role")
    values = {"name": name.strip(), "role": role, "active": active}
    changed = [key for key, value in values.items() if value != getattr(row, key)]
    if changed and seen != _seen(row.name, row.role, row.active):
        raise Conflict("changed_meanwhile", "Somebody changed this meanwhile: look at it as it is now.")
    if changed:
        session.execute(update(User).where(User.id == user_id).values(values))
    if "role" in changed or (not active and row.active):
        end_sign_ins_of(session, user_id, now, "changed")
    return changed


def _seen(name: str, role: str, active: bool) -> str:
    return hashlib.sha256(repr((name, role, active)).encode()).hexdigest()[:16]


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
