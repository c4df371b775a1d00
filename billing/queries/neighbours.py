"""What a meter is held against: what validation found, and what others of the same kind use nearby."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.gathering import listed

FEWEST = 5
"""With fewer neighbours the middle of them says nothing, and might tell of somebody."""
DAYS_BACK = 400
"""How far back findings are looked at: thirteen months."""


@dataclass(frozen=True, slots=True)
class MeterFinding:
    """Days in a row that a rule doubts or doubted. state: open, accepted, estimated or edited."""

    rule: str
    severity: str
    state: str
    first_day: date
    last_day: date
    service_point: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Use a day in micro-kWh of others of the segment in the area, over bills that end within two weeks of
    the bill's end: how many, and at 10, 50 and 90 percent of them."""

    area: str
    count: int
    low: int
    middle: int
    high: int


FINDINGS = listed(
    """
    select f.rule, f.severity, f.state, f.first_day, f.last_day, s.code
    from findings f
    join channels h on h.id = f.channel_id
    join service_points s on s.id = h.service_point_id
    where h.service_point_id in (select service_point_id from agreements where account_id = :account)
      and f.last_day >= :since and f.state <> 'superseded'
    order by (f.state = 'open') desc, f.last_day desc, f.id
    limit 60
    """,
    MeterFinding,
)
"""Of the service points of `:account` since `:since`, open ones first."""
_NEIGHBOURS = text(
    """
    with recursive mine as (
        select p.node_id, c.segment
        from agreements g
        join accounts a on a.id = g.account_id
        join customers c on c.id = a.customer_id
        join service_points s on s.id = g.service_point_id
        join premises p on p.id = s.premise_id
        where g.account_id = :account order by g.starts_on desc limit 1
    ), up as (
        select n.id, n.parent_id, n.name from network_nodes n join mine on mine.node_id = n.id
        union all
        select n.id, n.parent_id, n.name from network_nodes n join up on up.parent_id = n.id
    ), area as (
        select id, name from up where parent_id is null
    ), below as (
        select id from area
        union all
        select n.id from network_nodes n join below on n.parent_id = below.id
    ), used as (
        select distinct on (a.id) b.micro_kwh / (b.ends_before - b.starts_on) as a_day
        from below
        join premises p on p.node_id = below.id
        join service_points s on s.premise_id = p.id
        join agreements g on g.service_point_id = s.id
        join accounts a on a.id = g.account_id and a.id <> :account
        join customers c on c.id = a.customer_id and c.segment = (select segment from mine)
        join bills b on b.account_id = a.id and b.status = 'issued'
                    and b.ends_before between :first and :last
        order by a.id, abs(b.ends_before - cast(:ended as date))
    )
    select (select name from area), count(*),
           percentile_disc(0.1) within group (order by a_day),
           percentile_disc(0.5) within group (order by a_day),
           percentile_disc(0.9) within group (order by a_day)
    from used
    """
)


def neighbours_of(session: Session, account_id: int, ended: date) -> Neighbours | None:
    """Others of the same kind in the same area; None where there are fewer than FEWEST."""
    around = timedelta(days=14)
    values = {"account": account_id, "ended": ended, "first": ended - around, "last": ended + around}
    area, count, *quantiles = session.execute(_NEIGHBOURS, values).one()
    if area is None or count < FEWEST:
        return None
    low, middle, high = (int(value) for value in quantiles)
    return Neighbours(area, count, low, middle, high)


def of_kind(found: Sequence[MeterFinding], *rules: str) -> list[MeterFinding]:
    """Those of some rules."""
    return [one for one in found if one.rule in rules]
