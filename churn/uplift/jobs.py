"""What the clock calls: campaigns whose day for looking has come are learned from, and everybody is told by
what was learned."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from churn.uplift.moving import tell_whom
from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.kit.today import utility_today
from utility_crm.web.words import mark


def learn(session: Session, now: datetime) -> str:
    """Up to three at a time; repeated, it finds them done."""
    from churn.uplift.actions import learn_due  # frames and models are loaded when there is work

    return said(
        mark("%(learned)s campaigns learned from"), learned=learn_due(session, now, utility_today(now))
    )


def tell(session: Session, now: datetime) -> str:
    """Once for the facts of a day, as soon as they are kept; repeated, it finds that done."""
    told = tell_whom(session, utility_today(now), now)
    return said(mark("everybody told by %(told)s campaigns"), told=told)


JOBS = (
    Job("campaigns.uplift", 3600, learn, mark("Learn whom campaigns move")),
    Job("campaigns.moved", 600, tell, mark("Tell whom an offer that was tried would win")),
)
