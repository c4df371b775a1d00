"""Who is to be billed for what: accounts whose cycle ends in a month, and the supply they took in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.cycles import Month


@dataclass(frozen=True, slots=True)
class DueAccount:
    """An account with supply in the cycle that ends in the month asked for. billed: to the end of its supply
    in the cycle. held: a run could not bill it."""

    id: int
    number: str
    cycle_day: int
    billed: bool
    held: bool


@dataclass(frozen=True, slots=True)
class Supply:
    """An agreement's part of a cycle: local days [starts_on, ends_before) at one service point on one tariff.

    channel_ids: the point's import channels of what the tariff meters (kWh, or m3 of gas and water); a bill
    of intervals needs exactly one. timezone None: unassigned.
    export_channel_ids: of energy given back; a tariff that reads them needs at most one. ends: the agreement
    ends with these days, and with it the years of its tariff, whether supply goes on on another or not.
    segment: of the account's customer. area_id: the network's area in which the premise lies, None for none.
    """

    account_id: int
    account: str
    account_currency: str
    terms_days: int
    agreement_id: int
    service_point: str
    tariff_id: int
    starts_on: date
    ends_before: date
    timezone: str | None
    channel_ids: tuple[int, ...]
    segment: str = ""
    area_id: int | None = None
    export_channel_ids: tuple[int, ...] = ()
    ends: bool = False


_DUE = text(
    """
    select a.id, a.number, a.cycle_day,
           b.ends_before is not null
           and not exists (select from agreements g
                           where g.account_id = a.id and g.starts_on < c.ends_before
                             and (g.ends_before is null or g.ends_before > b.ends_before)
                             and c.ends_before > b.ends_before),
           exists (select from held_bills h
                   where h.account_id = a.id
                     and h.starts_on < c.ends_before and h.ends_before > c.starts_on)
    from accounts a
    join unnest(cast(:days as smallint[]), cast(:starts as date[]), cast(:ends as date[]))
         as c(cycle_day, starts_on, ends_before) on c.cycle_day = a.cycle_day
    left join lateral (select max(ends_before) as ends_before from bills
                       where account_id = a.id and status = 'issued'
                         and starts_on < c.ends_before and ends_before > c.starts_on) b on true
    where (cast(:only as bigint[]) is null or a.id = any(:only))
      and exists (select from agreements g
                  where g.account_id = a.id and g.starts_on < c.ends_before
                    and (g.ends_before is null or g.ends_before > c.starts_on))
    order by a.cycle_day, a.id
    """
)

_SUPPLIES = text(
    """
    select a.id, a.number, a.currency, a.terms_days, g.id, s.code, g.tariff_id,
           greatest(g.starts_on, :starts_on), least(g.ends_before, :ends_before), p.timezone,
           coalesce((select array_agg(h.id order by h.id) from channels h
                     where h.service_point_id = s.id and h.direction = 'import'
                       and h.unit = case when t.document -> 'volume' is null then 'kWh' else 'm3' end),
                    cast('{}' as bigint[])),
           u.segment, coalesce(n3.id, n2.id, n1.id),
           coalesce((select array_agg(h.id order by h.id) from channels h
                     where h.service_point_id = s.id and h.direction = 'export' and h.unit = 'kWh'),
                    cast('{}' as bigint[])),
           coalesce(g.ends_before <= :ends_before, false)
    from accounts a
    join customers u on u.id = a.customer_id
    join agreements g on g.account_id = a.id and g.starts_on < :ends_before
                     and (g.ends_before is null or g.ends_before > :starts_on)
    join tariffs t on t.id = g.tariff_id
    join service_points s on s.id = g.service_point_id
    left join premises p on p.id = s.premise_id
    left join network_nodes n1 on n1.id = p.node_id
    left join network_nodes n2 on n2.id = n1.parent_id
    left join network_nodes n3 on n3.id = n2.parent_id
    where a.id = any(:ids)
    order by a.id, s.code, g.starts_on
    """
)


def due_accounts(
    session: Session, month: Month, today: date, only: Sequence[int] | None = None
) -> list[DueAccount]:
    """Accounts with supply in the cycle of theirs that ends in `month` and is over by `today`, in cycle
    order."""
    cycles = [(day, *month.cycle(day)) for day in range(1, 29)]
    over = [cycle for cycle in cycles if cycle[2] <= today]
    rows = session.execute(
        _DUE,
        {
            "days": [day for day, _, _ in over],
            "starts": [starts_on for _, starts_on, _ in over],
            "ends": [ends_before for _, _, ends_before in over],
            "only": None if only is None else list(only),
        },
    )
    return [DueAccount(*row) for row in rows]


def after_bills(found: Iterable[Supply], billed_before: Mapping[int, date]) -> list[Supply]:
    """The part of each supply that comes after what its account's bill charges for; what is whole in it is
    left out.

    A bill ends inside a cycle where the account's cycle day was another when it was made: what is left of the
    cycle is a period of its own, so that no day is charged for twice, or never.
    """
    left = []
    for one in found:
        starts_on = max(one.starts_on, billed_before.get(one.account_id, one.starts_on))
        if starts_on < one.ends_before:
            left.append(one if starts_on == one.starts_on else replace(one, starts_on=starts_on))
    return left


def supplies(
    session: Session, account_ids: Sequence[int], starts_on: date, ends_before: date
) -> list[Supply]:
    """What the accounts took between two days, by account, service point and time."""
    values = {"ids": list(account_ids), "starts_on": starts_on, "ends_before": ends_before}
    found = []
    for row in session.execute(_SUPPLIES, values):
        *of_supply, channels, segment, area_id, exports, ends = row
        found.append(Supply(*(*of_supply, tuple(channels), segment, area_id, tuple(exports), ends)))
    return found
