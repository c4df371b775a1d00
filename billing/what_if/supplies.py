"""Who is re-rated: every supply that is live on a day, with its channel of energy taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby, pairwise

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.cycles import month_of_cycle
from billing.domain.rating.stay import MONTHS
from billing.domain.reckoning.days import Period
from billing.domain.tariffs.eligibility import Place


@dataclass(frozen=True, slots=True)
class BaseSupply:
    """One agreement of today. gives_back: its point has a channel of energy given back."""

    account_id: int
    customer_id: int
    segment: str
    currency: str
    cycle_day: int
    tariff_id: int
    timezone: str
    channel_id: int
    gives_back: bool = False
    place: Place = field(kw_only=True)


_SUPPLIES = text(
    """
    select a.id, a.customer_id, c.segment, a.currency, a.cycle_day, g.tariff_id, p.timezone, min(h.id),
           exists (select from channels x where x.service_point_id = g.service_point_id
                     and x.direction = 'export'),
           c.segment, s.fuel, coalesce(n3.code, n2.code, n1.code, ''), s.connection_micro_kw
    from agreements g
    join accounts a on a.id = g.account_id
    join customers c on c.id = a.customer_id
    join service_points s on s.id = g.service_point_id
    join premises p on p.id = s.premise_id
    left join network_nodes n1 on n1.id = p.node_id
    left join network_nodes n2 on n2.id = n1.parent_id
    left join network_nodes n3 on n3.id = n2.parent_id
    join channels h on h.service_point_id = s.id and h.direction = 'import' and h.unit = 'kWh'
    where g.starts_on <= :today and (g.ends_before is null or g.ends_before > :today)
      and (cast(:segment as text) is null or c.segment = :segment)
      and (cast(:accounts as bigint[]) is null or a.id = any(:accounts))
    group by g.id, a.id, c.id, p.id, s.id, n1.id, n2.id, n3.id
    having count(*) = 1
    order by g.tariff_id, p.timezone, a.cycle_day, a.id, g.id
    """
)


def base_supplies(
    session: Session, today: date, segment: str | None = None, accounts: Sequence[int] | None = None
) -> list[BaseSupply]:
    """Those that can be rated together stand together: by tariff, clock and cycle. accounts: of these
    alone."""
    given = {"today": today, "segment": segment, "accounts": None if accounts is None else list(accounts)}
    rows = session.execute(_SUPPLIES, given)
    return [BaseSupply(*row[:9], place=Place(*row[9:])) for row in rows]


def year_of(cycle_day: int, today: date) -> tuple[Period, ...]:
    """The last twelve cycles that are over, the oldest first."""
    month = month_of_cycle(today, cycle_day)
    firsts = [month.plus(back).cycle(cycle_day)[0] for back in range(-MONTHS, 1)]
    return tuple(Period(first, following) for first, following in pairwise(firsts))


def alike_supplies(supplies: Sequence[BaseSupply]) -> list[list[BaseSupply]]:
    """Neighbours that one pass can rate: same tariff, clock and cycle."""

    def key(one: BaseSupply) -> tuple[int, str, int]:
        return (one.tariff_id, one.timezone, one.cycle_day)

    return [list(group) for _, group in groupby(supplies, key=key)]
