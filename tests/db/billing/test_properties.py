"""What holds whatever was used: a bill is the sum of its lines, and the quote for the same readings."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from billing_world import NOW, World, flat, flat_version, two_rate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.cycles import Month
from billing.domain.rating.quote import quote
from billing.domain.tariffs.file import tariff_of
from billing.explaining import explain_bill
from billing.queries.bills import bills_of
from billing.quoting import usage_of
from meters.domain.blocks import Block
from meters.domain.quality import Quality
from meters.domain.units import parse_unit

TARIFFS = {
    "flat": flat(),
    "night": two_rate(),
    "steady": flat(
        "steady",
        versions=[flat_version("2024-01-01", "0.2497"), flat_version("2026-10-09", "0.3011", "0.5173")],
    ),
}


@pytest.fixture
def three(world: World) -> World:
    for document in TARIFFS.values():
        world.tariff(document)
    return world


def blocks_of(values: list[int], first: date, slots: int) -> list[Block]:
    return [
        Block(
            "SP", "E1", parse_unit("kWh"), "import", 0, first + timedelta(days=number), 1440 // slots,
            np.array(values[number * slots : (number + 1) * slots], dtype=np.int64),
            int(Quality.ACTUAL), True,
        )
        for number in range(len(values) // slots)
    ]  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tariff=st.sampled_from(sorted(TARIFFS)),
    cycle_day=st.sampled_from((1, 2, 15, 28)),
    month=st.sampled_from((Month(2026, 10), Month(2026, 3), Month(2026, 4))),
    slots=st.sampled_from((24, 48, 96)),
    scale=st.sampled_from((1, 777, 180_000, 40_000_000)),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_quote_on_the_accounts_own_tariff_equals_its_bill(
    three: World,
    session: Session,
    tariff: str,
    cycle_day: int,
    month: Month,
    slots: int,
    scale: int,
    seed: int,
) -> None:
    starts_on, ends_before = month.cycle(cycle_day)
    first = starts_on - timedelta(days=1)
    days = (ends_before - starts_on).days + 2
    values = np.random.default_rng(seed).integers(0, scale, size=days * slots, endpoint=True).tolist()
    with session.begin_nested() as savepoint:
        one = three.supplied(tariff, cycle_day=cycle_day)
        three.read(one.channel_id, first, values, slots=slots)
        done = issue_cycle(
            session, month, cycle_day, [one.account_id], issued_on=ends_before, known_at=NOW, now=NOW
        )
        assert len(done.bill_ids) == 1
        (bill,) = bills_of(session, [one.account_id])
        of_lines = session.scalar(text("select sum(amount_minor) from bill_lines"))
        energy = session.scalar(text("select sum(quantity_micro) from bill_lines where charge = 'energy'"))
        savepoint.rollback()
    quoted = quote(
        usage_of(blocks_of(values, first, slots)),
        tariff_of(TARIFFS[tariff]),
        starts_on=starts_on,
        ends_before=ends_before,
        by="whole",
    )
    assert bill.total_minor == of_lines == quoted.total_minor
    assert bill.micro_kwh == energy == quoted.bills[0].micro_kwh
    assert quoted.missing_count == 0


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tariff=st.sampled_from(sorted(TARIFFS)),
    cycle_day=st.sampled_from((1, 15)),
    holes=st.lists(st.integers(0, 63 * 48 - 1), max_size=30),
    seed=st.integers(0, 2**32 - 1),
    later=st.booleans(),
)
def test_effects_of_any_two_bills_add_up(
    three: World, session: Session, tariff: str, cycle_day: int, holes: list[int], seed: int, later: bool
) -> None:
    random = np.random.default_rng(seed)
    values: list[int | None] = random.gamma(1.2, 180_000, size=63 * 48).astype(np.int64).tolist()
    for hole in holes:
        values[hole] = None
    first = Month(2026, 9).cycle(cycle_day)[0] - timedelta(days=1)
    with session.begin_nested() as savepoint:
        one = three.supplied(tariff, cycle_day=cycle_day)
        three.read(one.channel_id, first, values)
        # Holidays to fill from: the last ones before and the next.
        for holiday in (date(2026, 5, 24), date(2026, 12, 24)):
            three.random(one.channel_id, holiday, 3, seed % 1000)
        for month in (Month(2026, 9), Month(2026, 10)):
            issue_cycle(
                session, month, cycle_day, [one.account_id],
                issued_on=date(2026, 11, 3), known_at=NOW - timedelta(days=5), now=NOW,
            )  # fmt: skip
        if later:
            three.random(one.channel_id, first, 63, seed % 1000, feed_id=three.feed(NOW - timedelta(days=1)))
        after, before = bills_of(session, [one.account_id])
        found = explain_bill(session, after, before)
        savepoint.rollback()
    assert found.left_over_minor == 0
    assert sum(row.amount_minor for row in found.rows) == after.total_minor - before.total_minor


def test_every_half_hour_of_a_year_is_billed_once(three: World, session: Session) -> None:
    one = three.supplied("flat", cycle_day=15, starts_on=date(2025, 11, 15))
    three.even(one.channel_id, date(2025, 11, 14), 367, 1)
    month = Month(2025, 12)
    for _ in range(12):
        issue_cycle(session, month, 15, [one.account_id], issued_on=month.cycle(15)[1], known_at=NOW, now=NOW)
        month = month.plus(1)
    bills = bills_of(session, [one.account_id])
    assert len(bills) == 12
    # Both changes of the clock lie inside: 365 days of 48 half-hours, no more and no fewer.
    assert sum(bill.micro_kwh for bill in bills) == 365 * 48
    assert sorted(bill.micro_kwh - bill.days * 48 for bill in bills)[::11] == [-2, 2]
