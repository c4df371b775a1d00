"""The stamp in a form of ours: when it was drawn, signed. Pure.

A person takes some seconds to write; a program that fills in forms takes none, and sends the same stamp again
and again. It is no secret and keeps nobody out by itself; with a field that only programs fill in, and a
limit a network address, it keeps out what comes without being meant for us.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, Literal

LEAST: Final = timedelta(seconds=3)
MOST: Final = timedelta(hours=24)


def stamp(secret: str, now: datetime, nonce: str) -> str:
    """What a form is sent with. nonce: another for each form, by which one that is sent twice is known."""
    told = f"{int(now.timestamp())}.{nonce}"
    return f"{told}.{_signed(secret, told)}"


def judged(secret: str, given: str, now: datetime) -> Literal["good", "forged", "too_soon", "too_old"]:
    """Whether a stamp is ours, and of the right age."""
    told, _, signature = given.rpartition(".")
    if not hmac.compare_digest(_signed(secret, told).encode(), signature.encode()):
        return "forged"
    age = now - datetime.fromtimestamp(int(told.partition(".")[0]), UTC)
    if age < LEAST:
        return "too_soon"
    return "too_old" if age > MOST else "good"


def _signed(secret: str, told: str) -> str:
    return hmac.new(secret.encode(), f"mail.form:{told}".encode(), sha256).hexdigest()[:32]
