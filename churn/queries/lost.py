"""Whose supply ended, and how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.domain.label import HORIZON_DAYS
from churn.queries.places import PLACES


@dataclass(frozen=True, slots=True)
class Lost:
    """A customer whose supply was lost to another supplier."""

    customer_id: int
    number: str
    name: str
    segment: str
    area: str
    tariff: str
    left_on: date


_LOST = text(
    PLACES.format(which="g.end_reason = 'switched' and g.ends_before > :after and g.ends_before <= :until")
    + """
    select c.id, c.number, c.name, c.segment, coalesce(p.area, ''), p.tariff, max(g.ends_before) as left_on
    from supplied p
    join customers c on c.id = p.customer_id
    join accounts a on a.customer_id = c.id
    join agreements g on g.account_id = a.id and g.end_reason = 'switched'
                     and g.ends_before > :after and g.ends_before <= :until
    group by c.id, c.number, c.name, c.segment, p.area, p.tariff
    order by left_on desc, c.id
    """
)
_OTHER_ENDS = text(
    """
    select g.end_reason, count(distinct a.customer_id)
    from agreements g join accounts a on a.id = g.account_id
    where g.ends_before > :after and g.ends_before <= :until and g.end_reason in ('moved', 'died', 'cut_off')
    group by g.end_reason order by 1
    """
)


def lost(session: Session, until: date, days: int = HORIZON_DAYS) -> list[Lost]:
    """Whose supply another supplier took over on a day in (until - days, until], the last first."""
    values = {"after": until - timedelta(days=days), "until": until}
    return [Lost(*row) for row in session.execute(_LOST, values)]


def other_ends(session: Session, until: date, days: int = HORIZON_DAYS) -> dict[str, int]:
    """Customers with a supply that ended in the same days because they moved, died or were cut off."""
    values = {"after": until - timedelta(days=days), "until": until}
    return {row[0]: row[1] for row in session.execute(_OTHER_ENDS, values)}
