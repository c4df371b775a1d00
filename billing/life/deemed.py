"""Supply that nobody agreed on: who moves out leaves a place that still draws energy, and the law supplies
whoever comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.life.moving import move_in
from billing.tables import Agreement, DeemedTerms, Tariff
from meters.tables import ServicePoint
from utility_crm.customers.tables import Account, Customer
from utility_crm.kit.errors import NotFound, Refused
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class UnsuppliedPoint:
    """A place that nobody is supplied at since `since`, and what was drawn there from that day on.

    used_on: the last day on which something was drawn; None: nothing since.
    """

    service_point_id: int
    code: str
    fuel: str
    address: str | None
    since: date
    last_account: str
    last_customer: str
    last_customer_id: int
    end_reason: str
    micro_kwh: int
    used_on: date | None


def set_deemed_terms(
    session: Session, fuel: str, segment: str, tariff_id: int, starts_on: date, source: str = ""
) -> None:
    """From a day on, who has agreed on nothing is supplied on this tariff. A repeat changes that day's."""
    currency = session.scalar(select(Tariff.currency).where(Tariff.id == tariff_id))
    if currency is None:
        raise NotFound("tariff", mark("There is no such tariff."))
    values = {"fuel": fuel, "segment": segment, "currency": currency, "starts_on": starts_on}
    session.execute(
        insert(DeemedTerms)
        .values(**values, tariff_id=tariff_id, source=source)
        .on_conflict_do_update(
            index_elements=["fuel", "segment", "currency", "starts_on"],
            set_={"tariff_id": tariff_id, "source": source},
        )
    )


def deemed_tariff(session: Session, service_point_id: int, account_id: int, on: date) -> int:
    """The tariff of a deemed contract there, on a day. Raises NotFound; Refused where no terms are set."""
    row = session.execute(
        select(ServicePoint.code, ServicePoint.fuel, Account.currency, Customer.segment)
        .select_from(Account)
        .join(Customer, Customer.id == Account.customer_id)
        .join(ServicePoint, ServicePoint.id == service_point_id)
        .where(Account.id == account_id)
    ).one_or_none()
    if row is None:
        raise NotFound("account", mark("There is no such account or service point."))
    found = session.scalar(
        select(DeemedTerms.tariff_id)
        .where(
            DeemedTerms.fuel == row.fuel,
            DeemedTerms.segment == row.segment,
            DeemedTerms.currency == row.currency,
            DeemedTerms.starts_on <= on,
        )
        .order_by(DeemedTerms.starts_on.desc())
        .limit(1)
    )
    if found is None:
        words = mark("No deemed terms are set for %(fuel)s to a %(segment)s in %(currency)s on %(day)s.")
        raise Refused(
            "no_deemed_terms",
            words,
            row.code,
            fuel=row.fuel,
            segment=row.segment,
            currency=row.currency,
            day=on,
        )
    return found


def deem_supply(session: Session, service_point_id: int, account_id: int, starts_on: date) -> Agreement:
    """Supply whoever lives there, from the day they came, on the terms that hold without agreement.

    Raises NotFound, Refused (no terms, other currency, unassigned point), Conflict (somebody is supplied
    there).
    """
    tariff_id = deemed_tariff(session, service_point_id, account_id, starts_on)
    return move_in(session, account_id, service_point_id, tariff_id, starts_on, kind="deemed")


_UNSUPPLIED = text(
    """
    with last as (
        select distinct on (g.service_point_id) g.service_point_id, g.ends_before, g.end_reason, g.account_id
        from agreements g
        order by g.service_point_id, g.starts_on desc
    ), ended as materialized (
        -- Few of all: nobody's days are summed but theirs.
        select l.*, array(select h.id from channels h where h.service_point_id = l.service_point_id
                          and h.direction = 'import' and h.unit = 'kWh') as channels
        from last l where l.ends_before <= :today and l.end_reason in ('moved', 'died')
    )
    select s.id, s.code, s.fuel, p.address, e.ends_before, a.number, c.name, c.id, e.end_reason,
           coalesce(u.micro, 0), u.used_on
    from ended e
    join service_points s on s.id = e.service_point_id
    left join premises p on p.id = s.premise_id
    join accounts a on a.id = e.account_id
    join customers c on c.id = a.customer_id
    left join lateral (
        select cast(sum(t.micro) as bigint) as micro, max(t.day) filter (where t.micro > 0) as used_on
        from daily_totals t
        where t.channel_id = any(e.channels) and t.day >= e.ends_before and t.day < :today
    ) u on true
    order by coalesce(u.micro, 0) desc, e.ends_before, s.code
    limit :limit
    """
)


def unsupplied_points(session: Session, today: date, limit: int = 200) -> tuple[UnsuppliedPoint, ...]:
    """Places where the last supply ended with a move and none followed, those that draw most first."""
    rows = session.execute(_UNSUPPLIED, {"today": today, "limit": limit})
    return tuple(UnsuppliedPoint(*row) for row in rows)
