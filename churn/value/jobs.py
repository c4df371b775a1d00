"""What the clock calls: once a day everybody is told what they bring and what to do next."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from churn.value.counting import count_values
from churn.value.of_campaigns import count_margins
from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.kit.today import utility_today
from utility_crm.web.words import mark

EVERY_SECONDS = 1800


def value_everybody(session: Session, now: datetime) -> str:
    """As of today; repeated, it changes nothing unless costs or scores came in since."""
    done = count_values(session, utility_today(now), now)
    if not done.done:
        return said(mark("nothing changed since"))
    return said(
        mark("%(customers)s customers, the margin of %(known)s is known"),
        customers=done.customers,
        known=done.known,
    )


def margins_of_campaigns(session: Session, now: datetime) -> str:
    """Once a day, what members of campaigns earned since they were drawn; repeated, it does nothing."""
    return said(mark("%(campaigns)s campaigns"), campaigns=count_margins(session, utility_today(now)))


JOBS = (
    Job("value.count", EVERY_SECONDS, value_everybody, mark("Work out what customers are worth")),
    Job("value.campaigns", 3600, margins_of_campaigns, mark("Work out what campaigns earned")),
)
