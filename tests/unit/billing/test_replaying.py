"""What-if on the own tariff is the bill, to the minor unit; on another, what a quote of the readings says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from rating_cases import WORKED, document, documents, priced_of, random_usage, tariff

from billing.domain.explanation.sides import Side
from billing.domain.plans.carrying import state_after
from billing.domain.plans.supply_state import SupplyState
from billing.domain.rating.load_shift import Shift
from billing.domain.rating.quote import quote
from billing.domain.rating.rate import rate
from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import UsageMatrix
from billing.domain.tariffs.file import tariff_of
from billing.domain.tariffs.tariff import Tariff
from billing.queries.bill_parts import BillPart, ReadPart
from billing.queries.bills import BillRow
from billing.what_if.eligible import taken_back
from billing.what_if.replaying import BilledMonth, replayed

LONDON = "Europe/London"
FIRSTS = [date(2013, 2, 1), date(2013, 3, 1), date(2013, 4, 1), date(2013, 5, 1)]
CONNECTED = SupplyState(
    connected_micro={each: np.array([12_345_678]) for each in ("kVA", "kW", "connection")}
)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def billed(own: Tariff, seed: int) -> list[BilledMonth]:
    """Three bills of one supply, one after the other, each with what the one before left."""
    months, state = [], CONNECTED
    for number, (first, following) in enumerate(pairwise(FIRSTS)):
        period = Period(first, following)
        usage = random_usage(period, own.zone(LONDON), seed + number)
        batch = rate(UsageMatrix.of([usage]), own, period, timezone=LONDON, state=state)
        total = batch.bill(0).total_minor
        bill = BillRow(
            number, f"B{number}", 1, first, following, following, following, own.currency, total, total,
            0, 0, 0, "issued", NOON,
        )  # fmt: skip
        part = BillPart(number, 1, "SP1", None, 1, own, period, LONDON, total, ())
        months.append(BilledMonth(bill, (ReadPart(part, Side(usage, own, period, LONDON, None, state)),)))
        state = state_after(state, batch)
    return months


@settings(max_examples=60, deadline=None)
@given(documents(), st.integers(0, 10**6))
def test_what_if_on_the_own_tariff_is_the_bill(found_in: dict[str, Any], seed: int) -> None:
    own = priced_of(found_in)
    months = billed(own, seed)
    found = replayed(months, own)
    assert found.refused == ""
    assert found.cost_minor == tuple(month.bill.total_minor for month in months)


@settings(max_examples=30, deadline=None)
@given(documents(), st.integers(0, 10**6))
def test_what_if_on_another_is_its_bill(found_in: dict[str, Any], seed: int) -> None:
    """A supply that had been on the other tariff all along would have had these bills."""
    other = replace(priced_of(found_in), code="other")
    months = billed(WORKED, seed)
    found = replayed(months, other)
    state = CONNECTED
    for month, cost in zip(months, found.cost_minor, strict=True):
        side = month.parts[0].side
        batch = rate(UsageMatrix.of([side.usage]), other, side.period, timezone=LONDON, state=state)
        state = state_after(state, batch)
        assert cost == batch.bill(0).total_minor


def test_moving_use_to_the_night_costs_what_the_engine_says() -> None:
    months = billed(WORKED, 3)
    found = replayed(months, WORKED, Shift(40))
    assert found.shifted_total_minor < found.total_minor
    assert replayed(months, WORKED, Shift(0)).shifted_minor == found.cost_minor


def test_a_younger_tariff_is_taken_back_and_says_so() -> None:
    months = billed(WORKED, 4)
    plain = document(*[{"starts_on": "2013-04-01", "charges": [
        {"kind": "energy", "code": "e", "periods": [{"label": "all", "price": "0.20"}]}]}])  # fmt: skip
    young = replace(tariff_of(plain), code="young")
    found = replayed(months, young)
    assert found.taken_back and len(found.cost_minor) == 3
    first = months[0].parts[0].side
    assert day_starts_at(FIRSTS[0], LONDON) == first.usage.starts_at
    by_hand = quote(first.usage, taken_back(young, FIRSTS[0]), timezone=LONDON)
    assert found.cost_minor[0] == by_hand.total_minor


def test_what_cannot_be_priced_says_why() -> None:
    by_connection = tariff(
        {"starts_on": "2010-01-01", "charges": [
            {"kind": "fixed", "code": "kva", "label": "Size", "price": "2", "per": "month", "each": "kVA"},
            {"kind": "energy", "code": "e", "periods": [{"label": "all", "price": "0.20"}]}]},
        code="by-kva",
    )  # fmt: skip
    months = [_unconnected(month) for month in billed(WORKED, 5)]
    found = replayed(months, by_connection)
    assert found.cost_minor == () and "kVA" in found.refused


def _unconnected(month: BilledMonth) -> BilledMonth:
    part = month.parts[0]
    return replace(month, parts=(replace(part, side=replace(part.side, state=SupplyState())),))
