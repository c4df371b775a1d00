"""The months before a bill, where its tariff looks back upon them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.charges.demand import MOST_MONTHS
from billing.domain.money import Int64Array
from billing.domain.plans.demand import month_number
from billing.domain.plans.supply_state import PastDemand, SupplyState, YearSoFar
from billing.domain.rating.rated import RatedBatch

TraceRow = tuple[str, str, str, date, int, int]
"""kind, code, label, month, days, amount; see billing.tables.BillTrace."""


@dataclass(frozen=True, slots=True)
class Past:
    """known: every day that this supply was on its tariff, as far back as any tariff looks, was billed with
    all that was before it, or was reckoned. years: as the latest bill left them. spans: the
    days of this supply on its tariff, half-open. reckoned: what the bill itself, made before, rests on."""

    known: bool
    demands: tuple[PastDemand, ...] = ()
    years: tuple[YearSoFar, ...] = ()
    spans: tuple[tuple[date, date], ...] = ()
    reckoned: tuple[TraceRow, ...] = ()

    def added_to(self, state: SupplyState) -> SupplyState:
        return replace(state, demands=self.demands, years=self.years)


_PAST = text(
    """
    with asked as (
        select k.place, k.starts_on, g.account_id, g.service_point_id, g.tariff_id,
               cast(date_trunc('month', k.starts_on) - :months * interval '1 month' as date) as since
        from unnest(cast(:agreements as bigint[]), cast(:starts as date[]))
             with ordinality as k(agreement_id, starts_on, place)
        join agreements g on g.id = k.agreement_id
    )
    select a.place, a.since, s.firsts, s.ends, t.own,
           t.bill_id, t.kind, t.code, t.label, t.month, t.days, t.amount
    from asked a
    cross join lateral (
        select array_agg(greatest(x.starts_on, a.since) order by x.starts_on) as firsts,
               array_agg(least(x.ends_before, a.starts_on) order by x.starts_on) as ends
        from agreements x
        where x.account_id = a.account_id and x.service_point_id = a.service_point_id
          and x.tariff_id = a.tariff_id and x.starts_on < a.starts_on
          and (x.ends_before is null or x.ends_before > a.since)
    ) s
    left join lateral (
        select t.*, b.ends_before > a.starts_on as own from bills b
        join bill_traces t on t.bill_id = b.id
        join agreements x on x.id = t.agreement_id
        where b.account_id = a.account_id and b.status = 'issued'
          and (b.ends_before <= a.starts_on and b.ends_before > a.since
               -- What a bill without such months before it was reckoned from stands with the bill itself.
               or b.starts_on <= a.starts_on and b.ends_before > a.starts_on and t.month < a.starts_on)
          and x.service_point_id = a.service_point_id and x.tariff_id = a.tariff_id
        order by b.ends_before, b.id, t.agreement_id, t.kind, t.code, t.label, t.month
    ) t on true
    order by a.place
    """
)
_OWED = "price x days"
"""Label of the row that holds a year's price times its days, in millionths; the other holds its base."""
_Found = tuple[int, bool, TraceRow]
"""The bill, whether it is the one that looks back, and what it left."""


def pasts_before(session: Session, supplies: Sequence[tuple[int, date]]) -> list[Past]:
    """What supplies (agreement, first day of the bill) look back upon, of the same account, service point and
    tariff; at most one statement."""
    if not supplies:
        return []
    values = {
        "agreements": [agreement_id for agreement_id, _ in supplies],
        "starts": [starts_on for _, starts_on in supplies],
        "months": MOST_MONTHS,
    }
    asked: dict[int, tuple[date, tuple[tuple[date, date], ...]]] = {}
    found: dict[int, list[_Found]] = {}
    for place, since, firsts, ends, own, bill_id, *row in session.execute(_PAST, values):
        asked[place] = since, tuple(zip(firsts or (), ends or (), strict=True))
        if bill_id is not None:
            trace = (row[0], row[1], row[2], row[3], row[4], row[5])
            found.setdefault(place, []).append((bill_id, own, trace))
    return [_past(*asked[place], found.get(place, [])) for place in range(1, len(supplies) + 1)]


def _past(since: date, spans: tuple[tuple[date, date], ...], found: Sequence[_Found]) -> Past:
    needed = sum((last - first).days for first, last in spans)
    billed, latest, latest_on = 0, 0, date.min
    highest: dict[tuple[str, str, date], int] = {}
    for bill_id, _own, (kind, code, label, month, days, amount) in found:
        if kind == "days":
            billed += max(0, days - max(0, (since - month).days))
            latest, latest_on = (bill_id, month) if month >= latest_on else (latest, latest_on)
        elif kind == "demand":
            highest[code, label, month] = max(amount, highest.get((code, label, month), 0))
    # A bill that was reckoned without months before it holds the year up to its days, too.
    of_latest = [row for bill_id, _own, row in found if row[0] == "year" and bill_id == latest]
    until = max((row[3] for row in of_latest), default=date.min)
    of_latest = [row for row in of_latest if row[3] == until]
    owed = {row[1]: one_of(row[5]) for row in of_latest if row[2] == _OWED}
    years = tuple(
        YearSoFar(row[1], one_of(row[4]), one_of(row[5]), owed.get(row[1]))
        for row in of_latest
        if row[2] != _OWED
    )
    demands = tuple(PastDemand(*key, one_of(most)) for key, most in highest.items())
    return Past(billed >= needed, demands, years, spans, tuple(row for _, own, row in found if own))


def one_of(value: int) -> Int64Array:
    """Of one customer."""
    return np.array([value], dtype=np.int64)


def traces_of(batch: RatedBatch, row: int) -> tuple[TraceRow, ...]:
    """What a bill of a batch leaves to later ones, in the order of their kinds."""
    period = batch.period
    highest: dict[tuple[str, str, int], int] = {}
    for one in batch.demands:
        key = one.code, one.label, month_number(one.starts_on)
        highest[key] = max(int(one.micro_kw[row]), highest.get(key, 0))
    demands: list[TraceRow] = [
        ("demand", code, label, date(month // 12, month % 12 + 1, 1), 0, most)
        for (code, label, month), most in highest.items()
        if most
    ]
    years: list[TraceRow] = [
        ("year", one.code, "", period.starts_on, int(one.days[row]), int(one.base_minor[row]))
        for one in batch.years
    ]
    years += [
        ("year", one.code, _OWED, period.starts_on, int(one.days[row]), int(one.micro_days[row]))
        for one in batch.years
        if one.micro_days is not None
    ]
    return (("days", "", "", period.starts_on, period.days, 0), *demands, *years)


def demands_of_all(states: Sequence[SupplyState]) -> tuple[PastDemand, ...]:
    """Several supplies' as those of one batch, in their order; who drew nothing then has nothing to look back
    upon."""
    found: dict[tuple[str, str, date], Int64Array] = {}
    for place, state in enumerate(states):
        for one in state.demands:
            key = one.code, one.label, one.month
            found.setdefault(key, np.zeros(len(states), dtype=np.int64))[place] = int(one.micro_kw[0])
    return tuple(PastDemand(*key, micro_kw) for key, micro_kw in found.items())


def years_of_all(states: Sequence[SupplyState]) -> tuple[YearSoFar, ...]:
    """The same of years so far: who has none begins one."""
    codes = dict.fromkeys(one.code for state in states for one in state.years)
    found = []
    for code in codes:
        known = [state.year(code) for state in states]
        days = np.array([0 if one is None else int(one.days[0]) for one in known], dtype=np.int64)
        base = np.array([0 if one is None else int(one.base_minor[0]) for one in known], dtype=np.int64)
        owed = [None if one is None or one.micro_days is None else int(one.micro_days[0]) for one in known]
        found.append(YearSoFar(code, days, base, _all_owed(owed, days)))
    return tuple(found)


def _all_owed(owed: Sequence[int | None], days: Int64Array) -> Int64Array | None:
    """None where one of them with days did not keep it: the price that is known then counts for all."""
    if any(one is None and held for one, held in zip(owed, days.tolist(), strict=True)):
        return None
    return np.array([one or 0 for one in owed], dtype=np.int64)


def with_reckoned(traces: Sequence[TraceRow], reckoned: Sequence[TraceRow]) -> tuple[TraceRow, ...]:
    """What a bill leaves, with the months before it that it was reckoned from: of one month the higher."""
    kept: dict[tuple[str, str, str, date], TraceRow] = {}
    for row in (*traces, *reckoned):
        known = kept.get(row[:4])
        kept[row[:4]] = row if known is None or row[5] > known[5] else known
    return tuple(kept.values())
