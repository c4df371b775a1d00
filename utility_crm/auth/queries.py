"""Who is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utility_crm.auth.permissions import may
from utility_crm.auth.tables import Team, TeamMember, User

LANGUAGES = ("en", "ru")
"""In which the pages have all their words."""
_TEAMS = (
    select(func.array_agg(TeamMember.team_id)).where(TeamMember.user_id == User.id).correlate(User)
).scalar_subquery()
_SEE_ALL = (
    select(func.bool_or(Team.sees_all_tickets))
    .join(TeamMember, TeamMember.team_id == Team.id)
    .where(TeamMember.user_id == User.id)
    .correlate(User)
).scalar_subquery()
PERSON = (
    User.id,
    User.login,
    User.name,
    User.role,
    User.language,
    User.theme,
    User.density,
    User.letters,
    User.letters_by,
    User.own_keys,
    User.area_ids,
    _TEAMS.label("team_ids"),
    _SEE_ALL.label("sees_all_tickets"),
)
"""What is read of a person on every request: the fields of SignedIn, in their order."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a request. theme, density, letters, letters_by and own_keys: how they like their
    pages.

    area_ids: they see the customers of these network areas only; none: of all. team_ids: their teams;
    sees_all_tickets: one of these sees the tickets of every team.
    """

    id: int
    login: str
    name: str
    role: str
    language: str
    theme: str = ""
    density: str = ""
    letters: bool = True
    letters_by: str = ""
    own_keys: str = ""
    area_ids: tuple[int, ...] = ()
    team_ids: tuple[int, ...] = ()
    sees_all_tickets: bool = False

    def may(self, permission: str) -> bool:
        """Whether their role has this permission (`auth.permissions`)."""
        return may(self.role, permission)


def person_of(row: Sequence[Any]) -> SignedIn:
    """The person in a row that begins with PERSON."""
    told: dict[str, Any] = dict(zip((one.name for one in fields(SignedIn)), row, strict=False))
    told["area_ids"] = tuple(told["area_ids"])
    told["team_ids"] = tuple(told["team_ids"] or ())
    told["sees_all_tickets"] = bool(told["sees_all_tickets"])
    return SignedIn(**told)


def active_user(session: Session, user_id: int) -> SignedIn | None:
    """The user of this id who may still sign in."""
    row = session.execute(select(*PERSON).where(User.active, User.id == user_id)).one_or_none()
    return None if row is None else person_of(row)


def user_called(session: Session, login: str) -> int | None:
    """The id of the user with this login."""
    return session.scalar(select(User.id).where(User.login == login.strip().lower()))
