"""By when customers have to hear of planned works, and from when on they do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from notifications.domain.lead_time import LeadTime, days_late, lead_time, tell_by
from notifications.outages.queries import zone_below
from notifications.working_days import free_days
from utility_crm.kit.settings import settings

FROM_DAYS = 28
"""Nobody is told of works earlier than this: it would be forgotten."""


@dataclass(frozen=True, slots=True)
class Lead:
    """On the calendar of the place: today, the rule, the last day that is in time, and the first on which
    they are told."""

    today: date
    rule: LeadTime
    tell_by: date
    tell_from: date
    days_late: int

    @property
    def waits(self) -> bool:
        """Whether it is too early to tell anyone."""
        return self.today < self.tell_from


def lead_of(session: Session, node_id: int, starts_at: datetime, now: datetime) -> Lead:
    """Of works below a node, by the law of the supplier's country. One statement."""
    known, zone = settings(), ZoneInfo(zone_below(session, node_id))
    on, today = starts_at.astimezone(zone).date(), now.astimezone(zone).date()
    rule = lead_time("planned_outage", known.country, known.subdivision)
    free = free_days(known.country, known.subdivision, on) if rule.working else frozenset()
    last = tell_by(rule, on, free)
    first = min(last, on - timedelta(days=FROM_DAYS))
    return Lead(today, rule, last, first, days_late(rule, on, today, free))
