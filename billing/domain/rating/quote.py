"""What a tariff would charge for given readings, with no account behind it: the same engine as a bill.

The span is, by default, every local date that a reading touches, each counted whole. Missing readings of
the span are priced as absent and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NotRequired, TypedDict

import numpy as np

from billing.domain.errors import NotRateable
from billing.domain.money import amount_text, micro_text
from billing.domain.plans.carrying import state_after
from billing.domain.plans.supply_state import NOTHING_KNOWN, SupplyState
from billing.domain.rating.rate import rate
from billing.domain.rating.rated import Line, RatedBill
from billing.domain.reckoning.axis import day_starts_at, epoch_minute, instant_of, local_date
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage, UsageMatrix
from billing.domain.tariffs.tariff import Tariff

QuotePeriod = Literal["month", "year", "whole"]


class LineDocument(TypedDict):
    """starts_on, ends_before: there where the line stands for a part of its period alone."""

    charge: str
    label: str
    quantity: str
    unit: str
    price: str
    amount: str
    starts_on: NotRequired[str]
    ends_before: NotRequired[str]


class PeriodDocument(TypedDict):
    starts_on: str
    ends_before: str
    total: str
    lines: list[LineDocument]


class UsageDocument(TypedDict):
    readings: int
    missing: int


class QuoteDocument(TypedDict):
    """notes: there where something is to be said of what was read, or not priced."""

    currency: str
    total: str
    usage: UsageDocument
    periods: list[PeriodDocument]
    notes: NotRequired[list[str]]


@dataclass(frozen=True, slots=True)
class Quote:
    currency: str
    decimals: int
    bills: tuple[RatedBill, ...]

    @property
    def total_minor(self) -> int:
        return sum(bill.total_minor for bill in self.bills)

    @property
    def missing_count(self) -> int:
        return sum(bill.missing_count for bill in self.bills)

    @property
    def readings(self) -> int:
        """Readings of the span that are there."""
        return sum(bill.intervals for bill in self.bills) - self.missing_count


def quote(
    usage: Usage,
    tariff: Tariff,
    *,
    timezone: str | None = None,
    starts_on: date | None = None,
    ends_before: date | None = None,
    by: QuotePeriod = "month",
    state: SupplyState = NOTHING_KNOWN,
) -> Quote:
    """Price a span of local dates, split by calendar month or year, or whole. Each part leaves to the next
    what a bill does: demands to look back upon, the year so far.

    timezone: used where the tariff names none. state: of the supply before the span. Raises NotRateable: no
    zone, no reading to take the span from, an empty span, or no tariff version in force.
    """
    zone = tariff.zone(timezone)
    if starts_on is None or ends_before is None:
        touched = touched_dates(usage, zone)
        starts_on = starts_on or touched.starts_on
        ends_before = ends_before or touched.ends_before
    if ends_before <= starts_on:
        raise NotRateable(f"the span is empty: from {starts_on} to before {ends_before}")
    parts = split(Period(starts_on, ends_before), by)
    matrix, bills = UsageMatrix.of([usage]), []
    for part in parts:
        batch = rate(matrix, tariff, part, timezone=zone, state=state)
        bills.append(batch.bill(0))
        state = state_after(state, batch)
    return Quote(tariff.currency, tariff.decimals, tuple(bills))


def touched_dates(usage: Usage, timezone: str) -> Period:
    """Every local date that a present reading touches. Raises NotRateable when there is no reading."""
    present = np.flatnonzero(~usage.missing)
    if not present.size:
        raise NotRateable("there is no reading to take the span from; give both dates")
    first = epoch_minute(usage.starts_at)
    start = instant_of(first + int(present[0]) * usage.interval_minutes)
    end = instant_of(first + (int(present[-1]) + 1) * usage.interval_minutes)
    last = local_date(end - timedelta(microseconds=1), timezone)
    return Period(local_date(start, timezone), last + timedelta(days=1))


def unread_days(usage: Usage, period: Period, timezone: str) -> tuple[date, ...]:
    """Local dates of a period without any reading."""
    step = timedelta(minutes=usage.interval_minutes)
    turns = [
        max(0, -((usage.starts_at - day_starts_at(day, timezone)) // step))
        for day in (*period.dates(), period.ends_before)
    ]
    days = zip(period.dates(), turns, turns[1:], strict=False)
    return tuple(day for day, first, after in days if usage.missing[first:after].all())


def split(period: Period, by: QuotePeriod) -> Iterator[Period]:
    """The parts of a period at the turns of its calendar months or years."""
    starts_on = period.starts_on
    while starts_on < period.ends_before:
        ends_before = period.ends_before
        if by == "year":
            ends_before = min(ends_before, date(starts_on.year + 1, 1, 1))
        elif by == "month":
            next_month = (starts_on.replace(day=1) + timedelta(days=31)).replace(day=1)
            ends_before = min(ends_before, next_month)
        yield Period(starts_on, ends_before)
        starts_on = ends_before


def line_document(line: Line, decimals: int, period: Period) -> LineDocument:
    """quantity x price is the amount before rounding: of a tax, its base and its rate as a fraction."""
    found: LineDocument = {
        "charge": line.kind,
        "label": line.label,
        "quantity": micro_text(line.quantity_micro),
        "unit": line.unit,
        "price": micro_text(line.price_micro),
        "amount": amount_text(line.amount_minor, decimals),
    }
    if (line.starts_on, line.ends_before) != (period.starts_on, period.ends_before):
        found |= {"starts_on": line.starts_on.isoformat(), "ends_before": line.ends_before.isoformat()}
    return found


def quote_document(found: Quote, notes: Sequence[str] = ()) -> QuoteDocument:
    """The promised document of ``billing quote``; amounts are signed decimal strings."""
    document: QuoteDocument = {
        "currency": found.currency,
        "total": amount_text(found.total_minor, found.decimals),
        "usage": {"readings": found.readings, "missing": found.missing_count},
        "periods": [
            {
                "starts_on": bill.period.starts_on.isoformat(),
                "ends_before": bill.period.ends_before.isoformat(),
                "total": amount_text(bill.total_minor, found.decimals),
                "lines": [line_document(line, found.decimals, bill.period) for line in bill.lines],
            }
            for bill in found.bills
        ],
    }
    if notes:
        document["notes"] = list(notes)
    return document
