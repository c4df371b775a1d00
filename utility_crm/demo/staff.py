"""Simulated staff, with passwords made for this home alone: a sign-in a role, a second agent who sees one
area only; and their teams."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from utility_crm.auth.actions import add_user
from utility_crm.auth.teams import add_team, set_abilities, set_areas, set_teams
from utility_crm.web.words import mark

STAFF = (
    ("agent", "priya", "Priya Nair"),
    ("marketer", "tomas", "Tomas Lindqvist"),
    ("ops", "sana", "Sana Whitcombe"),
    ("admin", "ines", "Ines Calder"),
    ("supervisor", "greta", "Greta Holm"),
    ("agent", "owen", "Owen Marsh"),
)
TEAMS = {
    mark("Customer care"): ("priya", "owen", "greta"),
    mark("Bills and payments"): ("priya", "greta"),
    mark("Network and meters"): ("sana", "greta"),
    mark("Complaints"): ("greta", "priya"),
}
"""Who is in which; Greta leads hers."""
ABILITIES = {
    "priya": (("billing", "complaint"), ("en", "ru"), "201"),
    "owen": (("move", "meter"), ("en",), "202"),
    "greta": (("complaint", "billing", "outage"), ("en", "de"), "210"),
    "sana": (("outage", "meter"), ("en",), "230"),
}
ONE_AREA = ("owen", "MOO")
"""Who sees the customers of one area only, and its code."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a person types to come in as a role."""

    role: str
    login: str
    password: str
    name: str


def add_staff(session: Session) -> list[SignIn]:
    """The users, each with a fresh random password that is nowhere but in what is returned."""
    made = [SignIn(role, login, secrets.token_urlsafe(9), name) for role, login, name in STAFF]
    for one in made:
        add_user(session, login=one.login, name=one.name, role=one.role, password=one.password)
    return made


def add_teams(session: Session) -> None:
    """Their teams, what they can, and the one who sees an area alone; the network stands already."""
    for name in TEAMS:
        add_team(session, name)
    for _role, login, _name in STAFF:
        mine = [team for team, people in TEAMS.items() if login in people]
        set_teams(session, login, mine, leads=mine if login == "greta" else ())
    for login, (skills, languages, extension) in ABILITIES.items():
        set_abilities(session, login, skills=skills, languages=languages, extension=extension)
    set_areas(session, ONE_AREA[0], [ONE_AREA[1]])
