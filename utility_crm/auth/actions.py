"""Making users and checking who they are. Nothing here commits."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utility_crm.auth.passwords import check_new_password, hash_password, matches
from utility_crm.auth.permissions import ROLES
from utility_crm.auth.queries import LANGUAGES, PERSON, SignedIn, person_of
from utility_crm.auth.sign_ins import end_sign_ins_of
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.kit.settings import settings


def add_user(
    session: Session, *, login: str, name: str, role: str, password: str, language: str = "en"
) -> int:
    """Add a member of staff; the new id.

    Conflict where the login is taken, Invalid where a value cannot be.
    """
    wanted = login.strip().lower()
    if not wanted or role not in ROLES:
        raise Invalid("user", f"A user needs a login and one of the roles {', '.join(ROLES)}.", login)
    check_new_password(password, (wanted, name, settings().utility_name))
    _check_language(language, login)
    if session.scalar(select(User.id).where(User.login == wanted)) is not None:
        raise Conflict("login_taken", f"There is already a user called {wanted}.", login)
    user = User(login=wanted, name=name, role=role, password_hash=hash_password(password), language=language)
    session.add(user)
    session.flush()
    return user.id


def _check_language(language: str, login: str) -> None:
    if language not in LANGUAGES:
        raise Invalid("no_such_language", f"Pages speak {' and '.join(LANGUAGES)}, not {language!r}.", login)


def set_language(session: Session, login: str, language: str) -> None:
    """Choose the language of a person's pages. Invalid for another, or for nobody of this name."""
    _check_language(language, login)
    user = session.scalar(select(User).where(User.login == login.strip().lower()))
    if user is None:
        raise Invalid("no_such_user", "There is no user of this name.", login)
    user.language = language


def set_password(session: Session, login: str, password: str) -> None:
    """Give a user a new password; every sign-in of theirs ends."""
    user = session.scalar(select(User).where(User.login == login.strip().lower()))
    if user is None:
        raise Invalid("no_such_user", "There is no user of this name.", login)
    check_new_password(password, (user.login, user.name, settings().utility_name))
    user.password_hash, user.password_expires_at = hash_password(password), None
    end_sign_ins_of(session, user.id, None, "password")


def check_password(session: Session, login: str, password: str) -> SignedIn | None:
    """The active user whose password this is. It takes as long for a name nobody has."""
    user = session.execute(
        select(*PERSON, User.password_hash).where(User.login == func.lower(login.strip()), User.active)
    ).one_or_none()
    if not matches(user.password_hash if user else None, password) or user is None:
        return None
    return person_of(user)
