"""What validation found in the simulated readings, and what ops has decided of it so far."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import numpy as np
from sqlalchemy import text

from meters.demo.odd_days import three_phase
from meters.domain.validation.above_capacity import capacity_of
from meters.findings.deciding import accept_findings
from meters.findings.reviewing import review_channels
from utility_crm.demo.context import DemoBuild
from utility_crm.demo.plan import Plan

DECIDED_DAYS = 14
"""Gaps older than that were looked at."""
REASON = "A short gap; the bill filled it from days like it."

# As if each had been found when its day's file came.
_FOUND = """
update findings f set found_at = (f.last_day + 1) + time '04:30', feed_id = b.feed_id
from blocks b where b.channel_id = f.channel_id and b.day = f.last_day
"""
_DECIDED = "update findings set decided_at = found_at + interval '29 hours' where state = 'accepted'"
_OLD_GAPS = "select id from findings where rule = 'missing' and last_day < :until order by id"
_OPS = "select min(id) from users where role = 'ops'"


LIMIT = capacity_of(amperes=100, phases=3)


def limit_rows(plan: Plan) -> Iterator[tuple[int, int]]:
    """(channel_id, micro_an_hour) of homes whose meters can count more than a home's usually can."""
    return ((int(place) + 1, LIMIT) for place in np.flatnonzero(three_phase(plan)))


def find_in_demo(context: DemoBuild) -> None:
    """Look over every channel as the clock does each morning; the older gaps are kept as read."""
    as_of = context.plan.as_of
    now = datetime.combine(as_of, time(6), UTC)
    context.copy_rows("channel_limits", ("channel_id", "micro_an_hour"), limit_rows(context.plan))
    with context.steps.step("Findings", 2) as advance, context.session() as session:
        review_channels(session, as_of, now, limit=10**6)
        session.execute(text(_FOUND))
        advance(1)
        until = as_of - timedelta(days=DECIDED_DAYS)
        ids = session.scalars(text(_OLD_GAPS), {"until": until}).all()
        ops = session.scalar(text(_OPS))
        if ops is not None and ids:
            accept_findings(session, ids, user_id=ops, reason=REASON, now=now)
            session.execute(text(_DECIDED))
        advance(1)
        context.analyse("findings", "channel_profiles")
