"""Channels of service points, with what is counted of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.gathering import listed


@dataclass(frozen=True, slots=True)
class PointChannel:
    """A channel of a service point. `zone` is its premise's, UTC without one. `readings` a day and the days
    between which there are any: as counted, None where none was."""

    point_id: int
    code: str
    zone: str
    id: int
    name: str
    unit: str
    direction: str
    offset_minutes: int
    readings: int | None
    first_day: date | None
    last_day: date | None


_COLUMNS = """
select s.id, s.code, coalesce(p.timezone, 'UTC'), c.id, c.name, c.unit, c.direction, c.offset_minutes,
       k.readings, k.first_day, k.last_day
from service_points s
join channels c on c.service_point_id = s.id
left join premises p on p.id = s.premise_id
left join channel_spans k on k.channel_id = c.id
"""
# A household's own first, import before export, energy before reactive energy.
_ORDER = "order by s.code, c.unit <> 'kWh', c.direction = 'export', c.name, c.id"

_OF_POINT = text(f"{_COLUMNS} where s.id = :point_id {_ORDER}")
OF_CUSTOMER = listed(
    f"""
with lived as (
    select o.premise_id,
           case when bool_or(o.ends_before is null) then null else max(o.ends_before) end as until
    from accounts a join occupancies o on o.account_id = a.id
    where a.customer_id = :customer_id group by o.premise_id
)
{_COLUMNS.replace("k.last_day", "least(k.last_day, l.until - 1)")}
join lived l on l.premise_id = s.premise_id
{_ORDER}
""",
    PointChannel,
)
"""Of `:customer_id`, wherever they live or lived; their last day ends with the stay."""
_LIVED = text("""
select distinct s.id from accounts a
join occupancies o on o.account_id = a.id
join service_points s on s.premise_id = o.premise_id
where a.customer_id = :customer_id and o.starts_on <= :day and (o.ends_before is null or o.ends_before > :day)
""")


def channels_of_point(session: Session, point_id: int) -> list[PointChannel]:
    """The channels of one service point."""
    return [PointChannel(*row) for row in session.execute(_OF_POINT, {"point_id": point_id})]


def lived_at(session: Session, customer_id: int, day: date) -> set[int]:
    """The service points where the customer was supplied on a day: what others used there is not theirs."""
    return set(session.scalars(_LIVED, {"customer_id": customer_id, "day": day}))
