"""What the clock calls: kept facts stay fresh, and segments are counted once a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.segments.actions import count_again, refresh_facts
from utility_crm.web.words import mark

HOUR_SECONDS = 3600
FRESH_HOURS = 20
"""A kept fact older than this is worked out again: once a day, with room for a late start."""


def keep_facts_fresh(session: Session, now: datetime) -> str:
    """Facts that take too long to be asked live; again on the same day, it finds that done."""
    done = refresh_facts(session, now, now - timedelta(hours=FRESH_HOURS))
    return said(
        mark("%(facts)s facts worked out, %(values)s values"), facts=len(done), values=sum(done.values())
    )


def count_segments(session: Session, now: datetime) -> str:
    """How many each dynamic segment is today."""
    return said(mark("%(segments)s segments counted"), segments=count_again(session, now))


JOBS = (
    Job("segments.facts", HOUR_SECONDS, keep_facts_fresh, mark("Work out facts for segments")),
    Job("segments.sizes", HOUR_SECONDS, count_segments, mark("Count segments")),
)
