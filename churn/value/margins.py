"""Margins of bills, and how every supplied customer stands, each in one statement for the whole base.

The plain reading is `churn.domain.value.margins`. Bills of the last year count, by the day they were issued,
of the house's currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.tariffs.file import default_decimals
from churn.domain.value.margins import Margin
from utility_crm.kit.settings import settings

YEAR_DAYS = 365
_FITS = """
    (select r.price_micro from cost_rates r
     where r.kind = '{kind}' and r.fuel = s.fuel and r.currency = :currency and r.valid_from <= e.starts_on
       and (r.tariff_id is null or r.tariff_id = s.tariff_id)
       and (r.segment is null or r.segment = s.segment) and (r.area is null or r.area = s.area)
     order by r.tariff_id is null, r.segment is null, r.area is null, r.valid_from desc limit 1)
"""
_ROOT = """
    root as (
        select id, code, id as node_id from network_nodes where parent_id is null
        union all
        select r.id, r.code, n.id from network_nodes n join root r on n.parent_id = r.node_id)
"""
# A bill is parted by agreement: each has its days, and of the bill's energy what its own lines charge.
BILL_MARGINS = f"""
    {_ROOT},
    b as materialized (
        select b.id, a.customer_id, c.segment, b.micro_kwh, b.starts_on, b.ends_before
        from bills b join accounts a on a.id = b.account_id join customers c on c.id = a.customer_id
        where b.status = 'issued' and b.issued_on > :after and b.issued_on <= :today
          and b.currency = :currency),
    l as (
        select x.bill_id, x.agreement_id, min(x.starts_on) as starts_on, max(x.ends_before) as ends_before,
               coalesce(sum(x.quantity_micro)
                   filter (where x.charge = 'energy' and x.unit in ('kWh', 'm3')), 0) as charged,
               coalesce(sum(x.amount_minor) filter (where x.charge not in ('tax', 'fee', 'budget')), 0)
                   as revenue
        from bill_lines x join b on b.id = x.bill_id
        group by x.bill_id, x.agreement_id),
    parts as materialized (
        select l.bill_id, s.fuel, g.tariff_id, b.segment, coalesce(r.code, '') as area, l.starts_on,
               l.ends_before, l.ends_before - l.starts_on as days, b.micro_kwh,
               case when sum(l.charged) over bill > 0 then l.charged else l.ends_before - l.starts_on end
                   as weight,
               case when sum(l.charged) over bill > 0 then sum(l.charged) over bill
                    else sum(l.ends_before - l.starts_on) over bill end as weights
        from l
        join b on b.id = l.bill_id
        join agreements g on g.id = l.agreement_id
        join service_points s on s.id = g.service_point_id
        left join premises p on p.id = s.premise_id
        left join root r on r.node_id = p.node_id
        window bill as (partition by l.bill_id)),
    eras as (
        select valid_from as starts_on, lead(valid_from, 1, 'infinity') over (order by valid_from)
                   as ends_before
        from (select distinct valid_from from cost_rates where currency = :currency) as d),
    scopes as (select distinct fuel, tariff_id, segment, area from parts),
    priced as materialized (
        select s.fuel, s.tariff_id, s.segment, s.area, e.starts_on, e.ends_before,
               {_FITS.format(kind="purchase")} + {_FITS.format(kind="network_kwh")} as by_kwh,
               {_FITS.format(kind="network_day")} + coalesce({_FITS.format(kind="other_day")}, 0) as by_day
        from scopes s cross join eras e),
    known as (
        select t.bill_id, sum(o.days) as days,
               sum(cast(t.micro_kwh as numeric) * t.weight * o.days * p.by_kwh
                   / (t.weights * t.days * 1000000) + p.by_day * o.days) as cost_micro
        from parts t
        join priced p on p.fuel = t.fuel and p.tariff_id = t.tariff_id and p.segment = t.segment
                     and p.area = t.area and p.starts_on < t.ends_before and p.ends_before > t.starts_on
                     and p.by_kwh is not null and p.by_day is not null and t.days > 0
        cross join lateral (select least(p.ends_before, t.ends_before)
                                   - greatest(p.starts_on, t.starts_on) as days) as o
        group by t.bill_id),
    whole as (select bill_id, sum(days) as days from parts group by bill_id),
    earned as (select bill_id, sum(revenue) as revenue from l group by bill_id),
    margins as (
        select b.id as bill_id, b.customer_id, b.starts_on, b.ends_before,
               cast(coalesce(e.revenue, 0) as bigint) as revenue_minor,
               cast(coalesce(w.days - coalesce(k.days, 0), 0) as integer) as unknown_days,
               case when k.days = w.days then cast(round(k.cost_micro / :scale) as bigint) end as cost_minor
        from b
        left join earned e on e.bill_id = b.id
        left join whole w on w.bill_id = b.id
        left join known k on k.bill_id = b.id)
"""
_BY_BILL = text(
    f"with recursive {BILL_MARGINS} select bill_id, revenue_minor, cost_minor, unknown_days from margins"
)
# What customers do by themselves: they get in touch, or pay; each day counts once.
_STANDINGS = text(
    f"""
    with recursive {BILL_MARGINS},
    yearly as materialized (
        select customer_id, sum(revenue_minor) as revenue_minor,
               case when count(cost_minor) = count(*) then sum(revenue_minor - cost_minor) end
                   as margin_minor,
               sum(unknown_days) as unknown_days,
               (select sum(upper(span) - lower(span))
                from unnest(range_agg(daterange(starts_on, ends_before))) as span) as days
        from margins group by customer_id),
    acts as materialized (
        select customer_id, max(day) as last_on, count(distinct day) as days
        from (
            select x.customer_id, cast(x.at at time zone :zone as date) as day
            from contacts x where x.direction = 'in' and x.at > cast(:after as date)
            union all
            select a.customer_id, cast(p.received_at at time zone :zone as date)
            from payments p join accounts a on a.id = p.account_id
            where p.amount_minor > 0 and p.received_at > cast(:after as date)) as d
        where day <= :today group by customer_id),
    supplied as materialized (
        select distinct on (a.customer_id) a.customer_id, t.name as tariff, coalesce(r.code, '') as area
        from agreements g
        join accounts a on a.id = g.account_id
        join tariffs t on t.id = g.tariff_id
        join service_points s on s.id = g.service_point_id
        left join premises p on p.id = s.premise_id
        left join root r on r.node_id = p.node_id
        where g.starts_on <= :today and g.ends_before is null
        order by a.customer_id, g.starts_on, g.id)
    select c.id, c.segment, p.area, p.tariff, k.score, cast(coalesce(y.revenue_minor, 0) as bigint),
           cast(y.margin_minor as bigint), cast(coalesce(y.unknown_days, 0) as integer),
           coalesce(y.days, 0), x.last_on, cast(coalesce(x.days, 0) as integer)
    from supplied p
    join customers c on c.id = p.customer_id and c.merged_into_id is null and c.erased_on is null
    left join yearly y on y.customer_id = c.id
    left join acts x on x.customer_id = c.id
    left join churn_scores k on k.customer_id = c.id
    order by c.id
    """
)


@dataclass(frozen=True, slots=True)
class Base:
    """A supplied customer as the day finds them. chance: of leaving within 90 days, None where nobody scored
    them; margin_minor: of all their bills of a year, None where the cost of a day is not known; days: that
    one of these bills holds, each once; acts: days on which they got in touch or paid."""

    customer_id: int
    segment: str
    area: str
    tariff: str
    chance: float | None
    revenue_minor: int
    margin_minor: int | None
    unknown_days: int
    days: int
    last_act_on: date | None
    acts: int


def bill_margins(session: Session, today: date) -> dict[int, Margin]:
    """The margin of every bill of the last year, by its id."""
    rows = session.execute(_BY_BILL, values_of(today))
    return {row[0]: Margin(row[1], row[2], row[3]) for row in rows}


def standings(session: Session, today: date) -> list[Base]:
    """Everybody who is supplied, by id."""
    values = values_of(today) | {"zone": settings().timezone}
    return [Base(*row) for row in session.execute(_STANDINGS, values)]


def values_of(today: date) -> dict[str, Any]:
    """What `BILL_MARGINS` asks for: bills of the last year, of the house's currency."""
    currency = settings().currency
    return {
        "today": today, "after": today - timedelta(days=YEAR_DAYS), "currency": currency,
        "scale": 10 ** (6 - default_decimals(currency)),
    }  # fmt: skip
