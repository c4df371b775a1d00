"""Bills of registers: what intervals say by label, said by dials, costs the same (docs/tariffs.md)."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from plain_bill import PlainBill
from rating_cases import (
    demand,
    document,
    energy_charges,
    fixed,
    flat,
    periods,
    prices,
    random_usage,
    tariff,
    tax,
    three_rates,
    version,
)

from billing.domain.errors import NotRateable, TariffRefused
from billing.domain.rating.rate import rate_bill
from billing.domain.rating.rated import RatedBill
from billing.domain.rating.registers import RegisterMatrix, rate_registers, register_cuts
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.file import tariff_of
from billing.domain.tariffs.tariff import Tariff

JULY = Period(date(2013, 7, 1), date(2013, 8, 1))
SEASONS = [
    {"name": "summer", "from": "06-12", "to": "11-05"},
    {"name": "winter", "from": "11-05", "to": "06-12"},
]


def with_registers(charge: dict[str, Any]) -> dict[str, Any]:
    labels = dict.fromkeys(period["label"] for period in charge["periods"])
    return {**charge, "registers": [{"name": f"T-{label}", "label": label} for label in labels]}


@st.composite
def dial_tariffs(draw: st.DrawFn) -> dict[str, Any]:
    """One to three versions of fixed, energy that a register of each label can count, and tax."""
    starts = sorted(draw(st.sets(st.integers(0, 364), max_size=2)))
    dates = [date(2010, 1, 1), *(date(2013, 1, 1) + timedelta(days=day) for day in starts)]
    versions = []
    for on in dates:
        energy = with_registers(draw(energy_charges(True, False)))
        rule = energy.get("tiers", {"by": "month", "fill": "each"})
        assume(rule["by"] != "day" and rule["fill"] != "time" and "window" not in rule)
        charges = [fixed(draw(prices)), energy, tax(draw(st.sampled_from(["5", "20"])))]
        seasons = {"seasons": SEASONS} if "'seasons'" in repr(charges) else {}
        versions.append(version(*charges, starts_on=on.isoformat(), **seasons))
    return document(*versions, decimals=draw(st.sampled_from([0, 2, 3])), rounding="half_up")


def dials(found: dict[str, Any], usage: Usage, period: Period, subject: Tariff) -> RegisterMatrix:
    """What a meter with a register for each label would count of the same readings."""
    plain = PlainBill.__new__(PlainBill)
    plain.found, plain.holidays = found, {}
    cuts = [period.starts_on, *register_cuts(subject, period)]
    names = tuple(
        dict.fromkeys(
            one["name"] for v in found["versions"] for c in v["charges"] for one in c.get("registers", [])
        )
    )
    counted = np.zeros((1, len(cuts), len(names)), dtype=np.int64)
    for index, micro in enumerate(usage.micro_kwh.tolist()):
        local = (usage.starts_at + timedelta(minutes=30 * index)).astimezone(ZoneInfo(found["timezone"]))
        day = local.date()
        (charge,) = [one for one in plain.version(day)["charges"] if one["kind"] == "energy"]
        hit = plain.price_at(charge, day, local.hour * 60 + local.minute)
        assert hit is not None
        counted[0, bisect_right(cuts, day) - 1, names.index(f"T-{hit[0]}")] += micro
    return RegisterMatrix(names, counted, np.zeros_like(counted))


def rows(bill: RatedBill) -> list[tuple[Any, ...]]:
    return [
        (line.code, line.label, line.quantity_micro, line.price_micro, line.amount_minor)
        for line in bill.lines
        if line.quantity_micro
    ]


@settings(deadline=None, max_examples=60)
@given(dial_tariffs(), periods(1, 40), st.integers(0, 2**32 - 1))
def test_dials_that_count_each_label_cost_what_the_intervals_cost(
    found: dict[str, Any], period: Period, seed: int
) -> None:
    usage, subject = random_usage(period, found["timezone"], seed), tariff_of(found)
    by_dial = rate_registers(dials(found, usage, period, subject), subject, period).bill(0)
    known = rate_bill(usage, subject, period)
    assert sorted(rows(by_dial)) == sorted(rows(known))
    assert (by_dial.total_minor, by_dial.micro_kwh) == (known.total_minor, known.micro_kwh)


def july(subject: Tariff, *parts: dict[str, float], guessed: dict[str, float] | None = None) -> RatedBill:
    """Of each part, kWh by register; guessed: of the first part."""
    names = tuple(parts[0])
    micro = np.array([[[round(part[name] * 1_000_000) for name in names] for part in parts]])
    estimated = np.zeros_like(micro)
    for name, kwh in (guessed or {}).items():
        estimated[0, 0, names.index(name)] = round(kwh * 1_000_000)
    return rate_registers(RegisterMatrix(names, micro, estimated), subject, JULY).bill(0)


def three_dials() -> dict[str, Any]:
    names = [("T1", "peak"), ("T2", "night"), ("T3", "day")]
    return {**three_rates(), "registers": [{"name": name, "label": label} for name, label in names]}


def test_three_rates_by_hand_with_what_is_estimated() -> None:
    bill = july(
        tariff(version(fixed(), three_dials(), tax())),
        {"T1": 50, "T2": 120.5, "T3": 200},
        guessed={"T2": 20.5},
    )
    assert [(line.label, line.amount_minor, line.estimated_micro_kwh) for line in bill.lines] == [
        ("Standing", 806, 0),
        ("night", 1446, 20_500_000),
        ("peak", 1800, 0),
        ("day", 4800, 0),
        ("VAT", 443, 0),
    ]
    assert (bill.micro_kwh, bill.estimated_micro_kwh, bill.estimated_count) == (370_500_000, 20_500_000, 1)


def test_a_change_of_price_cuts_the_period_and_one_of_a_standing_charge_does_not() -> None:
    subject = tariff(
        version(fixed(), three_dials()),
        version(fixed("0.30"), three_dials(), starts_on="2013-07-05"),
        version(
            fixed("0.30"),
            three_dials() | {"periods": three_rates(night="0.2")["periods"]},
            starts_on="2013-07-11",
        ),
    )
    assert register_cuts(subject, JULY) == (date(2013, 7, 11),)
    bill = july(subject, {"T1": 1, "T2": 10, "T3": 1}, {"T1": 1, "T2": 20, "T3": 1})
    nights = [line for line in bill.lines if line.label == "night"]
    assert [(line.amount_minor, line.starts_on.day) for line in nights] == [(120, 1), (400, 11)]


def test_one_label_takes_whatever_dials_there_are() -> None:
    bill = july(tariff(version(flat("0.2"))), {"T1": 10, "T2": 5})
    assert [(line.quantity_micro, line.amount_minor) for line in bill.lines] == [(15_000_000, 300)]


def test_tiers_of_one_label_may_fill_in_time() -> None:
    tiers = [{"up_to": "100", "price": "0.1"}, {"price": "0.3"}]
    charge = flat() | {
        "tiers": {"by": "month", "fill": "time"},
        "periods": [{"label": "energy", "tiers": tiers}],
    }
    assert july(tariff(version(charge)), {"T1": 130}).total_minor == 1000 + 900


@pytest.mark.parametrize(
    ("charges", "words"),
    [
        ([three_rates()], "does not say whether register T1 counts night or peak or day"),
        ([flat(), demand()], "'demand' needs readings of intervals"),
        (
            [
                three_dials(),
                {**three_rates(), "code": "network", "registers": [{"name": "T1", "label": "night"}]},
            ],
            "a register counts 'peak' of 'energy' and 'night' of 'network', which no hour of 2013-07-01 to",
        ),
    ],
)
def test_what_dials_do_not_tell_is_refused(charges: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(NotRateable, match=words):
        july(tariff(version(*charges)), {"T1": 5})


def test_tiers_that_need_the_order_of_time_are_refused() -> None:
    tiers = [{"up_to": "100", "price": "0.1"}, {"price": "0.3"}]
    split = [
        {"label": "night", "hours": ["00:00-07:00"], "tiers": tiers},
        {"label": "day", "otherwise": True, "tiers": tiers},
    ]
    for rule, words in (
        ({"by": "month", "fill": "time"}, "fill in the order of time"),
        ({"by": "day", "fill": "each"}, "need readings of intervals"),
    ):
        charge = with_registers({"kind": "energy", "code": "energy", "tiers": rule, "periods": split})
        with pytest.raises(NotRateable, match=words):
            july(tariff(version(charge)), {"T-night": 5, "T-day": 5})


@pytest.mark.parametrize(
    ("registers", "place", "reason"),
    [
        ([{"name": "T1", "label": "dawn"}], "[0].label", "'dawn' is not one of night, peak, day"),
        ([{"name": "T1", "label": "day"}] * 2, "[1].name", "'T1' stands there twice"),
        ([{"name": "T1"}], "[0]", "'label' is not given"),
        ([], "", "expected a list of at least 1"),
    ],
)
def test_bad_registers_are_refused_by_place(registers: list[dict[str, str]], place: str, reason: str) -> None:
    with pytest.raises(TariffRefused) as refusal:
        tariff_of(document(version(three_rates() | {"registers": registers})))
    assert refusal.value.place == f"versions[0].charges[0].registers{place}"
    assert reason in refusal.value.reason


def test_many_customers_at_once_are_their_bills() -> None:
    subject = tariff(version(fixed(), three_dials(), tax()))
    rng = np.random.default_rng(3)
    micro = rng.integers(0, 10**9, (12, 1, 3))
    estimated = micro // rng.integers(1, 5, (12, 1, 3))
    batch = rate_registers(RegisterMatrix(("T1", "T2", "T3"), micro, estimated), subject, JULY)
    for row in range(12):
        one = RegisterMatrix(("T1", "T2", "T3"), micro[row : row + 1], estimated[row : row + 1])
        assert batch.bill(row) == rate_registers(one, subject, JULY).bill(0)
