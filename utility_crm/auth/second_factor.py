"""The second factor: codes that change every half minute (RFC 6238: SHA-1, six digits, 30 s), and recovery
codes for who lost the device. Nothing here commits.

A code is taken once: the step it belongs to is remembered, and no code of it or of an older one is taken
again (RFC 6238, 5.2). One step before and one after are taken, too, for clocks that disagree. `now` is the
real present. How often somebody may be wrong is the caller's to count (`guesses.FACTORS`).
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.auth.door_tables import RecoveryCode, SecondFactor
from utility_crm.auth.passwords import hash_password, matches
from utility_crm.auth.sealing import Sealer
from utility_crm.kit.errors import Conflict, Invalid

STEP_SECONDS = 30
DIGITS = 6
RECOVERY_CODES = 8
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of recovery codes: none is taken for another."""
_GROUPS = 3
_OF_FOUR = 4
Taken = Literal["", "code", "recovery"]


@dataclass(frozen=True, slots=True)
class FactorStanding:
    """Whether a person has a second factor: since when, None while it is only being set up; recovery codes
    that are left."""

    since: datetime | None
    codes_left: int


def factor_standing(session: Session, user_id: int) -> FactorStanding:
    """How a person's second factor stands."""
    left = (
        select(func.count())
        .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        .scalar_subquery()
    )
    row = session.execute(
        select(SecondFactor.confirmed_at, left).where(SecondFactor.user_id == user_id)
    ).one_or_none()
    return FactorStanding(None, 0) if row is None else FactorStanding(row[0], row[1])


def prepare_factor(session: Session, user_id: int, sealer: Sealer, now: datetime) -> None:
    """Make a secret for a person who has no confirmed one; it counts once a code of it is confirmed.

    One that is being set up is kept, so that a page shown twice shows the same. Conflict where one counts.
    """
    if factor_standing(session, user_id).since is not None:
        raise Conflict("factor_there", "A second step is set up already.")
    made = insert(SecondFactor).values(
        user_id=user_id, sealed=sealer.seal(pyotp.random_base32()), made_at=now
    )
    session.execute(made.on_conflict_do_nothing())


def prepared_secret(session: Session, user_id: int, sealer: Sealer) -> str | None:
    """The secret that is being set up, in base 32; None where there is none, or one counts already."""
    sealed = session.scalar(
        select(SecondFactor.sealed).where(
            SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_(None)
        )
    )
    return None if sealed is None else sealer.open(sealed)


def provisioning(secret: str, login: str, issuer: str) -> str:
    """What the QR code says: otpauth://totp/... (Key Uri Format)."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer))


def confirm_factor(session: Session, user_id: int, sealer: Sealer, typed: str, now: datetime) -> list[str]:
    """The person typed a code of the new secret: it counts from now on. Their recovery codes, shown once.

    Invalid where the code is another.
    """
    secret = prepared_secret(session, user_id, sealer)
    step = None if secret is None else matching_step(secret, typed, now)
    if step is None:
        raise Invalid("wrong_code", "That is not the code it shows now.", "code")
    session.execute(
        update(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_(None))
        .values(confirmed_at=now, last_step=step)
    )
    return new_recovery_codes(session, user_id)


def check_factor(session: Session, user_id: int, sealer: Sealer, typed: str, now: datetime) -> Taken:
    """Whether the code is a person's, by which way; each is taken once, however many ask at the same time."""
    row = session.execute(
        select(SecondFactor.sealed).where(
            SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None)
        )
    ).one_or_none()
    if row is None:
        return ""
    text = "".join(typed.split()).upper()
    if text.isdecimal():
        step = matching_step(sealer.open(row.sealed), text, now)
        return "code" if step is not None and _use_step(session, user_id, step) else ""
    return "recovery" if _use_recovery(session, user_id, text, now) else ""


def matching_step(secret: str, typed: str, now: datetime) -> int | None:
    """The step of time that this code belongs to: the present one, the one before or the one after."""
    code = "".join(typed.split())
    if len(code) != DIGITS or not (code.isascii() and code.isdecimal()):
        return None
    made, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    found = [
        step
        for step in (present, present - 1, present + 1)
        if hmac.compare_digest(made.generate_otp(step), code)
    ]
    return found[0] if found else None


def new_recovery_codes(session: Session, user_id: int) -> list[str]:
    """New codes in place of all older ones, such as 3-7KQX-M2TD-9FHV; kept as Argon2id hashes."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = []
    for number in range(1, RECOVERY_CODES + 1):
        groups = ["".join(secrets.choice(_LETTERS) for _ in range(_OF_FOUR)) for _ in range(_GROUPS)]
        codes.append("-".join([str(number), *groups]))
        session.add(
            RecoveryCode(user_id=user_id, number=number, hash=hash_password("".join(groups)), used_at=None)
        )
    session.flush()
    return codes


def drop_factor(session: Session, user_id: int) -> bool:
    """No second step for this person any more; False where there was none."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    gone = session.execute(
        delete(SecondFactor).where(SecondFactor.user_id == user_id).returning(SecondFactor.confirmed_at)
    ).one_or_none()
    return gone is not None and gone[0] is not None


def _use_step(session: Session, user_id: int, step: int) -> bool:
    used = (
        update(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.last_step < step)
        .values(last_step=step)
        .returning(SecondFactor.user_id)
    )
    return session.execute(used).first() is not None


def _use_recovery(session: Session, user_id: int, typed: str, now: datetime) -> bool:
    number, _, rest = typed.partition("-")
    if not (number.isascii() and number.isdecimal() and len(number) == 1):
        return False
    row = session.execute(
        select(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.number == int(number),
            RecoveryCode.used_at.is_(None),
        )
        .with_for_update()
    ).scalar_one_or_none()
    if row is None or not matches(row.hash, rest.replace("-", "")):
        return False
    row.used_at = now
    session.flush()
    return True
