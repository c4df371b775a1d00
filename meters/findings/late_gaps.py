"""Gaps that nobody has filled for long."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

_LATE_GAPS = """
select f.id, coalesce(o.segment, 'default') as segment, f.last_day
from findings f
join channels c on c.id = f.channel_id
join service_points s on s.id = c.service_point_id
left join lateral (
    select u.segment from occupancies o join accounts a on a.id = o.account_id
    join customers u on u.id = a.customer_id
    where o.premise_id = s.premise_id order by o.starts_on desc limit 1
) o on true
where f.state = 'open' and f.rule = 'missing' and f.last_day <= :until order by f.id
"""


def late_gaps(session: Session, after_days: Mapping[str, int], today: date) -> list[int]:
    """Open gaps of the segments named, older than as many days as each says."""
    if not after_days:
        return []
    until = today - timedelta(days=min(after_days.values()))
    return [
        row.id
        for row in session.execute(text(_LATE_GAPS), {"until": until})
        if row.segment in after_days and row.last_day <= today - timedelta(days=after_days[row.segment])
    ]
