"""Two bills by dials: the properties of EXPLAIN B4 over random ones, and the classic reasons in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from rating_cases import (
    demand,
    document,
    fixed,
    flat,
    periods,
    random_usage,
    side_of,
    tariff,
    tax,
    three_rates,
    version,
)
from test_register_rating import dial_tariffs

from billing.domain.errors import NotComparable, NotRateable, UnknownReactive
from billing.domain.explanation.as_registers import as_registers
from billing.domain.explanation.comparison import Comparison, compare
from billing.domain.explanation.evidence import evidence_of
from billing.domain.explanation.register_sides import PutRight, RegisterSide
from billing.domain.explanation.words import answer_of
from billing.domain.plans.supply_state import SupplyState
from billing.domain.rating.registers import RegisterMatrix, reactive_of_parts, register_cuts
from billing.domain.reckoning.days import Period
from billing.domain.tariffs.file import tariff_of
from billing.domain.tariffs.tariff import Tariff

LONDON, KWH = "Europe/London", 1_000_000
OCTOBER = Period(date(2013, 10, 1), date(2013, 11, 1))
NOVEMBER = Period(date(2013, 11, 1), date(2013, 12, 1))
many = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.filter_too_much])
Pair = tuple[RegisterSide, RegisterSide]


def counted(subject: Tariff, period: Period, names: tuple[str, ...], *, seed: int) -> RegisterMatrix:
    rng = np.random.default_rng(seed)
    shape = (1, len(register_cuts(subject, period)) + 1, len(names))
    micro = rng.integers(0, 400 * KWH, size=shape) * rng.integers(0, 2, size=shape)
    return RegisterMatrix(names, micro, np.zeros(shape, dtype=np.int64))


def names_of(found: dict[str, Any]) -> tuple[str, ...]:
    charges = [charge for one in found["versions"] for charge in one["charges"]]
    return tuple(dict.fromkeys(one["name"] for charge in charges for one in charge.get("registers", [])))


@st.composite
def register_sides(draw: st.DrawFn, found: dict[str, Any]) -> RegisterSide:
    subject, period = tariff_of(found), draw(periods(7, 40))
    names = names_of(found)
    billed = counted(subject, period, names, seed=draw(st.integers(0, 2**20)))
    known = None
    if draw(st.booleans()):
        known = counted(subject, period, names, seed=draw(st.integers(0, 2**20)))
    side = RegisterSide(billed, subject, period, LONDON, known)
    try:
        side.bill()
    except NotRateable:  # a part in which a register has no hour of its label: there it counted nothing
        side = replace(side, counted=replace(billed, micro_kwh=np.zeros_like(billed.micro_kwh)))
    return side


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Of one tariff, or of two: then often with registers of other names."""
    first = draw(dial_tariffs())
    second = first if draw(st.booleans()) else {**draw(dial_tariffs()), "code": "other"}
    second = {**second, "decimals": first["decimals"]}
    return draw(register_sides(first)), draw(register_sides(second))


@many
@given(pairs())
def test_effects_of_any_two_register_bills_add_up_to_the_difference(pair: Pair) -> None:
    found = compare(*pair)
    bills = [side.bill().total_minor for side in pair]
    assert sum(found.effects_minor) == found.difference_minor == bills[1] - bills[0]
    for row in found.rows:
        assert sum(row.effects_minor) == row.after_minor - row.before_minor
    for index in range(len(found.factors)):
        assert found.effects_minor[index] == sum(row.effects_minor[index] for row in found.rows)


@many
@given(pairs())
def test_swapping_the_register_bills_negates_every_effect(pair: Pair) -> None:
    there, back = compare(*pair), compare(pair[1], pair[0])
    assert dict(zip(there.factors, there.effects_minor, strict=True)) == {
        name: -effect for name, effect in zip(back.factors, back.effects_minor, strict=True)
    }


@many
@given(pairs())
def test_the_sentence_names_the_largest_effect_that_goes_with_the_difference(pair: Pair) -> None:
    found = compare(*pair)
    assume(found.difference_minor)  # rarely alike
    answer = answer_of(found)
    assert len(answer.sentence.split()) <= 25
    with_it = [effect for effect in found.effects_minor if effect * found.difference_minor > 0]
    assert answer.main is not None
    assert abs(answer.main.amount_minor) == max(abs(effect) for effect in with_it)
    rest = [abs(piece.amount_minor) for piece in answer.rest]
    assert rest == sorted(rest, reverse=True)


def reacting(
    period: Period, kwh: tuple[int, int], kvarh: tuple[int, ...], price: str = "0.05"
) -> RegisterSide:
    """By dials at two rates, with reactive energy beyond half of the kWh; another price from 16 October."""
    charge = {"kind": "reactive", "code": "reactive", "label": "Reactive", "price": price, "allowed": "50"}
    dear = {**charge, "price": "0.08"}
    energy = {
        "kind": "energy", "code": "energy",
        "registers": [{"name": "T1", "label": "Day"}, {"name": "T2", "label": "Night"}],
        "periods": [
            {"label": "Night", "hours": ["00:00-07:00"], "price": "0.10"},
            {"label": "Day", "otherwise": True, "price": "0.30"},
        ],
    }  # fmt: skip
    subject = tariff(version(energy, charge, tax()), version(energy, dear, tax(), starts_on="2013-10-16"))
    parts = len(register_cuts(subject, period)) + 1
    micro = np.tile(np.array(kwh, dtype=np.int64) * KWH // parts, (1, parts, 1))
    matrix = RegisterMatrix(("T1", "T2"), micro, np.zeros_like(micro))
    reactive = reactive_of_parts(subject, period, np.array([kvarh], dtype=np.int64) * KWH)
    return RegisterSide(matrix, subject, period, LONDON, state=SupplyState(reactive=reactive))


def test_reactive_dials_are_priced_by_the_part_at_whose_price_they_counted() -> None:
    """300 kWh in each half of October: beyond half of them 50 kVArh at 5 p, and 31 at 8 p."""
    lines = reacting(OCTOBER, (400, 200), (200, 181)).bill().lines
    found = [(line.quantity_micro, line.amount_minor) for line in lines if line.code == "reactive"]
    assert found == [(50 * KWH, 250), (31 * KWH, 248)]


@pytest.mark.parametrize("kwh", [(400, 200), (500, 260)])
def test_more_reactive_energy_on_dials_is_a_cause_of_its_own(kwh: tuple[int, int]) -> None:
    pair = reacting(OCTOBER, (400, 200), (200, 181)), reacting(NOVEMBER, kwh, (520,))
    found = compare(*pair)
    assert sum(found.effects_minor) == found.difference_minor
    assert found.difference_minor == pair[1].bill().total_minor - pair[0].bill().total_minor
    assert found.effect("reactive") > 0
    assert "use:Day" in found.factors
    assert evidence_of(found, "reactive").text == "17.3 kVArh a day, was 12.3"
    back = compare(pair[1], pair[0])
    assert {name: -found.effect(name) for name in found.factors} == {
        name: back.effect(name) for name in back.factors
    }


def test_reactive_dials_that_are_not_known_are_refused() -> None:
    side = reacting(OCTOBER, (400, 200), (200, 181))
    with pytest.raises(UnknownReactive, match="reactive energy, which is not known of all days"):
        replace(side, state=SupplyState()).bill()


@settings(deadline=None, max_examples=30)
@given(dial_tariffs().flatmap(register_sides))
def test_a_register_bill_with_itself_has_no_effects(side: RegisterSide) -> None:
    found = compare(side, side)
    assert found.difference_minor == 0 and not any(found.effects_minor)


def dial(
    subject: Tariff, period: Period, known: dict[str, float] | None = None, **kwh: float
) -> RegisterSide:
    def matrix(values: dict[str, float]) -> RegisterMatrix:
        micro = np.array([[[round(value * KWH) for value in values.values()]]])
        return RegisterMatrix(tuple(values), micro, np.zeros_like(micro))

    return RegisterSide(matrix(kwh), subject, period, LONDON, None if known is None else matrix(known))


def whole(found: Comparison) -> dict[str, int]:
    """The effects that moved the total at all."""
    effects = zip(found.factors, found.effects_minor, strict=True)
    return {name: effect for name, effect in effects if effect}


def test_an_estimate_that_was_too_low_is_the_reason_with_its_figures() -> None:
    subject = tariff(version(flat("0.20"), tax("5")))
    thirty = Period(date(2013, 9, 1), date(2013, 10, 1))
    before = dial(subject, thirty, {"T1": 150}, T1=100)
    right = PutRight("T1", date(2013, 10, 1), 1100 * KWH, date(2013, 11, 1), 1305 * KWH)
    before = RegisterSide(before.counted, subject, thirty, LONDON, before.known, put_right=(right,))
    found = compare(before, dial(subject, OCTOBER, T1=155))
    assert sum(whole(found).values()) == found.difference_minor == 1155
    # 50 kWh at 21 p that September did not hold, and a day more of 5 kWh. None of it is use.
    assert whole(found) == {"days": 88, "estimate": 1067}
    assert "September estimated too low" in answer_of(found).sentence
    text = evidence_of(found, "estimate").text
    assert text == "100.0 kWh guessed, 150.0 read; T1 on the dial 1,100.0 guessed, 1,305.0 read on 1 November"


def test_each_rate_of_the_dial_is_a_cause_of_its_own() -> None:
    names = [("T1", "peak"), ("T2", "night"), ("T3", "day")]
    charge = {**three_rates(), "registers": [{"name": name, "label": label} for name, label in names]}
    subject = tariff(version(fixed(), charge))
    before = dial(subject, OCTOBER, T1=62, T2=31, T3=93)
    november = Period(date(2013, 11, 1), date(2013, 12, 2))
    found = compare(before, dial(subject, november, T1=93, T2=62, T3=62))
    assert whole(found) == {"use:peak": 1116, "use:night": 372, "use:day": -744}
    assert answer_of(found).sentence == (
        "Your bill to 1 December is £7.44 more than the one to 31 October; "
        "using more at peak alone adds £11.16."
    )
    assert (
        answer_of(found).if_asked_on == "Using less at day takes off £7.44; using more at night adds £3.72."
    )
    assert evidence_of(found, "use:peak").text == "3.0 kWh a day, was 2.0"


def gas(*values: tuple[str, str]) -> Tariff:
    volume = {
        "commodity": "gas",
        "correction": "1.02264",
        "calorific_values": [{"from": on, "value": value} for on, value in values],
    }
    return tariff(version(flat("0.10")), volume=volume)


def test_the_heat_in_the_gas_is_a_cause_of_its_own() -> None:
    subject = gas(("2013-01-01", "39"), ("2013-11-01", "40"))
    november = Period(date(2013, 11, 1), date(2013, 12, 2))
    found = compare(dial(subject, OCTOBER, G1=100), dial(subject, november, G1=100))
    assert whole(found) == {"calorific": found.difference_minor} == {"calorific": 284}
    assert answer_of(found).sentence.endswith("all of it is gas with more heat in it.")
    assert evidence_of(found, "calorific").text == "a cubic metre is 11.363 kWh, was 11.079"
    more = compare(dial(subject, OCTOBER, G1=100), dial(subject, november, G1=130))
    assert set(whole(more)) == {"calorific", "volume"}
    assert evidence_of(more, "volume").text == "4.2 m³ a day, was 3.2"


def test_a_price_a_standing_charge_and_a_tax_are_told_apart() -> None:
    def rules(price: str, standing: str, percent: str, on: str) -> dict[str, Any]:
        return version(fixed(standing), flat(price), tax(percent), starts_on=on)

    found = document(rules("0.20", "0.30", "5", "2010-01-01"), rules("0.25", "0.40", "20", "2013-11-01"))
    subject = tariff_of(found)
    later = Period(date(2013, 11, 1), date(2013, 12, 2))
    one = compare(dial(subject, OCTOBER, T1=310), dial(subject, later, T1=310))
    assert set(whole(one)) == {"price", "fixed", "tax"}
    assert whole(one)["price"] > whole(one)["fixed"] > 0
    assert sum(whole(one).values()) == one.difference_minor


def test_what_cannot_be_compared_is_refused_by_name() -> None:
    subject = tariff(version(flat()))
    registers = dial(subject, OCTOBER, T1=100)
    with pytest.raises(NotComparable) as refusal:
        compare(registers, side_of(subject, NOVEMBER, random_usage(NOVEMBER, LONDON, 1)))
    assert refusal.value.code == "other_metering"
    with pytest.raises(NotComparable) as refusal:
        compare(registers, dial(gas(("2013-01-01", "39")), NOVEMBER, G1=100))
    assert refusal.value.code == "other_fuel"
    with pytest.raises(NotComparable) as refusal:
        compare(registers, dial(subject, NOVEMBER, T1=-1))
    assert refusal.value.code == "negative_readings"


def as_dials(subject: Tariff, period: Period, seed: int, *names: str) -> RegisterSide:
    found = as_registers(side_of(subject, period, random_usage(period, LONDON, seed)), names)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rates", [1, 3])
def test_a_bill_by_intervals_is_held_against_one_by_dials(seed: int, rates: int) -> None:
    names = [("T1", "peak"), ("T2", "night"), ("T3", "day")]
    charge = {**three_rates(), "registers": [{"name": name, "label": label} for name, label in names]}
    subject = tariff(version(fixed(), charge if rates == 3 else flat(), tax()))
    told = [name for name, _ in names[:rates]]
    before = dial(subject, OCTOBER, **{name: 60 + 9 * place + seed for place, name in enumerate(told)})
    by_interval = side_of(subject, NOVEMBER, random_usage(NOVEMBER, LONDON, seed))
    after = as_dials(subject, NOVEMBER, seed, *told)
    assert int(after.counted.micro_kwh.sum()) == int(by_interval.usage.micro_kwh.sum())
    assert after.bill().total_minor == by_interval.bill().total_minor
    found = compare(before, after)
    assert sum(whole(found).values()) == found.difference_minor
    assert found.difference_minor == by_interval.bill().total_minor - before.bill().total_minor
    assert set(whole(found)) <= {"days", "volume", "use:peak", "use:night", "use:day"}
    back = compare(after, before)
    assert whole(back) == {effect: -amount for effect, amount in whole(found).items()}


def test_what_no_register_could_tell_is_not_told_as_if_it_had() -> None:
    usage = random_usage(NOVEMBER, LONDON, 3)
    for rules in (version(three_rates()), version(flat(), demand())):
        assert as_registers(side_of(tariff(rules), NOVEMBER, usage), ("T1",)) is None
    assert as_registers(side_of(tariff(version(flat())), NOVEMBER, usage), ("T1", "T2")) is None


def test_what_still_rests_on_estimated_reads_is_a_doubt() -> None:
    subject = tariff(version(flat()))
    after = dial(subject, NOVEMBER, T1=100)
    guessed = np.array([[40 * KWH]])
    after = RegisterSide(after.counted, subject, NOVEMBER, LONDON, guessed=guessed)
    found = compare(dial(subject, OCTOBER, T1=100), after)
    (caveat,) = found.caveats
    assert (caveat.code, caveat.bill, caveat.micro_kwh, caveat.days) == (
        "still_estimated",
        "after",
        40 * KWH,
        30,
    )
    assert "still estimated" in answer_of(found).sentence
