"""What stands at a service point, who lives there, what brought its readings, and what is doubted of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import NotFound
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class ServicePointCard:
    """A service point and its place; `customer` lives there today, or lived there last."""

    id: int
    code: str
    fuel: str
    created_at: datetime
    premise: str | None
    address: str | None
    zone: str | None
    area: str | None
    node: str | None
    customer_id: int | None
    customer: str | None
    segment: str | None
    lived_until: date | None
    findings: int

    @property
    def placed(self) -> bool:
        return self.premise is not None


@dataclass(frozen=True, slots=True)
class StandingMeter:
    """A device; `removed_before` None: it stands there now."""

    serial: str
    installed_on: date
    removed_before: date | None


@dataclass(frozen=True, slots=True)
class BringingFeed:
    """A feed of which days of this service point stand, and which."""

    id: int
    name: str
    source: str
    received_at: datetime
    days: int
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """Days that a rule doubts and nobody judged yet."""

    id: int
    rule: str
    severity: str
    channel: str
    first_day: date
    last_day: date
    found_at: datetime


_CARD = text("""
with recursive above (node_id, id, name, parent_id) as (
    select n.id, n.id, n.name, n.parent_id from network_nodes n
    where n.id = (select p.node_id from premises p join service_points s on s.premise_id = p.id
                  where s.code = :code)
    union all
    select a.node_id, n.id, n.name, n.parent_id from network_nodes n join above a on n.id = a.parent_id
)
select s.id, s.code, s.fuel, s.created_at, p.code, concat_ws(', ', p.address, nullif(p.city, '')), p.timezone,
       (select name from above where parent_id is null), (select name from above where id = node_id),
       u.id, u.name, u.segment, o.ends_before,
       (select count(*) from findings f join channels c on c.id = f.channel_id
        where c.service_point_id = s.id and f.state = 'open')
from service_points s
left join premises p on p.id = s.premise_id
left join lateral (
    select account_id, ends_before from occupancies where premise_id = s.premise_id and starts_on <= :today
    order by starts_on desc limit 1
) o on true
left join accounts a on a.id = o.account_id
left join customers u on u.id = a.customer_id
where s.code = :code
""")
_METERS = text("""
select serial, installed_on, removed_before from meters where service_point_id = :point_id
order by installed_on desc
""")
_FEEDS = text("""
select f.id, f.name, f.source, f.received_at, count(*), min(b.day), max(b.day)
from blocks b join feeds f on f.id = b.feed_id
where b.channel_id = any(array(select id from channels where service_point_id = :point_id))
  and b.day between :first and :last
group by f.id order by f.received_at desc, f.id desc limit :limit
""")
_FINDINGS = text("""
select f.id, f.rule, f.severity, c.name, f.first_day, f.last_day, f.found_at
from findings f join channels c on c.id = f.channel_id
where c.service_point_id = :point_id and f.state = 'open'
order by f.severity, f.last_day desc, f.id desc limit :limit
""")


def service_point_card(session: Session, code: str, today: date) -> ServicePointCard:
    """Raises NotFound."""
    row = session.execute(_CARD, {"code": code, "today": today}).one_or_none()
    if row is None:
        raise NotFound(
            "no_such_service_point", mark("There is no service point %(point)s."), code, point=code
        )
    return ServicePointCard(*row)


def standing_meters(session: Session, point_id: int) -> list[StandingMeter]:
    """The newest first."""
    return [StandingMeter(*row) for row in session.execute(_METERS, {"point_id": point_id})]


def bringing_feeds(
    session: Session, point_id: int, first: date, last: date, limit: int = 60
) -> list[BringingFeed]:
    """The feeds by which these days stand, the newest first."""
    asked = {"point_id": point_id, "first": first, "last": last, "limit": limit}
    return [BringingFeed(*row) for row in session.execute(_FEEDS, asked)]


def open_findings(session: Session, point_id: int, limit: int = 50) -> list[OpenFinding]:
    """The grave ones first."""
    asked = {"point_id": point_id, "limit": limit}
    return [OpenFinding(*row) for row in session.execute(_FINDINGS, asked)]
