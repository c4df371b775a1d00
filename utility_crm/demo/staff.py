"""Simulated staff: one sign-in a role, with a password made for this home alone."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from utility_crm.auth.actions import add_user

STAFF = (
    ("agent", "priya", "Priya Nair"),
    ("marketer", "tomas", "Tomas Lindqvist"),
    ("ops", "sana", "Sana Whitcombe"),
    ("admin", "ines", "Ines Calder"),
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a person types to come in as a role."""

    role: str
    login: str
    password: str
    name: str


def add_staff(session: Session) -> list[SignIn]:
    """One user a role, each with a fresh random password that is nowhere but in what is returned."""
    made = [SignIn(role, login, secrets.token_urlsafe(9), name) for role, login, name in STAFF]
    for one in made:
        add_user(session, login=one.login, name=one.name, role=one.role, password=one.password)
    return made
