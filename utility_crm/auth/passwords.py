"""Passwords: kept as Argon2id with the library's parameters (RFC 9106, low memory), and which new ones are
good enough (OWASP ASVS 5.0, 6.2; NIST SP 800-63B).

At least SHORTEST characters, at most LONGEST, any characters, no rules of what has to be in it and none that
it expires. What others use or try first is refused: zxcvbn knows 30,000 common passwords, names, words,
keyboard runs and dates, and how many guesses one takes; our own names count as words, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from utility_crm.kit.errors import Invalid

SHORTEST = 8
LONGEST = 256
FEWEST_GUESSES_LOG10 = 8
"""Below it a password is guessed from a stolen hash in hours (zxcvbn's score 3)."""
_JUDGED = 72
"""Characters that are judged; zxcvbn's time grows with the square of them."""
_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """An Argon2id hash, with its own salt and parameters in it."""
    return _HASHER.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one hashed. Without a hash (nobody of that name): as long, and no."""
    try:
        return _HASHER.verify(password_hash or _nobody(), password) and password_hash is not None
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def check_new_password(password: str, ours: Iterable[str], where: str = "password") -> None:
    """Raises Invalid, whose `where` is the field, where a new password is none. ours: words that are no
    secret here, such as the person's and the utility's name."""
    if len(password) < SHORTEST:
        words = "A password has at least %(least)s characters."
        raise Invalid("password_short", words, where, least=SHORTEST)
    if len(password) > LONGEST:
        raise Invalid("password_long", "A password has at most %(most)s characters.", where, most=LONGEST)
    try:
        password.encode()
    except UnicodeEncodeError as error:
        raise Invalid("password_text", "This holds a character that is none.", where) from error
    if _guesses_log10(password, ours) < FEWEST_GUESSES_LOG10:
        words = "This password is guessed soon: it is common, or made of names, dates or neighbouring keys."
        raise Invalid("password_guessed", words, where)


def _guesses_log10(password: str, ours: Iterable[str]) -> float:
    from zxcvbn import zxcvbn  # 30,000 passwords: only who chooses one needs them

    words = [part for one in ours for part in (one, *one.split()) if len(part) > 2]
    return float(zxcvbn(password[:_JUDGED], user_inputs=words)["guesses_log10"])


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody signs in with this")
