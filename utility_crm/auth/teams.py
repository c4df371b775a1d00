"""Teams, and what else is said of a person besides the role: areas, skills, languages, telephone. Nothing
here commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.auth.tables import Team, TeamMember, User
from utility_crm.kit.errors import Conflict, Invalid, NotFound

_AREAS = text(
    "select id, code from network_nodes where kind = 'area' and upper(code) = any(cast(:codes as text[]))"
)


def add_team(session: Session, name: str, *, sees_all_tickets: bool = False) -> int:
    """A new team; its id. Raises Invalid without a name, Conflict where there is one of that name."""
    called = " ".join(name.split())
    if not called:
        raise Invalid("team_name", "A team needs a name.", "name")
    if session.scalar(select(Team.id).where(Team.name == called)) is not None:
        raise Conflict("team_taken", f"There is already a team {called!r}.", "name")
    team = Team(name=called, sees_all_tickets=sees_all_tickets)
    session.add(team)
    session.flush()
    return team.id


def set_teams(session: Session, login: str, names: Sequence[str], *, leads: Sequence[str] = ()) -> list[str]:
    """A person is in these teams and no others; `leads`: those of them they lead. What they are called.

    Raises NotFound for nobody of this name, or a team there is not.
    """
    user = person_called(session, login)
    ids = {}
    for name in dict.fromkeys([*names, *leads]):
        found = session.scalar(select(Team.id).where(Team.name == name.strip()))
        if found is None:
            raise NotFound("no_such_team", f"There is no team {name!r}.", name)
        ids[name.strip()] = found
    session.execute(delete(TeamMember).where(TeamMember.user_id == user.id))
    first = {name.strip() for name in leads}
    rows = [{"team_id": ids[name], "user_id": user.id, "leads": name in first} for name in ids]
    if rows:
        session.execute(insert(TeamMember), rows)
    return list(ids)


def set_areas(session: Session, login: str, codes: Sequence[str]) -> list[str]:
    """A person sees the customers of these network areas only; none: of all. Raises NotFound for nobody of
    this name, or an area there is not."""
    user = person_called(session, login)
    wanted = [code.strip().upper() for code in codes]
    found = {code.upper(): number for number, code in session.execute(_AREAS, {"codes": wanted}).all()}
    for code in wanted:
        if code not in found:
            raise NotFound("no_such_area", f"There is no network area {code!r}.", code)
    user.area_ids = sorted(set(found.values()))
    session.flush()
    return sorted(found)


def set_abilities(
    session: Session,
    login: str,
    *,
    skills: Sequence[str] | None = None,
    languages: Sequence[str] | None = None,
    extension: str | None = None,
) -> None:
    """What a person can and speaks, and the telephone on their desk ("" takes it away); None leaves it.

    Raises NotFound for nobody of this name, Conflict where the telephone is somebody else's.
    """
    user = person_called(session, login)
    if skills is not None:
        user.skills = _words(skills)
    if languages is not None:
        user.languages = _words(languages)
    if extension is not None:
        number = extension.strip() or None
        taken = select(User.login).where(User.extension == number, User.id != user.id)
        other = session.scalar(taken) if number else None
        if other is not None:
            raise Conflict("extension_taken", f"Telephone {number} is on the desk of {other}.", "extension")
        user.extension = number
    session.flush()


def team_rows(session: Session) -> list[dict[str, Any]]:
    """Every team with its people, by name."""
    rows = session.execute(
        select(Team.name, Team.sees_all_tickets, User.login)
        .outerjoin(TeamMember, TeamMember.team_id == Team.id)
        .outerjoin(User, User.id == TeamMember.user_id)
        .order_by(Team.name, User.login)
    )
    teams: dict[str, dict[str, Any]] = {}
    for name, sees_all, login in rows:
        one = teams.setdefault(name, {"team": name, "sees_all_tickets": sees_all, "people": []})
        one["people"] += [login] if login else []
    return list(teams.values())


def person_called(session: Session, login: str) -> User:
    """The user of this name. Raises NotFound."""
    user = session.scalar(select(User).where(User.login == login.strip().lower()))
    if user is None:
        raise NotFound("no_such_user", f"There is no user {login!r}.", login)
    return user


def _words(given: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(word.strip().lower() for word in given if word.strip()))
