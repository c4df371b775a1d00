"""What people change about their own sign-in. Nothing here commits; `now` is the real present."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from utility_crm.auth.passwords import check_new_password, hash_password, matches
from utility_crm.auth.queries import LANGUAGES
from utility_crm.auth.sign_ins import end_sign_ins_of
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Conflict, Invalid, Refused
from utility_crm.kit.settings import settings

THEMES = ("", "light", "dark")
DENSITIES = ("", "easy")
LETTERS_BY = ("", "alt")
MOST_DIGITS, MOST_KEYS = 15, 30
_PAIR = re.compile(r"([A-Za-z\[\]/.,;'-])=([A-Za-z0-9\[\]/.?])")


def set_look(
    session: Session,
    user_id: int,
    *,
    language: str,
    theme: str,
    density: str,
    letters: bool,
    extension: str,
    letters_by: str = "",
    own_keys: str = "",
) -> None:
    """How a person likes their pages, and the telephone on their desk. Invalid for what there is not,
    Conflict where the telephone is somebody else's."""
    number = extension.strip()
    known = language in LANGUAGES and theme in THEMES and density in DENSITIES
    if not known or letters_by not in LETTERS_BY:
        raise Invalid("look", "Choose one of what is offered.", "language")
    if number and not (number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS):
        words = "An extension has digits alone, at most %(most)s of them."
        raise Invalid("extension", words, "extension", most=MOST_DIGITS)
    others = select(User.name).where(User.extension == number, User.id != user_id)
    if number and (whose := session.scalar(others)) is not None:
        words = "This is the telephone of %(name)s."
        raise Conflict("extension_taken", words, "extension", name=whose)
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(
            language=language,
            theme=theme,
            density=density,
            letters=letters,
            extension=number or None,
            letters_by=letters_by,
            own_keys=keys_of_ones_own(own_keys),
        )
    )


def keys_of_ones_own(typed: str) -> str:
    """Keys as typed, "q=l, n=m": q does what l does. Tidied, parted by blanks. Invalid where they cannot be
    read, or one key would do two things."""
    found = [_PAIR.fullmatch(one) for one in re.split(r"[ ,]+", typed.strip()) if one]
    if any(one is None for one in found) or len(found) > MOST_KEYS:
        raise Invalid(
            "own_keys", "Write each as q=l, with commas between: q then does what l does.", "own_keys"
        )
    pairs = [(one[1], one[2]) for one in found if one is not None]
    if len({pressed for pressed, _ in pairs}) < len(pairs):
        raise Invalid("own_keys_twice", "One key cannot do two things.", "own_keys")
    return " ".join(f"{pressed}={meant}" for pressed, meant in pairs if pressed != meant)


def own_password(session: Session, user_id: int, password: str) -> bool:
    """Whether this is the password of that person; an account that only an identity provider opens has
    none."""
    return matches(session.scalar(select(User.password_hash).where(User.id == user_id)), password)


def choose_password(
    session: Session, user_id: int, new: str, now: datetime, *, keep: int | None = None
) -> int:
    """A person's own new password; every sign-in of theirs ends but the one kept. How many ended.

    Invalid where it is none, or the one they had.
    """
    login, name, before = session.execute(
        select(User.login, User.name, User.password_hash).where(User.id == user_id)
    ).one()
    check_new_password(new, (login, name, settings().utility_name), "new")
    if matches(before, new):
        raise Invalid("password_same", "That is the password you have.", "new")
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(password_hash=hash_password(new), password_expires_at=None)
    )
    return end_sign_ins_of(session, user_id, now, "password", but=keep)


def password_given_until(session: Session, user_id: int) -> datetime | None:
    """Until when the password that somebody else made opens the form for an own one; None: it is their
    own."""
    return session.scalar(select(User.password_expires_at).where(User.id == user_id))


def check_still_given(until: datetime | None, now: datetime) -> None:
    """Raises Refused where a password that was given is past its time."""
    if until is not None and until <= now:
        words = "This password was good for a few days and is not any more. Ask an admin for another."
        raise Refused("password_past", words)
