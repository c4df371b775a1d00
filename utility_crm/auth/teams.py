"""Teams, and what else is said of a person besides the role: areas, skills, languages, telephone. Nothing
here commits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.auth.tables import Team, TeamMember, User
from utility_crm.kit.errors import Conflict, Invalid, NotFound

LONGEST_TEAM = 80
LONGEST_WORD, MOST_WORDS = 40, 20
"""Letters of a skill or language, and how many of them a person has at most."""
_AREAS = text(
    "select id, code from network_nodes where kind = 'area' and upper(code) = any(cast(:codes as text[]))"
)

_EVERY_AREA = text("select code, name from network_nodes where kind = 'area' order by name, code")
_TEAMS = text("""
    select t.id, t.name, t.sees_all_tickets,
           array(select u.name from team_members m join users u on u.id = m.user_id
                 where m.team_id = t.id and u.active order by lower(u.name), u.id) as people,
           array(select u.name from team_members m join users u on u.id = m.user_id
                 where m.team_id = t.id and u.active and m.leads order by lower(u.name), u.id) as leads
    from teams t order by lower(t.name), t.id
""")
_STANDING = text("""
    select u.skills, u.languages, u.extension,
           array(select n.code from network_nodes n where n.id = any(u.area_ids) order by n.code) as areas,
           array(select t.name from team_members m join teams t on t.id = m.team_id
                 where m.user_id = u.id order by t.name) as teams,
           array(select t.name from team_members m join teams t on t.id = m.team_id
                 where m.user_id = u.id and m.leads order by t.name) as leads
    from users u where u.id = :id
""")


def add_team(session: Session, name: str, *, sees_all_tickets: bool = False) -> int:
    """A new team; its id. Raises Invalid without a name, Conflict where there is one of that name."""
    called = " ".join(name.split())
    if not called or len(called) > LONGEST_TEAM:
        raise Invalid("team_name", "A team needs a name.", "name")
    if session.scalar(select(Team.id).where(Team.name == called)) is not None:
        raise Conflict("team_taken", "There is already a team of this name.", "name")
    team = Team(name=called, sees_all_tickets=sees_all_tickets)
    session.add(team)
    session.flush()
    return team.id


def change_team(session: Session, team_id: int, name: str, *, sees_all_tickets: bool, seen: str) -> list[str]:
    """Another name of a team, or more or less that its people see; what changed. seen: the `seen` of the row
    that was shown. Raises as `add_team`, NotFound, and Conflict where somebody else changed it meanwhile."""
    called = " ".join(name.split())
    if not called or len(called) > LONGEST_TEAM:
        raise Invalid("team_name", "A team needs a name.", "name")
    team = session.get(Team, team_id, with_for_update=True, populate_existing=True)
    if team is None:
        raise NotFound("no_such_team", "There is no such team.")
    if session.scalar(select(Team.id).where(Team.name == called, Team.id != team_id)) is not None:
        raise Conflict("team_taken", "There is already a team of this name.", "name")
    wanted = {"name": called, "sees_all_tickets": sees_all_tickets}
    changed = [key for key, value in wanted.items() if getattr(team, key) != value]
    if changed and seen != _seen(team.name, team.sees_all_tickets):
        raise Conflict("changed_meanwhile", "Somebody changed this meanwhile: look at it as it is now.")
    team.name, team.sees_all_tickets = called, sees_all_tickets
    session.flush()
    return changed


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
        if number is not None and not (number.isascii() and number.isdigit() and len(number) <= 15):
            words = "An extension has digits alone, at most %(most)s of them."
            raise Invalid("extension", words, "extension", most=15)
        taken = select(User.login).where(User.extension == number, User.id != user.id)
        other = session.scalar(taken) if number else None
        if other is not None:
            words = "Telephone %(number)s is on the desk of %(login)s."
            raise Conflict("extension_taken", words, "extension", number=number, login=other)
        user.extension = number
    session.flush()


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team with its people by name; `leads` are those of them who lead it."""

    id: int
    name: str
    sees_all_tickets: bool
    people: tuple[str, ...]
    leads: tuple[str, ...]

    @property
    def seen(self) -> str:
        """A name of exactly what `change_team` changes: a form carries the one it was made from."""
        return _seen(self.name, self.sees_all_tickets)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands in the house: teams and those they lead by name, areas by code, and what they
    can."""

    teams: tuple[str, ...]
    leads: tuple[str, ...]
    areas: tuple[str, ...]
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    extension: str

    @property
    def seen(self) -> str:
        """A name of exactly this: a form carries the one it was made from."""
        return hashlib.sha256(repr(asdict(self)).encode()).hexdigest()[:16]


def teams(session: Session) -> list[TeamRow]:
    """Every team, by name."""
    return [
        TeamRow(row.id, row.name, row.sees_all_tickets, tuple(row.people), tuple(row.leads))
        for row in session.execute(_TEAMS)
    ]


def areas(session: Session) -> list[tuple[str, str]]:
    """Every network area: its code and its name."""
    return [(row.code, row.name) for row in session.execute(_EVERY_AREA)]


def standing_of(session: Session, user_id: int, *, hold: bool = False) -> Standing:
    """Of a person that there is. hold: nobody else changes it until the transaction ends."""
    if hold:
        lock = select(User.id).where(User.id == user_id).with_for_update(key_share=True)
        session.execute(lock).one()
    row = session.execute(_STANDING, {"id": user_id}).one()
    return Standing(
        tuple(row.teams), tuple(row.leads), tuple(row.areas), tuple(row.skills), tuple(row.languages),
        row.extension or "",
    )  # fmt: skip


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
    """The user of this name, as they are now, locked: who changes them is alone. Raises NotFound."""
    user = session.scalar(
        select(User)
        .where(User.login == login.strip().lower())
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if user is None:
        raise NotFound("no_such_user", f"There is no user {login!r}.", login)
    return user


def _seen(name: str, sees_all_tickets: bool) -> str:
    return hashlib.sha256(repr((name, sees_all_tickets)).encode()).hexdigest()[:16]


def _words(given: Sequence[str]) -> list[str]:
    words = list(dict.fromkeys(word.strip().lower() for word in given if word.strip()))
    if len(words) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in words):
        raise Invalid("too_many_words", "A few short words are enough.")
    return words
