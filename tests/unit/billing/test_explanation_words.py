from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from rating_cases import (
    WORKED,
    fixed,
    flat,
    london_usage,
    pairs,
    tariff,
    tax,
    three_rates,
    usage_over,
    version,
)

from billing.domain.explanation.comparison import Comparison, FirstBill, PerDay, compare, explain
from billing.domain.explanation.moved_days import moved_days
from billing.domain.explanation.phrases import kwh_text, money_text, percent_text, price_text
from billing.domain.explanation.sides import Side
from billing.domain.explanation.waterfall import waterfall
from billing.domain.explanation.words import MOST_WORDS, answer_of, word_count
from billing.domain.rating.rate import rate_bill
from billing.domain.rating.rated import RatedBill
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.tariff import Tariff
from billing.explaining.explained import Explained, explained
from billing.queries.bills import BillRow

LONDON = "Europe/London"
JUNE, JULY, AUGUST, SEPTEMBER = (
    Period(date(2013, month, 1), date(2013, month + 1, 1)) for month in (6, 7, 8, 9)
)


def side(subject: Tariff, period: Period, micro: Any, known: Any = None) -> Side:
    usage = micro if isinstance(micro, Usage) else usage_over(period, LONDON, micro)
    return Side(usage, subject, period, LONDON, known)


def issued(number: int, bill: RatedBill) -> BillRow:
    """A rated bill as it would be stored."""
    first, last, total = bill.period.starts_on, bill.period.ends_before, bill.total_minor
    return BillRow(
        number, f"B{number}", 1, first, last, last, last, bill.currency, total, total, bill.micro_kwh,
        bill.estimated_micro_kwh, bill.estimated_count, "issued", datetime(2014, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def shown(found: Comparison | PerDay | FirstBill) -> Explained:
    """What pages and commands are given."""
    against = None if isinstance(found, FirstBill) else issued(1, found.before)
    return explained(issued(2, found.after), against, found, days=False)


@settings(deadline=None, max_examples=60)
@given(pairs())
def test_every_answer_is_one_short_sentence_and_nothing_is_left_over(pair: tuple[Side, Side]) -> None:
    found = compare(*pair)
    answer = answer_of(found)
    assert word_count(answer.sentence) <= MOST_WORDS
    assert answer.sentence.endswith(".")
    assert "  " not in answer.sentence
    told = sum(piece.amount_minor for piece in answer.rest) + answer.other_minor
    told += answer.main.amount_minor if answer.main else 0
    assert told == found.difference_minor
    rows = waterfall(found)
    assert rows[0].ends_minor == found.before.total_minor
    assert rows[-1].ends_minor == found.after.total_minor == rows[-2].ends_minor
    assert sum(row.amount_minor for row in rows[1:-1]) == found.difference_minor
    assert all(row.evidence and row.evidence.text for row in rows[1:-1])
    document = shown(found).document()
    assert json.loads(json.dumps(document)) == document
    assert sum(Decimal(effect["amount"]) for effect in document["effects"]) == Decimal(
        document["difference"] or ""
    )
    assert Decimal(document["after"]) - Decimal(document["before"] or "") == Decimal(
        document["difference"] or ""
    )


@settings(deadline=None, max_examples=30)
@given(pairs())
def test_moved_days_cost_what_the_bill_without_them_saves(pair: tuple[Side, Side]) -> None:
    before, after = pair
    found = compare(before, after)
    moved = moved_days(found, most=3)
    assert [abs(day.cost_minor) for day in moved] == sorted(
        (abs(day.cost_minor) for day in moved), reverse=True
    )
    for day in moved:
        assert 0 <= day.from_minute < day.until_minute <= 1440
        assert day.difference_micro_kwh == day.used_micro_kwh - day.expected_micro_kwh
        index = (day.day - after.period.starts_on).days
        other = (day.compared_with - before.period.starts_on).days
        grid = found.game.sides[1].billed.copy()
        grid[index] = found.game.sides[0].billed[other]
        assert grid[index].sum() == day.expected_micro_kwh
    if moved and not found.game.sides[1].billed.any():
        assert all(day.used_micro_kwh == 0 for day in moved)


def test_cost_of_a_day_is_by_re_rating_with_tax() -> None:
    """One day of ten kilowatt-hours more at 24 p with 5 % tax; on a night day at 12 p."""
    subject = tariff(version(three_rates(), tax("5")))
    slots = np.full(31 * 48, 100_000)
    slots[6 * 48 + 30] += 10_000_000  # Sunday 7 July, 15:00
    slots[9 * 48 + 4] += 10_000_000  # Wednesday 10 July, 02:00
    found = compare(side(subject, JUNE, 100_000), side(subject, JULY, lambda count: slots))
    first, second = moved_days(found)
    assert (first.day, first.cost_minor, first.from_minute, first.until_minute) == (
        date(2013, 7, 7),
        252,
        900,
        930,
    )
    assert (second.day, second.cost_minor, second.from_minute) == (date(2013, 7, 10), 126, 120)
    assert first.difference_micro_kwh == second.difference_micro_kwh == 10_000_000


@pytest.mark.parametrize(
    ("before", "after", "sentence", "asked"),
    [
        (
            side(WORKED, JUNE, 100_000),
            side(WORKED, JULY, 200_000),
            "Your July bill is £35.96 more than June’s; most of that, £33.67, is using more a day.",
            "One more day adds £2.29.",
        ),
        (
            side(WORKED, JULY, 200_000),
            side(WORKED, AUGUST, 100_000),
            "Your August bill is £34.45 less than July’s; most of that, £34.29, is using less a day.",
            "How the weekdays fell takes off £0.16.",
        ),
        (
            side(WORKED, JULY, 200_000),
            side(WORKED, JULY, 200_000),
            "Your July 2013 bill is the same as July 2013’s.",
            "",
        ),
    ],
)
def test_sentences(before: Side, after: Side, sentence: str, asked: str) -> None:
    answer = answer_of(compare(before, after))
    assert (answer.sentence, answer.if_asked_on) == (sentence, asked)


def test_prices_are_told_with_their_date() -> None:
    subject = tariff(
        version(fixed("0.25"), flat("0.278"), tax("5")),
        version(fixed("0.30"), flat("0.291"), tax("20"), starts_on="2013-08-01"),
    )
    found = compare(side(subject, JULY, 200_000), side(subject, AUGUST, 200_000))
    answer = answer_of(found)
    assert answer.main is not None
    nouns = {piece.effect: piece.noun for piece in (answer.main, *answer.rest)}
    assert nouns == {
        "price": "higher prices from 1 August",
        "fixed": "a higher standing",
        "tax": "higher VAT",
    }
    texts = {row.name: row.evidence.text for row in waterfall(found) if row.evidence}
    assert texts["price"] == "energy 27.80 → 29.10 p a kWh"
    assert texts["fixed"] == "Standing 25.00 → 30.00 p a day"
    assert texts["tax"] == "VAT 5 → 20 %"


def test_a_switch_of_tariff_is_told_by_name() -> None:
    other = tariff(version(fixed(), three_rates("0.10"), tax()), code="night-owl", name="Night Owl")
    found = compare(side(WORKED, JULY, 200_000), side(other, AUGUST, 200_000))
    answer = answer_of(found)
    assert answer.main is not None
    assert answer.main.noun == "the change to Night Owl"
    long_name = " ".join(["Super"] * 30)
    other = tariff(version(fixed(), three_rates("0.10"), tax()), code="long", name=long_name)
    answer = answer_of(compare(side(WORKED, JULY, 200_000), side(other, AUGUST, 200_000)))
    assert word_count(answer.sentence) <= MOST_WORDS
    assert "the change of tariff" in answer.sentence


def test_an_unreplaced_estimate_hedges_the_sentence() -> None:
    usage = usage_over(JULY, LONDON, 200_000)
    guessed = Usage.of(usage.starts_at, 30, usage.micro_kwh, estimated=np.arange(usage.micro_kwh.size) < 50)
    answer = answer_of(compare(side(WORKED, JUNE, 100_000), side(WORKED, JULY, guessed)))
    assert answer.sentence.endswith(", with two days still estimated.")


def test_an_estimate_put_right_is_told_by_month() -> None:
    read = usage_over(JUNE, LONDON, 100_000)
    billed = Usage.of(read.starts_at, 30, read.micro_kwh + 50_000, estimated=read.micro_kwh > 0)
    found = compare(side(WORKED, JUNE, billed, known=read), side(WORKED, JULY, 100_000))
    answer = answer_of(found)
    assert answer.main is not None
    assert answer.main.noun == "June estimated too high"
    texts = {row.name: row.evidence.text for row in waterfall(found) if row.evidence}
    assert texts["estimate"] == "216.0 kWh guessed, 144.0 read"


@pytest.mark.parametrize(
    ("estimated", "said"),
    [
        (50_000, "June’s estimate was too high, which takes off £"),
        (-50_000, "June’s estimate was too low, which adds £"),
    ],
)
def test_an_estimate_put_right_can_be_read_aloud(estimated: int, said: str) -> None:
    read = usage_over(JUNE, LONDON, 100_000)
    billed = Usage.of(read.starts_at, 30, read.micro_kwh + estimated, estimated=read.micro_kwh > 0)
    dear = 2_000_000 if estimated > 0 else 1
    answer = answer_of(compare(side(WORKED, JUNE, billed, known=read), side(WORKED, JULY, dear)))
    assert answer.main is not None and answer.main.effect == "volume"
    assert said in answer.if_asked_on
    assert "estimated too" not in answer.if_asked_on


@pytest.mark.parametrize("periods", [(JULY, AUGUST), (AUGUST, SEPTEMBER)])
def test_a_price_that_changed_inside_a_bill_is_told_with_its_day(periods: tuple[Period, Period]) -> None:
    subject = tariff(version(flat("0.20")), version(flat("0.25"), starts_on="2013-08-16"))
    found = compare(*(side(subject, period, 100_000) for period in periods))
    texts = {row.name: row.evidence.text for row in waterfall(found) if row.evidence}
    assert texts["price"].endswith(" 20.00 → 25.00 p a kWh from 16 August")


def test_bills_that_cannot_be_compared_are_described() -> None:
    first = explain(None, side(WORKED, JULY, 100_000))
    total = rate_bill(usage_over(JULY, LONDON, 100_000), WORKED, JULY).total_minor
    said = f"Your July bill is {money_text(total, 'GBP', 2)}; there is no earlier bill to compare it with."
    assert shown(first).document() == {
        "before": None,
        "after": str(Decimal(total) / 100),
        "difference": None,
        "effects": [],
        "residual": None,
        "sentence": said,
        "weather": [],
    }
    short = Period(date(2013, 6, 28), date(2013, 7, 1))
    few = explain(side(WORKED, short, 100_000), side(WORKED, JULY, 100_000))
    assert answer_of(few).sentence == (
        "Your July bill comes to £1.38 a day; the one before covered only three days, at £1.34 a day."
    )
    assert shown(few).document()["effects"] == []


def test_numbers_as_people_say_them() -> None:
    assert money_text(-123_456, "GBP", 2) == "£1,234.56"
    assert money_text(123_456, "CHF", 2) == "1,234.56 CHF"
    assert money_text(1_234, "JPY", 0) == "¥1,234"
    assert price_text(142_280, "GBP") == "14.228 p"
    assert price_text(-50_000, "EUR") == "−5.00 ct"
    assert price_text(1_500_000_000, "IDR") == "1,500.00 IDR"
    assert percent_text(50_000, 4) == "5 %"
    assert percent_text(12_345, 4) == "1.2345 %"
    assert percent_text(1_000_000, 0) == "100 %"
    assert percent_text(400_000, 0) == "40 %"
    assert kwh_text(1_249_999_999, 0) == "1,250.0"


@pytest.mark.shared
def test_worked_example(shared_data: Path) -> None:
    """EXPLAIN B9 where nobody knows the weather: ``volume`` has what that table gives to both."""
    usage = london_usage(shared_data, "MAC000003")
    october, november = (
        Period(date(2013, 10, 1), date(2013, 11, 1)),
        Period(date(2013, 11, 1), date(2013, 12, 1)),
    )
    found = compare(side(WORKED, october, usage), side(WORKED, november, usage))
    assert found.factors == ("days", "volume", "shift")
    assert found.difference_minor == 2388
    tabled = {
        "standing": (-26, 0, 0),
        "night": (-87, 1684 - 262, 931),
        "day": (-124, 2005 - 311, -1658),
        "peak": (-75, 595 - 92, -306),
        "vat": (-16, 214 - 33, -51),
    }
    for row in found.rows:
        name = row.label if row.kind == "energy" else row.code
        # One factor fewer is apportioned: a minor unit may fall elsewhere.
        assert all(abs(a - b) <= 1 for a, b in zip(row.effects_minor, tabled[name], strict=True)), row
    assert found.effects_minor == (-327, 3799, -1084)
    document = shown(found).document()
    assert document["sentence"] == (
        "Your November bill is £23.88 more than October’s; using more a day alone adds £37.99."
    )
    assert [effect["detail"] for effect in document["effects"]] == [
        "17.9 kWh a day, was 11.2",
        "night 67 % of the energy, was 50 %",
        "30 days, was 31",
    ]


def test_evidence_names_what_came_and_what_went() -> None:
    subject = tariff(
        version(three_rates(night="0.10"), tax()),
        version(
            {
                "kind": "energy",
                "code": "energy",
                "periods": [
                    {"label": "night", "price": "0.11", "hours": ["00:00-07:00"]},
                    {"label": "weekend", "price": "0.20", "days": ["weekend"], "hours": ["07:00-24:00"]},
                    {"label": "day", "price": "0.24", "otherwise": True},
                ],
            },
            fixed(),
            starts_on="2013-08-01",
        ),
    )
    found = compare(side(subject, JULY, 100_000), side(subject, AUGUST, 100_000))
    texts = {row.name: row.evidence.text for row in waterfall(found) if row.evidence}
    assert texts == {
        "price": "night 10.00 → 11.00 p a kWh, peak no longer at 36.00 p a kWh, weekend new at 20.00 p a kWh",
        "fixed": "Standing new at 26.00 p a day",
        "tax": "VAT no longer at 5 %",
        "days": "9 days at weekends, was 8",
    }


def test_shares_are_by_the_later_tariff() -> None:
    flat_rate = tariff(version(flat()), code="flat")
    slots = np.full(31 * 48, 100_000)
    slots.reshape(31, 48)[:, 20] = 3_000_000
    found = compare(side(flat_rate, JULY, 100_000), side(WORKED, AUGUST, lambda count: slots))
    texts = {row.name: row.evidence.text for row in waterfall(found) if row.evidence}
    assert texts["tariff"] == "Standard → Three rates"
    assert texts["shift"] == "day 74 % of the energy, was 58 %"
    back = compare(side(WORKED, AUGUST, lambda count: slots), side(flat_rate, JULY, 100_000))
    texts = {row.name: row.evidence.text for row in waterfall(back) if row.evidence}
    assert texts["shift"] == "one price for all hours: other hours change nothing"


def test_prices_by_season_are_told_by_the_season() -> None:
    seasonal = tariff(
        version(
            {
                "kind": "energy",
                "code": "energy",
                "periods": [
                    {"label": "day", "price": "0.20", "seasons": ["summer"]},
                    {"label": "day", "price": "0.30", "seasons": ["autumn"]},
                ],
            },
            seasons=[
                {"name": "summer", "from": "03-01", "to": "08-01"},
                {"name": "autumn", "from": "08-01", "to": "03-01"},
            ],
        )
    )
    answer = answer_of(compare(side(seasonal, JULY, 100_000), side(seasonal, AUGUST, 100_000)))
    assert answer.sentence == "Your August bill is £14.88 more than July’s; all of it is autumn prices."


def test_a_doubt_is_kept_before_a_long_cause() -> None:
    other = tariff(version(fixed(), three_rates("0.10"), tax()), code="long", name="A B C D E F G H I J")
    usage = usage_over(AUGUST, LONDON, 200_000)
    guessed = Usage.of(usage.starts_at, 30, usage.micro_kwh, estimated=np.arange(usage.micro_kwh.size) < 9)
    answer = answer_of(compare(side(WORKED, JULY, 200_000), side(other, AUGUST, guessed)))
    assert answer.sentence.endswith("with five hours still estimated.")
    assert word_count(answer.sentence) <= MOST_WORDS


def test_verbs_agree_with_their_causes() -> None:
    longer = Period(date(2013, 7, 1), date(2013, 8, 4))
    answer = answer_of(compare(side(WORKED, JUNE, 100_000), side(WORKED, longer, 99_000)))
    assert answer.sentence == (
        "Your bill to 3 August is £5.35 more than the one to 30 June; four more days alone add £5.69."
    )
    assert answer.if_asked_on == "Using less a day takes off £0.34."


def test_small_changes_of_use_are_told_apart() -> None:
    found = compare(side(WORKED, JUNE, 100_000), side(WORKED, JULY, 100_100))
    texts = {row.name: row.evidence.text for row in waterfall(found) if row.evidence}
    assert texts["volume"] == "4.805 kWh a day, was 4.800"


def split(first: str, second: str) -> Tariff:
    """One price for all hours, another from 16 August."""
    return tariff(version(flat(first)), version(flat(second), starts_on="2013-08-16"))


def halves(early: int, late: int) -> Any:
    """A day's use before and from the 16th of a month of 31 days."""
    return lambda count: np.repeat([early, late], [15 * 48, count - 15 * 48])


@pytest.mark.parametrize(
    ("prices", "use", "noun"),
    [
        (("0.20", "0.30"), (100_000, 200_000), "more use after the price rose"),
        (("0.20", "0.30"), (200_000, 100_000), "more use before the price rose"),
        (("0.30", "0.20"), (100_000, 200_000), "more use after the price fell"),
        (("0.30", "0.20"), (200_000, 100_000), "more use before the price fell"),
    ],
)
def test_use_on_other_days_is_told_by_the_change_of_the_one_price(
    prices: tuple[str, str], use: tuple[int, int], noun: str
) -> None:
    found = compare(side(split(*prices), JULY, 150_000), side(split(*prices), AUGUST, halves(*use)))
    (row,) = [row for row in waterfall(found) if row.name == "shift"]
    assert (row.noun, row.amount_minor != 0) == (noun, True)
    assert row.evidence is not None
    assert row.evidence.text == "one price for all hours, another from 16 August"
    back = compare(side(split(*prices), AUGUST, halves(*use)), side(split(*prices), JULY, 150_000))
    (row,) = [row for row in waterfall(back) if row.name == "shift"]
    assert row.noun == f"more use on {'dearer' if row.amount_minor > 0 else 'cheaper'} days"


def test_hours_keep_their_word_where_they_differ_in_price() -> None:
    slots = np.full(31 * 48, 100_000)
    slots.reshape(31, 48)[:, 36] = 3_000_000
    found = compare(side(WORKED, JULY, 100_000), side(WORKED, AUGUST, lambda count: slots))
    assert "more use at dearer hours" in {row.noun for row in waterfall(found)}
