"""What the clock calls of the findings; each may be called twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from meters.domain.validation.rulebook import SEGMENTS
from meters.findings.deciding import estimate_findings
from meters.findings.late_gaps import late_gaps
from meters.findings.present import pretended
from meters.findings.reviewing import review_channels
from meters.findings.rules import configured_rules
from utility_crm.kit.said import said
from utility_crm.kit.today import utility_today
from utility_crm.web.words import mark

CHANNELS_A_CALL = 2000
GAPS_A_CALL = 200
REASON = "Nothing came for as many days as the rule says."


def review_readings(session: Session, now: datetime) -> str:
    """Look over channels that were not looked over today, a chunk a call."""
    done = review_channels(session, utility_today(now), pretended(now), CHANNELS_A_CALL)
    return said(
        mark("%(channels)s channels looked over, %(new)s findings new, %(closed)s closed"),
        channels=done.channels,
        new=done.new,
        closed=done.closed,
    )


def estimate_late_gaps(session: Session, now: datetime) -> str:
    """Estimate gaps that have waited longer than the rule `estimate_gaps` says, in segments that have it."""
    book = configured_rules(session)
    on, days = book.enabled("estimate_gaps"), book.number("estimate_gaps", "after_days")
    after = {name: int(days[place]) for place, name in enumerate(SEGMENTS) if on[place]}
    waiting = late_gaps(session, after, utility_today(now))[:GAPS_A_CALL]
    done = estimate_findings(session, waiting, user_id=None, reason=REASON, now=pretended(now))
    return said(
        mark("%(done)s gaps estimated, %(left)s left to a person"),
        done=len(done.done),
        left=len(done.refused),
    )
