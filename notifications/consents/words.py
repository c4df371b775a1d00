"""A customer's word on being written to, as it stands now: purposes by channels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from notifications.domain.permission import objection
from notifications.tables import Consent
from utility_crm.web.words import mark

PURPOSES = (mark("service"), mark("marketing"))
CHANNELS = (mark("email"), mark("sms"), mark("letter"))
LONGEST_PROOF = 200

_NEWEST = (
    select(Consent.purpose, Consent.channel, Consent.granted, Consent.at, Consent.proof)
    .ext(distinct_on(Consent.purpose, Consent.channel))
    .order_by(Consent.purpose, Consent.channel, Consent.at.desc(), Consent.id.desc())
)


@dataclass(frozen=True, slots=True)
class Word:
    """Their newest word on one purpose by one channel. `granted` is None, and `since` with it, where nothing
    was said; `proof`: how we know."""

    purpose: str
    channel: str
    granted: bool | None = None
    since: datetime | None = None
    proof: str = ""

    @property
    def key(self) -> str:
        """Its name in an address: "service-email"."""
        return f"{self.purpose}-{self.channel}"

    @property
    def allows(self) -> bool:
        """Whether we may write, by the rule that delivery asks."""
        return objection(self.purpose, self.granted) is None


def consents_of(session: Session, customer_id: int) -> list[Word]:
    """A word for every purpose and channel, in the order of `PURPOSES` and `CHANNELS`. One statement."""
    newest = {
        (row.purpose, row.channel): Word(*row)
        for row in session.execute(_NEWEST.where(Consent.customer_id == customer_id))
    }
    return [
        newest.get((purpose, channel), Word(purpose, channel)) for purpose in PURPOSES for channel in CHANNELS
    ]
