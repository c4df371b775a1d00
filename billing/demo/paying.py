"""Who has paid which simulated bill, when, and with what reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from utility_crm.demo.calendar import BILLS
from utility_crm.demo.plan import Plan
from utility_crm.demo.story import NEVER

LAST_BILL_DAYS = 24
"""Who left pays the last bill, which covers no whole period, so many days after it was issued."""


@dataclass(frozen=True, slots=True)
class IssuedBill:
    """What paying needs of a bill."""

    id: int
    number: str
    account_id: int
    starts_on: date
    total_minor: int
    issued_on: date


@dataclass(frozen=True, slots=True)
class Paid:
    bill: IssuedBill
    received_at: datetime
    method: str
    reference: str


def payments(plan: Plan, bills: Iterable[IssuedBill]) -> Iterator[Paid]:
    """Payments in the order of the bills: on the day planned, never before the bill is out nor on or after
    the as-of date."""
    places = {
        cycle: {start: place for place, (start, _) in enumerate(plan.calendar.periods(cycle))}
        for cycle in {supply.cycle_day for supply in plan.supplies}
    }
    for bill in bills:
        supply = plan.supplies[bill.account_id - 1]
        place = places[supply.cycle_day].get(bill.starts_on, BILLS - 1)
        planned = int(plan.bills.paid[supply.id - 1, place])
        left = plan.leaving.day[supply.customer]
        if planned == NEVER and left == NEVER:
            continue
        on = plan.calendar.day(planned) if planned != NEVER else bill.issued_on + timedelta(LAST_BILL_DAYS)
        on = max(on, bill.issued_on + timedelta(1))
        if on >= plan.as_of or bill.total_minor <= 0:
            continue
        hour = time(3) if supply.method == "direct_debit" else time(8 + bill.id % 11, bill.id * 7 % 60)
        yield Paid(bill, datetime.combine(on, hour, UTC), supply.method, f"{bill.number}-1")
