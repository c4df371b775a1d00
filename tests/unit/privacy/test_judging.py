"""Nothing goes while anything is in the way; what is kept is kept exactly as long as its rule says."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from utility_crm.privacy.domain.deadlines import due_on, extended_to, month_after, working_days_after
from utility_crm.privacy.domain.judging import PlacedHold, Standing, judge
from utility_crm.privacy.domain.law import COUNTRIES, ELSEWHERE, KINDS, Rule, rules_of, until

DAYS = st.dates(date(1990, 1, 1), date(2080, 12, 31))
STANDINGS = st.lists(
    st.builds(Standing, st.sampled_from(["money", "contract"]), st.integers(0, 3)), max_size=4
)
HOLDS = st.lists(
    st.builds(PlacedHold, st.integers(1, 9), st.just("a case"), st.just("Priya"), DAYS), max_size=2
)
LAST = st.dictionaries(st.sampled_from(KINDS), st.none() | DAYS)
RULES = st.sampled_from([*COUNTRIES.values(), ELSEWHERE])


@given(STANDINGS, HOLDS, LAST, RULES, DAYS)
def test_whoever_may_go_has_nothing_in_the_way(standings, holds, last, rules, today) -> None:  # type: ignore[no-untyped-def]
    found = judge(standings, holds, last, rules, today)
    assert found.may_go == (not holds and not any(one.many for one in standings))
    more = judge(standings, [*holds, PlacedHold(99, "x", "y", today)], last, rules, today)
    assert not more.may_go and more.kept == found.kept


@given(LAST, RULES, DAYS)
def test_every_kind_is_kept_or_over_or_absent(last, rules, today) -> None:  # type: ignore[no-untyped-def]
    found = judge([], [], last, rules, today)
    kept = {one.kind: one for one in found.kept}
    for kind, day in last.items():
        if day is None:
            assert kind not in kept and kind not in found.over
            continue
        ends = date(day.year + rules[kind].years, 12, 31)
        assert (kind in kept) == (today <= ends)
        assert (kind in found.over) == (today > ends)
        if kind in kept:
            assert kept[kind].until == ends and kept[kind].source == rules[kind].source
    assert found.kept_until == max((one.until for one in found.kept), default=None)
    assert found.keeps("last") == bool(kept)


@given(LAST, RULES, DAYS, st.integers(0, 40_000))
def test_what_is_over_stays_over(last, rules, today, days) -> None:  # type: ignore[no-untyped-def]
    later = judge([], [], last, rules, min(today + timedelta(days=days), date(2200, 1, 1)))
    assert set(judge([], [], last, rules, today).over) <= set(later.over)


def test_a_bill_of_new_year_is_kept_from_the_end_of_its_year() -> None:
    rule = Rule(8, "§ 147 AO")
    assert until(date(2026, 1, 1), rule) == until(date(2026, 12, 31), rule) == date(2034, 12, 31)


def test_every_country_has_every_kind_and_its_sources() -> None:
    for country, rules in COUNTRIES.items():
        assert set(rules) == set(KINDS), country
        assert all(rule.years > 0 and len(rule.source) > 8 for rule in rules.values())
    longest = max(rule.years for rules in COUNTRIES.values() for rule in rules.values())
    assert all(rule.years >= longest for rule in rules_of("ZA").values())


@given(DAYS, st.integers(-60, 60))
def test_a_month_later_is_the_same_day_or_the_last(day: date, months: int) -> None:
    found = month_after(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or (found + timedelta(days=1)).day == 1


def test_deadlines_are_those_of_the_country() -> None:
    asked = date(2026, 1, 31)
    assert due_on(asked, "export", "GB") == due_on(asked, "erasure", "DE") == date(2026, 2, 28)
    assert extended_to(asked, "export", "DE") == date(2026, 4, 30)
    assert due_on(date(2026, 11, 20), "export", "RU") == date(2026, 12, 4)
    assert extended_to(date(2026, 11, 20), "export", "RU") == date(2026, 12, 11)
    assert due_on(date(2026, 11, 20), "erasure", "RU") == date(2026, 12, 20)
    assert working_days_after(date(2026, 12, 24), 1, "GB") == date(2026, 12, 29)
