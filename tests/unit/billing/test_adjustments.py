"""Minimums, discounts, and fixed charges by the connection, by hand (docs/tariffs.md)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from rating_cases import (
    FIRST,
    SECOND,
    document,
    fixed,
    flat,
    side_of,
    tariff,
    tax,
    usage_over,
    version,
    week_usage,
)

from billing.customer.spoken import cause_of, detail_of
from billing.domain.errors import NotRateable, TariffRefused
from billing.domain.explanation.comparison import Comparison, compare
from billing.domain.explanation.evidence import evidence_of
from billing.domain.explanation.game import Game
from billing.domain.explanation.sides import Side
from billing.domain.explanation.words import answer_of
from billing.domain.plans.carrying import state_after
from billing.domain.plans.supply_state import PastDemand, SupplyState, YearSoFar
from billing.domain.rating.quote import quote
from billing.domain.rating.rate import rate, rate_bill
from billing.domain.rating.rated import RatedBill
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import UsageMatrix
from billing.domain.tariffs.file import tariff_of
from billing.domain.tariffs.tariff import Tariff
from billing.explaining.explained import effect_rows, explained
from billing.queries.bills import BillRow

LONDON = "Europe/London"
JULY = Period(date(2013, 7, 1), date(2013, 8, 1))


def minimum(price: str = "15", per: str = "month", base: list[str] | None = None) -> dict[str, Any]:
    found = {"kind": "minimum", "code": "least", "label": "Minimum", "price": price, "per": per}
    return found if base is None else {**found, "base": base}


def discount(base: list[str] | None = None, **terms: str) -> dict[str, Any]:
    found = {"kind": "discount", "code": "off", "label": "Social tariff", **terms}
    return found if base is None else {**found, "base": base}


def kwh(total: int, period: Period = JULY) -> Any:
    """Total kWh, all in the first interval."""
    return usage_over(period, LONDON, lambda count: np.eye(1, count, dtype=np.int64)[0] * total * 1_000_000)


def amounts(bill: RatedBill) -> dict[str, int]:
    return {line.code: line.amount_minor for line in bill.lines}


def of_july(total: int, *charges: dict[str, Any]) -> dict[str, int]:
    return amounts(rate_bill(kwh(total), tariff(version(*charges)), JULY))


# Minimum.


def test_a_minimum_is_what_its_base_falls_short_of() -> None:
    charges = (fixed("0.10"), flat("0.20"), minimum("15", base=["energy"]), tax("5"))
    assert of_july(30, *charges) == {"standing": 310, "energy": 600, "least": 900, "vat": 91}
    assert of_july(75, *charges) == {"standing": 310, "energy": 1500, "vat": 91}
    assert of_july(0, *charges[1:3]) == {"energy": 0, "least": 1500}


def test_without_a_base_it_holds_for_all_before_it() -> None:
    assert of_july(30, fixed("0.10"), flat("0.20"), minimum("15"), tax("5"))["least"] == 590


def test_a_part_of_a_month_has_its_share_of_the_minimum() -> None:
    ten_days = Period(date(2013, 6, 1), date(2013, 6, 11))
    bill = rate_bill(kwh(10, ten_days), tariff(version(flat("0.20"), minimum("15"))), ten_days)
    assert amounts(bill) == {"energy": 200, "least": 300}


def test_each_part_is_held_against_its_own_share_where_a_minimum_changes() -> None:
    subject = tariff(
        version(flat("0.20"), minimum("31")), version(flat("0.20"), minimum("62"), starts_on="2013-07-11")
    )
    bill = rate_bill(kwh(20), subject, JULY)
    assert [(line.code, line.amount_minor) for line in bill.lines] == [
        ("energy", 400),
        ("energy", 0),
        ("least", 600),
        ("least", 4200),
    ]


def test_by_the_day() -> None:
    assert of_july(10, flat("0.20"), minimum("0.50", "day")) == {"energy": 200, "least": 1350}


def test_the_line_says_what_is_short() -> None:
    (line,) = rate_bill(kwh(0), tariff(version(minimum("15"))), JULY).lines
    assert (line.kind, line.unit, line.quantity_micro, line.price_micro) == (
        "minimum",
        "GBP",
        15_000_000,
        1_000_000,
    )


def yearly(price: str = "365") -> Tariff:
    return tariff(version(flat("0.20"), minimum(price, "year"), tax("10")))


def test_a_minimum_by_the_year_comes_with_the_last_bill_of_the_year() -> None:
    year = Period(date(2013, 1, 1), date(2014, 1, 1))
    usage = usage_over(year, LONDON, 50_000)  # 876 kWh, 175.20
    found = quote(usage, yearly()).bills
    assert all("least" not in amounts(bill) for bill in found[:-1])
    paid = sum(amounts(bill)["energy"] for bill in found)
    assert amounts(found[-1])["least"] == 36_500 - paid
    whole = rate_bill(usage, yearly(), year)
    assert amounts(whole)["least"] == 36_500 - amounts(whole)["energy"]


def test_a_part_of_the_year_has_its_days_share_and_the_next_year_begins_anew() -> None:
    span = Period(date(2013, 11, 1), date(2014, 3, 1))
    found = quote(usage_over(span, LONDON, 0), yearly()).bills
    assert [amounts(bill).get("least", 0) for bill in found] == [0, 6100, 0, 0]


def test_a_supply_that_ends_closes_its_year() -> None:
    months = [Period(date(2013, month, 1), date(2013, month + 1, 1)) for month in (1, 2)]
    state = SupplyState()
    for month, ends in zip(months, (False, True), strict=True):
        state = replace(state, ends=ends)
        batch = rate(UsageMatrix.of([kwh(50, month)]), yearly(), month, state=state)
        state = state_after(state, batch)
    assert amounts(batch.bill(0)) == {"energy": 1000, "least": 5900 - 2000, "vat": 490}
    assert state.years == ()


def test_a_bill_across_the_turn_of_the_year_is_the_last_of_the_old_one() -> None:
    period = Period(date(2013, 12, 15), date(2014, 1, 15))
    state = SupplyState(years=(YearSoFar("least", np.array([300]), np.array([20_000])),))
    bill = rate_bill(kwh(100, period), yearly(), period, state=state)
    assert amounts(bill)["least"] == 33_100 - 20_000 - 2_000


# Discount.


def test_percent_off_stated_lines() -> None:
    charges = (fixed("0.10"), flat("0.20"), discount(["energy"], percent="12.5"), tax("5"))
    assert of_july(100, *charges) == {"standing": 310, "energy": 2000, "off": -250, "vat": 103}
    (line,) = rate_bill(kwh(1), tariff(version(flat("2"), discount(percent="10"))), JULY).lines[1:]
    assert (line.quantity_micro, line.price_micro, line.amount_minor) == (2_000_000, -100_000, -20)


def test_an_amount_off_is_never_more_than_there_is() -> None:
    charges = (fixed("0.10"), flat("0.20"), discount(["energy"], amount="12", per="month"))
    assert of_july(100, *charges)["off"] == -1200
    assert of_july(10, *charges)["off"] == -200
    assert of_july(10, fixed("0.10"), flat("-0.20"), discount(["energy"], percent="50"))["off"] == 0
    half = Period(date(2013, 6, 1), date(2013, 6, 16))
    bill = rate_bill(kwh(100, half), tariff(version(*charges)), half)
    assert amounts(bill)["off"] == -600
    by_day = rate_bill(kwh(100), tariff(version(flat(), discount(amount="0.10", per="day"))), JULY)
    assert amounts(by_day)["off"] == -310


def test_the_order_is_that_of_the_file() -> None:
    """A discount before the minimum is made up for, one after it is not."""
    first = of_july(100, flat("0.20"), discount(percent="50"), minimum("15"))
    assert first == {"energy": 2000, "off": -1000, "least": 500}
    last = of_july(100, flat("0.20"), minimum("15"), discount(percent="50"))
    assert last == {"energy": 2000, "off": -1000}


# Fixed charges.


def test_by_the_size_of_the_connection() -> None:
    charge = fixed("1.20", "month") | {"each": "kVA"}
    state = SupplyState(connected_micro={"kVA": np.array([12_500_000, 100_000_000])})
    matrix = UsageMatrix.of([kwh(0), kwh(0)])
    batch = rate(matrix, tariff(version(charge)), JULY, state=state)
    lines = [batch.bill(row).lines[0] for row in (0, 1)]
    assert [(line.unit, line.quantity_micro, line.amount_minor) for line in lines] == [
        ("kVA month", 12_500_000, 1500),
        ("kVA month", 100_000_000, 12_000),
    ]
    with pytest.raises(NotRateable, match="'standing' is by the kVA of the connection, which is not known"):
        rate(matrix, tariff(version(charge)), JULY)


def test_by_the_year_and_by_the_connection() -> None:
    assert of_july(0, fixed("36.50", "year")) == {"standing": 310}
    each = fixed("2", "month") | {"each": "connection"}
    assert of_july(0, each) == {"standing": 200}
    state = SupplyState(connected_micro={"connection": np.array([3_000_000])})
    assert amounts(rate_bill(kwh(0), tariff(version(each)), JULY, state=state)) == {"standing": 600}
    leap = Period(date(2024, 1, 1), date(2025, 1, 1))
    bill = rate_bill(kwh(0, leap), tariff(version(fixed("36.50", "year"))), leap)
    assert (bill.lines[0].quantity_micro, bill.total_minor) == (1_000_000, 3650)


REFUSALS: list[tuple[dict[str, Any], str]] = [
    (minimum("0"), "price: a minimum is more than 0"),
    (minimum("-5"), "price: a minimum is more than 0"),
    (minimum(per="week"), "per: 'week' is not one of day, month, year"),
    (minimum(base=["least"]), "base[0]: a minimum cannot be its own base"),
    (minimum(base=["vat"]), "base[0]: 'vat' is no charge that stands before it (energy)"),
    (discount(percent="0"), "percent: expected more than 0 and at most 100, with at most four decimals"),
    (discount(percent="100.1"), "percent: '100.1' is too large: at most 100"),
    (discount(percent="5", amount="1"), "percent: a discount is a percentage or an amount, not both"),
    (discount(amount="-1", per="day"), "amount: expected more than 0: what is taken off, without a minus"),
    (discount(amount="1"), "'per' is not given"),
    (discount(percent="5", per="month"), "unknown key 'per'"),
    (discount(["off"], percent="5"), "base[0]: a discount cannot be its own base"),
    (tax("-5"), "percent: expected 0 to 100"),
    (tax("100.0001"), "percent: expected 0 to 100"),
    (tax("900"), "percent: expected 0 to 100"),
    (fixed(per="week"), "per: 'week' is not one of day, month, year"),
    (fixed() | {"each": "kvar"}, "each: 'kvar' is not one of kVA, kW, connection"),
]


@pytest.mark.parametrize(("charge", "says"), REFUSALS)
def test_refusals_say_place_and_reason(charge: dict[str, Any], says: str) -> None:
    with pytest.raises(TariffRefused) as caught:
        tariff_of(document(version(flat(), charge)))
    assert str(caught.value).removeprefix("versions[0].charges[1]").lstrip(".: ").startswith(says)


def test_the_first_kwh_of_what_is_no_energy_are_refused() -> None:
    """Such a discount would never take anything off."""
    off = discount(["standing"], percent="50", up_to="100", per="month")
    with pytest.raises(TariffRefused) as caught:
        tariff_of(document(version(fixed("0.10"), flat(), off)))
    assert str(caught.value) == (
        "versions[0].charges[2].up_to: there is no energy in what it is taken off (standing)"
    )


# Why a bill differs.


def two(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> tuple[Side, Side]:
    """The same use at the terms of two versions."""
    subject = tariff(version(*before), version(*after, starts_on=SECOND.starts_on.isoformat()))
    return side_of(subject, FIRST, week_usage(FIRST, 5)), side_of(subject, SECOND, week_usage(SECOND, 5))


def test_only_the_discount() -> None:
    found = compare(*two([flat("0.20"), tax()], [flat("0.20"), discount(percent="25"), tax()]))
    assert found.effect("discount") == found.difference_minor < 0
    assert evidence_of(found, "discount").text == "Social tariff new at 25 %"
    assert "all of it is a larger discount “Social tariff”" in answer_of(found).sentence
    found = compare(
        *two([flat("0.20"), discount(percent="25")], [flat("0.20"), discount(amount="0.30", per="day")])
    )
    assert found.effect("discount") == found.difference_minor > 0
    assert evidence_of(found, "discount").text == "Social tariff 25 % → 30.00 p a day"


def test_a_discount_that_changed_on_what_else_changed() -> None:
    """Ten per cent off a price that rises: the discount's own change is not the price's."""
    found = compare(*two([flat("0.20"), discount(percent="10")], [flat("0.40"), discount(percent="20")]))
    energy, off = found.rows
    place = found.factors.index("discount")
    assert energy.effects_minor[place] == 0
    assert off.effects_minor[place] < 0
    assert sum(found.effects_minor) == found.difference_minor


def test_only_the_minimum() -> None:
    found = compare(*two([flat("0.0001"), minimum("15")], [flat("0.0001"), minimum("40")]))
    assert found.effect("fixed") + found.effect("days") == found.difference_minor > 0
    assert evidence_of(found, "fixed").text == "Minimum £15.00 → £40.00 a month"
    assert "a higher minimum" in answer_of(found).sentence


def test_only_the_connection() -> None:
    subject = tariff(version(fixed("0.12") | {"each": "kVA"}, flat()))
    sides = [
        Side(week_usage(period, 5), subject, period, LONDON, state=SupplyState(connected_micro={"kVA": size}))
        for period, size in ((FIRST, np.array([10_000_000])), (SECOND, np.array([12_000_000])))
    ]
    found = compare(sides[0], sides[1])
    assert found.effect("fixed") == found.difference_minor == 28 * 24
    assert evidence_of(found, "fixed").text == "connection 10 → 12 kVA"


def test_the_year_that_falls_short_is_the_fixed_charges_doing() -> None:
    november, december = (
        Period(date(2013, 11, 4), date(2013, 12, 2)),
        Period(date(2013, 12, 4), date(2014, 1, 1)),
    )
    state = SupplyState(years=(YearSoFar("least", np.array([337]), np.array([10_000])),))
    subject = tariff(version(flat("0.20"), minimum("365", "year")))
    sides = [
        Side(usage_over(period, LONDON, 100_000), subject, period, LONDON, state=known)
        for period, known in ((november, SupplyState()), (december, state))
    ]
    found = compare(sides[0], sides[1])
    assert amounts(found.after)["least"] == 36_500 - 10_000 - 2688
    assert found.effect("fixed") == found.difference_minor


def closing(prices: tuple[str, str], closed: int) -> Comparison:
    """November and December, or December and the January after it, at 2 pounds of energy a bill; the yearly
    minimum rises on 15 December. closed: which of the two bills closes the year, 200 days of it before."""
    months = [Period(date(2023, 11, 1), date(2023, 12, 1)), Period(date(2023, 12, 1), date(2024, 1, 1))]
    if closed == 0:
        months = [months[1], Period(date(2024, 1, 1), date(2024, 2, 1))]
    subject = tariff(
        version(flat("0.20"), minimum(prices[0], "year")),
        version(flat("0.20"), minimum(prices[1], "year"), starts_on="2023-12-15"),
    )
    state = SupplyState(years=(YearSoFar("least", np.array([200]), np.array([10_000])),))
    sides = [
        Side(kwh(10, period), subject, period, LONDON, state=state if number == closed else SupplyState())
        for number, period in enumerate(months)
    ]
    return compare(sides[0], sides[1])


def test_a_year_that_is_settled_is_told_as_the_rest_of_its_minimum() -> None:
    """365 and 730 a year: 214 days at one and 17 at two pounds are 248; 100 and 2 were charged."""
    found = closing(("365", "730"), 1)
    assert amounts(found.after)["least"] == 24_800 - 10_200
    assert sum(found.effects_minor) == found.difference_minor
    assert "is the rest of the minimum for 2023" in answer_of(found).sentence
    assert evidence_of(found, "fixed").text == (
        "Minimum £365.00 → £730.00 a year from 15 December, Minimum due for 2023: £248.00, "
        "charged in 2023: £102.00"
    )


def test_a_year_closed_with_the_agreement_is_told_in_the_same_words() -> None:
    """61 days of October and November at one pound."""
    months = [Period(date(2023, 10, 1), date(2023, 11, 1)), Period(date(2023, 11, 1), date(2023, 12, 1))]
    subject = tariff(version(flat("0.20"), minimum("365", "year")))
    left = SupplyState(
        years=(YearSoFar("least", np.array([31]), np.array([200]), np.array([31 * 365_000_000])),), ends=True
    )
    before, after = (
        Side(kwh(10, period), subject, period, LONDON, state=state)
        for period, state in zip(months, (SupplyState(), left), strict=True)
    )
    found = compare(before, after)
    assert amounts(found.after)["least"] == 6100 - 400
    assert sum(found.effects_minor) == found.difference_minor
    assert "; the rest of the minimum for 2023 alone adds £57.49." in answer_of(found).sentence
    assert evidence_of(found, "fixed").text == "Minimum due for 2023: £61.00, charged in 2023: £4.00"


def test_a_year_settled_in_the_bill_before_is_told_as_that() -> None:
    found = closing(("365", "730"), 0)
    assert found.difference_minor < 0 and sum(found.effects_minor) == found.difference_minor
    assert "the rest of the minimum for 2023 in the bill before" in answer_of(found).sentence
    assert "charged in 2023: £102.00" in evidence_of(found, "fixed").text


def month_bill(bill: RatedBill) -> BillRow:
    first, last = bill.period.starts_on, bill.period.ends_before
    read = datetime(2024, 3, 1, tzinfo=UTC)
    return BillRow(
        1, "B-1", 1, first, last, last, last, "GBP", bill.total_minor, 0, 0, 0, 0, "issued", read
    )  # fmt: skip


def test_the_words_of_a_settled_year_in_russian() -> None:
    found = closing(("365", "730"), 1)
    (row,) = (row for row in effect_rows(found) if row.effect == "fixed")
    assert detail_of(row, "ru").replace("\u00a0", " ") == (
        "Minimum 365,00 £ → 730,00 £ за год с 15 дек.; причитается за 2023 год по «Minimum»: 248,00 £; "
        "начислено за 2023 год: 102,00 £"
    )
    bills = (month_bill(found.before), month_bill(found.after))
    said = explained(bills[1], bills[0], found, days=False)
    assert cause_of(said, row, "ru") == "доплата до минимума за 2023 год"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"percent": "50", "up_to": "100"}, {"percent": "50", "up_to": "200"},
         "Social tariff 50 % of the first 100 → 50 % of the first 200 kWh a month"),
        ({"amount": "0.90", "per": "day"}, {"amount": "1.10", "per": "day"},
         "Social tariff £0.90 → £1.10 a day"),
        ({"amount": "3", "per": "month"}, {"percent": "10"}, "Social tariff £3.00 a month → 10 %"),
    ],
)  # fmt: skip
def test_what_a_discount_says_it_takes_off(before: dict[str, str], after: dict[str, str], said: str) -> None:
    terms = [{"per": "month", **one} if "up_to" in one else one for one in (before, after)]
    found = compare(*two([flat("0.20"), discount(**terms[0])], [flat("0.20"), discount(**terms[1])]))
    assert evidence_of(found, "discount").text == said
    assert sum(found.effects_minor) == found.difference_minor


def test_a_ratchet_that_counts_more_is_no_higher_price() -> None:
    def demand(percent: str) -> dict[str, Any]:
        return {
            "kind": "demand", "code": "demand", "window": 30, "ratchet": {"percent": percent, "months": 3},
            "periods": [{"label": "Highest", "price": "9"}],
        }  # fmt: skip

    subject = tariff(
        version(flat(), demand("50")), version(flat(), demand("80"), starts_on=SECOND.starts_on.isoformat())
    )
    sides = [
        Side(
            usage_over(period, LONDON, 100_000), subject, period, LONDON,
            state=SupplyState(
                demands=tuple(
                    PastDemand("demand", "Highest", month, np.array([10_000_000]))
                    for month in (date(2013, month, 1) for month in (3, 4, 5, 6))
                )
            ),
        )
        for period in (FIRST, SECOND)
    ]  # fmt: skip
    found = compare(sides[0], sides[1])
    assert found.effect("price") > 0 and sum(found.effects_minor) == found.difference_minor
    assert "counting more of an earlier peak" in answer_of(found).sentence
    assert evidence_of(found, "price").text == "counted of earlier peaks 50 → 80 %"


def test_a_minimum_reached_in_both_bills_may_matter_on_the_way() -> None:
    """Little use at old prices would fall short, in neither bill does it."""
    subject = tariff(
        version(flat("0.50"), minimum("15")),
        version(flat("0.05"), minimum("15"), starts_on=SECOND.starts_on.isoformat()),
    )
    sides = [
        side_of(subject, period, usage_over(period, LONDON, micro))
        for period, micro in ((FIRST, 30_000), (SECOND, 300_000))
    ]
    found = compare(sides[0], sides[1])
    assert "least" not in amounts(found.before) and "least" not in amounts(found.after)
    (row,) = [row for row in found.rows if row.kind == "minimum"]
    assert (row.label, row.before_minor, row.after_minor) == ("Minimum", 0, 0)
    assert any(row.effects_minor)
    assert sum(row.effects_minor) == 0
    assert sum(found.effects_minor) == found.difference_minor


def test_too_many_factors_merge_the_discount_into_the_price() -> None:
    sides = two([flat("0.20"), discount(percent="10")], [flat("0.40"), discount(percent="20")])
    game = Game.of(*sides)
    assert game.active() == ("days", "price", "discount")
    assert game.active(2) == ("days", "price")
    values = game.values(game.active(2))
    assert [sum(int(row[corner]) for row in values.values()) for corner in (0, -1)] == [
        side.bill().total_minor for side in sides
    ]


# A minimum by the year over several versions.

LEAP = Period(date(2024, 1, 1), date(2025, 1, 1))


def versions(*found: tuple[str, str | None]) -> Tariff:
    """Energy at 0.20 and a minimum by the year from each day on; None: without it."""
    return tariff(
        *(
            version(flat("0.20"), *([] if price is None else [minimum(price, "year")]), starts_on=starts_on)
            for starts_on, price in found
        )
    )


@pytest.mark.parametrize(
    ("found", "least"),
    [
        ([("2024-01-01", "1800"), ("2024-12-15", "3600")], 180_000 * 349 + 360_000 * 17),
        ([("2024-01-01", "1800"), ("2024-12-31", "1")], 180_000 * 365 + 100),
        ([("2024-01-01", "1800"), ("2024-07-01", None)], 180_000 * 182),
        ([("2024-01-01", None), ("2024-07-01", "1800")], 180_000 * 184),
        ([("2024-01-01", "1800"), ("2024-03-01", None), ("2024-11-01", "900")], 180_000 * 60 + 90_000 * 61),
    ],
)
@pytest.mark.parametrize("micro_kwh", [0, 50_000])
def test_each_version_of_a_minimum_by_the_year_counts_by_its_days(
    found: list[tuple[str, str | None]], least: int, micro_kwh: int
) -> None:
    """Whatever the bills of the year are, and whatever is in force when it ends."""
    subject = versions(*found)
    usage = usage_over(LEAP, LONDON, micro_kwh)
    spans = [(date.fromisoformat(day), price) for day, price in found]
    ends = [day for day, _ in spans[1:]] + [LEAP.ends_before]
    of_days = [Period(day, end) for (day, price), end in zip(spans, ends, strict=True) if price is not None]
    held = sum(
        line.amount_minor
        for span in of_days
        for bill in quote(
            usage,
            versions(("2024-01-01", None)),
            starts_on=span.starts_on,
            ends_before=span.ends_before,
            by="whole",
        ).bills
        for line in bill.lines
    )
    owed = round(least / 366) - held
    for by in ("month", "year"):
        bills = quote(usage, subject, starts_on=LEAP.starts_on, ends_before=LEAP.ends_before, by=by).bills
        assert all("least" not in amounts(bill) for bill in bills[:-1])
        assert amounts(bills[-1])["least"] == pytest.approx(owed, abs=6)  # lines of months are rounded
        if not held:
            assert amounts(bills[-1])["least"] == owed
