"""An account's next bill: what its last one was made of, laid on the coming days and priced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy.orm import Session

from billing.cycles import month_of_cycle
from billing.domain.errors import NotRateable
from billing.domain.plans.carrying import state_after
from billing.domain.rating.forecast import Level, Rule, Spread, interval, level_of, path_ahead, spreads_of
from billing.domain.rating.rate import rate
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import UsageMatrix
from billing.queries.bill_parts import ReadPart
from billing.queries.bills import BillRow
from billing.queries.spreads import keep_spreads, use_by_month


@dataclass(frozen=True, slots=True)
class NextBill:
    """ahead: its days. Amounts in minor units, energy in micro-kWh. low, high: None where it is not known how
    far off forecasts are. level: percent of next bills that lie between them."""

    ahead: Period
    currency: str
    rule: Rule
    micro_kwh: int
    minor: int
    low_minor: int | None
    high_minor: int | None
    low_micro_kwh: int | None
    high_micro_kwh: int | None
    level: int

    @property
    def last_on(self) -> date:
        return self.ahead.ends_before - timedelta(days=1)


def next_bill(
    bills: Sequence[BillRow], read: Sequence[ReadPart], cycle_day: int, spread: Spread | None
) -> NextBill | None:
    """bills: issued, the newest first, of one account. read: what the newest was made of.

    None where it cannot be told: nothing was supplied on the last day, or the tariff has no price ahead.
    """
    last = bills[0]
    live = [item for item in read if item.part.period.ends_before == last.ends_before]
    if not live or not last.days:
        return None
    ahead = Period(last.ends_before, _cycle_ends(last.ends_before, cycle_day))
    a_day = use_of(bills)
    level = level_of(a_day)
    low, high = interval(level, a_day, spread) if spread else (level.micro_kwh_a_day, level.micro_kwh_a_day)
    try:
        rated = _rated(live, ahead, (low, level.micro_kwh_a_day, high))
    except (NotRateable, OverflowError):
        return None
    minor, energy = rated
    known = spread is not None
    return NextBill(
        ahead,
        last.currency,
        level.rule,
        energy[1],
        minor[1],
        min(minor) if known else None,
        max(minor) if known else None,
        energy[0] if known else None,
        energy[2] if known else None,
        spread.level if spread else 0,
    )


def use_of(bills: Sequence[BillRow]) -> list[int]:
    """micro-kWh a day of bills in a row, the oldest first. bills: the newest first."""
    found, starts_on = [bills[0].micro_kwh // max(1, bills[0].days)], bills[0].starts_on
    for bill in bills[1:]:
        if bill.ends_before != starts_on:
            break
        found.append(bill.micro_kwh // max(1, bill.days))
        starts_on = bill.starts_on
    return found[::-1]


def refresh_spreads(session: Session, today: date, now: datetime) -> str:
    """Hold past forecasts against what came, segment by segment, and keep how far off they were."""
    told = []
    for segment, accounts in sorted(use_by_month(session, today).items()):
        spreads = spreads_of(accounts)
        months = sum(max(0, len(one) - 3) for one in accounts)
        keep_spreads(session, segment, spreads, len(accounts), months, now)
        told.append(f"{segment}: {months} forecasts" if spreads else f"{segment}: too few bills")
    return "; ".join(told) or "no bills"


def _cycle_ends(starts_on: date, cycle_day: int) -> date:
    return month_of_cycle(starts_on, cycle_day).cycle(cycle_day)[1]


def _rated(live: Sequence[ReadPart], ahead: Period, levels: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """(minor, micro-kWh) at each level of use a day of all supplies; each keeps its share of the last bill's
    use."""
    minor, energy = [0] * len(levels), [0] * len(levels)
    used = [int(item.side.usage.micro_kwh.sum()) / item.part.period.days for item in live]
    whole = sum(used) or 1
    for item, mine in zip(live, used, strict=True):
        part, side = item.part, item.side
        share = mine / whole if sum(used) else 1 / len(live)
        rows = [
            path_ahead(
                side.usage, part.period, ahead, side.zone, part.tariff.holidays,
                max(0, round(level * share * ahead.days)),
            )
            for level in levels
        ]  # fmt: skip
        matrix = UsageMatrix(
            rows[0].starts_at, rows[0].interval_minutes, np.stack([one.micro_kwh for one in rows])
        )
        before = rate(
            UsageMatrix.of([side.usage]), part.tariff, part.period, timezone=part.timezone, state=side.state
        )
        state = replace(state_after(side.state, before), ends=False)
        batch = rate(matrix, part.tariff, ahead, timezone=part.timezone, state=state)
        for place, (total, micro_kwh) in enumerate(
            zip(batch.total_minor.tolist(), batch.micro_kwh.tolist(), strict=True)
        ):
            minor[place] += total
            energy[place] += micro_kwh
    return minor, energy


__all__ = ["Level", "NextBill", "next_bill", "refresh_spreads", "use_of"]
