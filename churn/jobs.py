"""What the clock calls: once a day the model learns from the windows that ended, and everybody is scored."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from utility_crm.kit.clock import today_in
from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

HOUR_SECONDS = 3600
STATUS_WORDS = {
    "scored": mark("scored"),
    "unchanged": mark("unchanged"),
    "too_short": mark("the bills do not reach back far enough"),
}


def score_everybody(session: Session, now: datetime) -> str:
    """Fit and score for today; repeated on the same day, it finds that done and changes nothing."""
    from churn.actions import (
        fit_and_score,
    )  # frames and models are loaded when there is work, not with the clock

    known = settings()
    done = fit_and_score(session, known.as_of or today_in(known.timezone, now), now)
    return said(
        mark("%(status)s, %(customers)s customers as of %(as_of)s"),
        status=STATUS_WORDS[done.status],
        customers=done.customers,
        as_of=done.as_of,
    )


JOBS = (Job("churn.score", HOUR_SECONDS, score_everybody, mark("Score who may leave")),)
