"""How far forecasts were off: what bills say of use by month, and the spreads that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.rating.forecast import Spread

MOST_MONTHS = 26
_BILLS = text(
    """
    select c.segment, b.account_id, b.starts_on, b.ends_before, b.micro_kwh
    from bills b
    join accounts a on a.id = b.account_id
    join customers c on c.id = a.customer_id
    where b.status = 'issued' and b.ends_before > :since and b.ends_before - b.starts_on between 20 and 40
    order by c.segment, b.account_id, b.starts_on
    """
)
_SPREADS = text(
    """
    select f.level, f.low, f.high, f.base_sd from forecast_spreads f
    join customers c on c.segment = f.segment
    join accounts a on a.customer_id = c.id
    where a.id = :account order by f.level
    """
)
_KEEP = text(
    """
    insert into forecast_spreads (segment, level, low, high, base_sd, households, months, computed_at)
    values (:segment, :level, :low, :high, :base_sd, :households, :months, :now)
    on conflict (segment, level) do update
    set low = excluded.low, high = excluded.high, base_sd = excluded.base_sd,
        households = excluded.households, months = excluded.months, computed_at = excluded.computed_at
    """
)


def use_by_month(session: Session, today: date) -> dict[str, list[list[int]]]:
    """By segment, each account's use a day in micro-kWh by bill, the oldest first; a gap between bills begins
    the account anew."""
    since = today - timedelta(days=31 * MOST_MONTHS)
    rows = session.execute(_BILLS, {"since": since}).all()
    found: dict[str, list[list[int]]] = {}
    for (segment, _account), bills in groupby(rows, key=lambda row: (row[0], row[1])):
        ended: date | None = None
        of_segment = found.setdefault(segment, [])
        for _, _, starts_on, ends_before, micro_kwh in bills:
            if starts_on != ended:
                of_segment.append([])
            of_segment[-1].append(micro_kwh // (ends_before - starts_on).days)
            ended = ends_before
    return found


def spreads_for(session: Session, account_id: int) -> dict[int, Spread]:
    """Those of the account's segment, by level of certainty."""
    rows = session.execute(_SPREADS, {"account": account_id})
    return {row[0]: Spread(*row) for row in rows}


def keep_spreads(
    session: Session, segment: str, spreads: Sequence[Spread], households: int, months: int, now: datetime
) -> None:
    """In place of what was kept of the segment."""
    for one in spreads:
        session.execute(
            _KEEP,
            {
                "segment": segment, "level": one.level, "low": one.low, "high": one.high,
                "base_sd": one.base_sd, "households": households, "months": months, "now": now,
            },
        )  # fmt: skip
