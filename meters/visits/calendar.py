"""Visits in the calendar of who booked them; whoever sees everybody's tasks sees them all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.visits.customer import WHAT
from utility_crm.auth.queries import SignedIn
from utility_crm.customers.limits import THEIRS
from utility_crm.kit.masking import shown
from utility_crm.kit.module import CalendarEntry
from utility_crm.web.words import translator

_BETWEEN = f"""
    select v.id, v.kind, v.on_day, v.starts, v.ends, v.customer_id, c.name, p.timezone,
           concat_ws(', ', nullif(p.address, ''), nullif(p.city, '')) as place, p.city
    from appointments v
    join customers c on c.id = v.customer_id
    join premises p on p.id = v.premise_id
    where v.state = 'booked' and v.on_day >= :first and v.on_day < :before
      and (:all or v.made_by = :user) and (not :limited or {THEIRS.format(customer="v.customer_id")})
    order by v.on_day, v.starts, v.id limit 500
"""


def visits_between(session: Session, first: date, before: date, user: SignedIn) -> Sequence[CalendarEntry]:
    """Booked visits from a day until before another. The title names nobody: it may leave the house."""
    if not user.may("visits.book"):
        return ()
    _ = translator(user.language, "meters")
    values = {
        "first": first, "before": before, "user": user.id, "all": user.may("tasks.all"),
        "limited": bool(user.area_ids), "area_ids": list(user.area_ids),
    }  # fmt: skip
    rows = session.execute(text(_BETWEEN), values)
    return [
        CalendarEntry(
            key=f"visit-{row.id}",
            day=row.on_day,
            title=_(WHAT[row.kind]),
            detail=", ".join(
                filter(None, (row.name, shown(row.place, "address", row.customer_id, row.city)))
            ),
            starts_at=datetime.combine(row.on_day, row.starts, ZoneInfo(row.timezone)),
            ends_at=datetime.combine(row.on_day, row.ends, ZoneInfo(row.timezone)),
            href=f"/customers/{row.customer_id}?ask=visits#visit-{row.id}",
        )
        for row in rows
    ]
