"""Service points without a place: which there are, and giving them one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from meters.tables import NodeMeter, ServicePoint
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.network.tables import Premise
from utility_crm.web.words import mark


def assign_service_point(session: Session, code: str, premise_code: str) -> None:
    """Hang a service point that feeds brought in on its premise. Raises NotFound, or Conflict where it stands
    at another premise already. Its channels keep the standard time in which they began."""
    if session.scalar(select(NodeMeter.node_id).join(ServicePoint).where(ServicePoint.code == code)):
        raise Conflict(
            "of_node",
            mark("Service point %(point)s measures a node of the network."),
            "service_point",
            point=code,
        )
    point = session.execute(
        select(ServicePoint.id, ServicePoint.premise_id).where(ServicePoint.code == code).with_for_update()
    ).one_or_none()
    if point is None:
        raise NotFound(
            "no_such_service_point", mark("There is no service point %(point)s."), "service_point", point=code
        )
    premise = session.scalar(select(Premise.id).where(Premise.code == premise_code))
    if premise is None:
        raise NotFound(
            "no_such_premise", mark("There is no premise %(premise)s."), "premise", premise=premise_code
        )
    if point.premise_id not in (None, premise):
        raise Conflict(
            "placed",
            mark("Service point %(point)s stands at another premise already."),
            "service_point",
            point=code,
        )
    session.execute(update(ServicePoint).where(ServicePoint.id == point.id).values(premise_id=premise))


@dataclass(frozen=True, slots=True)
class UnassignedPoint:
    """A service point that feeds brought in and that stands nowhere yet: its readings are kept and never
    billed."""

    code: str
    fuel: str
    channels: tuple[str, ...]
    days: int
    first_day: date | None
    last_day: date | None
    since: datetime


_UNASSIGNED = """
select s.code, s.fuel, array_agg(distinct c.name || ' ' || c.unit) filter (where c.id is not null),
       coalesce(sum(b.days), 0), min(b.first_day), max(b.last_day), s.created_at
from service_points s
left join channels c on c.service_point_id = s.id
left join lateral (select count(*) as days, min(day) as first_day, max(day) as last_day
                   from blocks where channel_id = c.id) b on true
where s.id in (select id from service_points where premise_id is null
                 and not exists (select from node_meters m where m.service_point_id = service_points.id)
               order by created_at desc, code limit :limit)
group by s.id order by s.created_at desc, s.code
"""


def unassigned_points(session: Session, limit: int = 50) -> list[UnassignedPoint]:
    """The newest service points without a premise."""
    rows = session.execute(text(_UNASSIGNED), {"limit": limit})
    return [
        UnassignedPoint(code, fuel, tuple(channels or ()), int(days), first, last, since)
        for code, fuel, channels, days, first, last, since in rows
    ]


def count_unassigned(session: Session) -> int:
    """How many service points have no premise; those that measure a node of the network want none."""
    of_node = select(NodeMeter.node_id).where(NodeMeter.service_point_id == ServicePoint.id).exists()
    counted = session.scalar(select(func.count()).where(ServicePoint.premise_id.is_(None), ~of_node))
    return counted or 0


@dataclass(frozen=True, slots=True)
class FreePremise:
    """A premise where no meter stands yet."""

    code: str
    address: str


_FREE = """
select p.code, concat_ws(', ', p.address, nullif(p.city, ''), nullif(p.postcode, ''))
from premises p where not exists (select from service_points s where s.premise_id = p.id)
order by p.id desc limit :limit
"""


def free_premises(session: Session, limit: int = 200) -> list[FreePremise]:
    """The newest premises without a service point, to choose from."""
    return [FreePremise(*row) for row in session.execute(text(_FREE), {"limit": limit})]
