"""Doors that anybody may knock at, without a sign-in: so many times from one place in so long, then it waits.

Counted in the database (`guesses`), by all processes together; kept of a place is a digest under our secret,
since who reads an article is nobody's business. Each knock is a short unit of work of its own.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.auth.door_tables import Guess
from utility_crm.auth.guesses import place_of

LONG = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Door:
    """`most` knocks from one place (an address; of IPv6 the /64 of a household) in a quarter of an hour."""

    name: str
    most: int

    def knock(self, session: Session, address: str, secret: str, now: datetime) -> bool:
        """Whether it opens; a knock that is let in counts."""
        key = (Guess.kind == f"door:{self.name}", Guess.name == "", Guess.place == _digest(address, secret))
        made = insert(Guess).values(
            kind=f"door:{self.name}", name="", place=_digest(address, secret), at=[], last_at=now
        )
        session.execute(made.on_conflict_do_nothing())
        at = session.scalars(select(Guess.at).where(*key).with_for_update()).one()
        lately = [one for one in at if timedelta() <= now - one < LONG]
        if len(lately) >= self.most:
            return False
        session.execute(update(Guess).where(*key).values(at=[*lately, now], last_at=now))
        return True


def _digest(address: str, secret: str) -> str:
    return hmac.new(secret.encode(), f"door:{place_of(address)}".encode(), sha256).hexdigest()[:32]


HELPED = Door("helped", 20)
"""Whether articles of the public shelf helped."""
LOOKED_FOR = Door("looked_for", 60)
"""Searches of the public shelf."""
MISSED = Door("missed", 10)
"""What was looked for there in vain, as it is kept."""
OFFERS = Door("offers", 30)
"""Answers to offers by their links."""
