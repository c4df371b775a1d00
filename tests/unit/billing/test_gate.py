"""The gate's rules, each by itself, and what a release covers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.gate import Earlier, Figures, GateBook, Setting, covers, verdicts
from billing.domain.gate.book import RULES
from billing.domain.gate.use import expected_kwh_a_day, warmth_of
from billing.domain.gate.words import reason_of

LIMITS = GateBook().limits("household", 1)
OCTOBER = date(2026, 10, 1)


def before(kwh_a_day: float, *, year: bool = False, days: int = 30, warmth: float | None = None) -> Earlier:
    ends = OCTOBER - timedelta(days=335 if year else 0)
    return Earlier(ends - timedelta(days=days), ends, int(kwh_a_day * days * 1_000_000), 5_000, warmth)


def figures(kwh_a_day: float, **more: object) -> Figures:
    known = {"last": before(10), "year_ago": before(10, year=True)} | more
    return Figures(31, 31 * 1440, int(kwh_a_day * 31 * 1_000_000), 5_000, **known)  # type: ignore[arg-type]


SOME = st.floats(0, 10_000, allow_nan=False)
WARMTHS = st.none() | st.floats(0, 40)
EARLIER = st.none() | st.builds(
    Earlier,
    st.just(date(2026, 9, 1)),
    st.dates(date(2026, 9, 2), date(2026, 11, 1)),
    st.integers(0, 10**12),
    st.integers(-(10**6), 10**6),
    WARMTHS,
)
FIGURES = st.builds(
    Figures,
    days=st.integers(1, 62),
    minutes=st.integers(1440, 90_000),
    micro_kwh=st.integers(0, 10**12),
    total_minor=st.integers(-(10**6), 10**6),
    missing_minutes=st.integers(0, 90_000),
    estimated_minutes=st.integers(0, 90_000),
    unbilled_days=st.integers(0, 400),
    findings_bad=st.integers(0, 5),
    findings_warn=st.integers(0, 5),
    last=EARLIER,
    year_ago=EARLIER,
    warmth=WARMTHS,
)


def test_a_usual_month_passes() -> None:
    assert verdicts(figures(11), LIMITS) == ()


def test_a_jump_is_held_only_if_no_earlier_bill_explains_it() -> None:
    assert verdicts(figures(25), LIMITS) == ("jump_up",)
    assert verdicts(figures(25, year_ago=before(24, year=True)), LIMITS) == ()
    assert verdicts(figures(25, last=before(13)), LIMITS) == ()
    assert verdicts(figures(3), LIMITS) == ("jump_down",)
    assert verdicts(figures(3, year_ago=before(4, year=True)), LIMITS) == ()
    assert verdicts(figures(25, last=None, year_ago=None), LIMITS) == ()


def test_small_amounts_are_no_jumps_and_each_segment_has_its_own_floor() -> None:
    tiny = figures(5, last=before(1), year_ago=before(1, year=True))
    assert verdicts(tiny, LIMITS) == ()
    assert verdicts(figures(30), GateBook().limits("small_business", 1)) == ()
    assert verdicts(figures(40), GateBook().limits("small_business", 1)) == ("jump_up",)
    assert verdicts(figures(40), GateBook().limits("a segment of our own", 1)) == ("jump_up",)


def test_the_weather_explains_a_jump_that_a_heated_house_would_make() -> None:
    mild, cold = 2.0, 12.0
    last, year_ago = before(10, warmth=mild), before(10, year=True, warmth=mild)
    jumped = figures(25, last=last, year_ago=year_ago, warmth=cold)
    assert expected_kwh_a_day(jumped, last) == pytest.approx((10, 10 * 17 / 7))
    assert verdicts(jumped, LIMITS) == ()
    assert verdicts(replace(jumped, warmth=mild), LIMITS) == ("jump_up",)
    assert verdicts(replace(jumped, warmth=None), LIMITS) == ("jump_up",)


@given(FIGURES)
def test_knowing_the_weather_never_adds_a_reason(found: Figures) -> None:
    unknown = replace(
        found,
        warmth=None,
        last=found.last and replace(found.last, warmth=None),
        year_ago=found.year_ago and replace(found.year_ago, warmth=None),
    )
    assert set(verdicts(found, LIMITS)) <= set(verdicts(unknown, LIMITS))


@given(st.floats(-40, 50))
def test_warmth_is_never_negative_and_nothing_between(celsius: float) -> None:
    assert warmth_of(celsius) >= 0
    assert (warmth_of(celsius) == 0) == (15.5 <= celsius <= 22)


def test_nothing_used_is_one_reason() -> None:
    assert verdicts(figures(0), LIMITS) == ("zero_use",)
    assert verdicts(figures(0, last=before(0.1), year_ago=None), LIMITS) == ()


def test_long_estimates_by_days_or_by_share() -> None:
    assert verdicts(figures(10, estimated_minutes=10 * 1440), LIMITS) == ()
    assert verdicts(figures(10, estimated_minutes=10 * 1440 + 30), LIMITS) == ("estimates",)
    short = replace(figures(10, estimated_minutes=3 * 1440), minutes=5 * 1440)
    assert verdicts(short, LIMITS) == ("estimates",)


def test_negative_findings_and_days_never_billed() -> None:
    assert verdicts(replace(figures(10), total_minor=-1), LIMITS) == ("negative",)
    assert verdicts(replace(figures(10), total_minor=0), LIMITS) == ()
    assert verdicts(figures(10, findings_bad=1), LIMITS) == ("findings",)
    assert verdicts(figures(10, findings_warn=9), LIMITS) == ()
    assert verdicts(figures(10, unbilled_days=1), LIMITS) == ("missing_cycle",)


def test_settings_of_a_tariff_go_before_those_of_a_segment() -> None:
    book = GateBook(
        [
            Setting("jump_up", tariff_id=7, numbers={"percent": 300}),
            Setting("jump_up", segment="household", numbers={"percent": 10, "floor_kwh": 1}),
            Setting("negative", enabled=False),
            Setting("negative", segment="household", tariff_id=7, enabled=True),
        ]
    )
    assert verdicts(figures(12), book.limits("household", 1)) == ("jump_up",)
    assert verdicts(figures(12), book.limits("household", 7)) == ()
    assert verdicts(figures(12), book.limits("industry", 1)) == ()
    owed = replace(figures(10), total_minor=-1)
    assert verdicts(owed, book.limits("household", 1)) == ()
    assert verdicts(owed, book.limits("household", 7)) == ("negative",)


@given(FIGURES)
def test_every_reason_has_words_and_figures_come_back_from_json(found: Figures) -> None:
    assert Figures.of(json.loads(json.dumps(found.document()))) == found
    for code in verdicts(found, LIMITS):
        assert code in RULES and reason_of(code, found)


@given(FIGURES, st.sets(st.sampled_from(sorted(RULES))))
def test_a_release_covers_what_was_released_and_less(found: Figures, codes: set[str]) -> None:
    assert covers(found, codes, found, codes, LIMITS)
    less = replace(found, missing_minutes=0, estimated_minutes=0, findings_bad=0, unbilled_days=0)
    assert covers(found, codes, less, set(), LIMITS)
    assert not covers(found, codes, found, codes | {"another"}, LIMITS)
    assert not covers(found, codes, replace(found, missing_minutes=found.missing_minutes + 30), codes, LIMITS)
    beyond = found.total_minor + abs(found.total_minor) // 20 + 2
    assert not covers(found, codes, replace(found, total_minor=beyond), codes, LIMITS)
    within = found.total_minor + abs(found.total_minor) // 20
    assert covers(found, codes, replace(found, total_minor=within), codes, LIMITS)
