"""Dunning decides by its data: one step a day, in order, after its days, and never against what stops it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.dunning.deciding import AGREED, Posted, Standing, decide
from billing.domain.dunning.file import read_strategy
from billing.domain.dunning.ordering import checklist
from billing.domain.dunning.stopping import Circumstances, stands
from billing.domain.dunning.strategy import (
    DISCONNECTING,
    STEPS,
    Span,
    Stop,
    Strategy,
    Version,
    strategy_for,
)
from billing.domain.errors import TariffRefused
from billing.dunning.shipped import shipped

ZONES = ("Europe/London", "Asia/Kamchatka", "America/Chicago", "Pacific/Kiritimati", "Asia/Kolkata")
HOLDS = ["limitation_notice", "suspension_notice", "limitation", "suspension"]
DAYS = st.dates(date(2023, 1, 1), date(2029, 1, 1))
TIMES = st.lists(st.integers(0, 40), min_size=1, max_size=40)


def document(**more: Any) -> dict[str, Any]:
    steps = [
        {"step": "reminder", "after_days": 7, "source": "s"},
        {"step": "overdue", "after_days": 10, "source": "s", "smallest_debt_minor": 500},
        {"step": "limitation_notice", "after_days": 5, "counts_from": "delivered", "source": "s"},
        {"step": "hand_over", "after_days": 20, "counts_from": "delivered", "source": "s"},
    ]
    version = {
        "starts_on": "2020-01-01",
        "steps": steps,
        "stops": [{"stop": "medical", "holds": HOLDS, "source": "kind"}],
        "orders": [
            {"order": "limitation", "after_step": "limitation_notice", "wait_days": 20,
             "counts_from": "delivered", "source": "s"},
            {"order": "suspension", "after_step": "limitation_notice", "wait_days": 20, "limited_days": 10,
             "counts_from": "delivered", "source": "s"},
        ],
    }  # fmt: skip
    made = {"format": "dunning/1", "code": "test", "name": "Test", "currency": "GBP"}
    return {**made, "segments": ["household"], "versions": [version], **more}


VERSION: Version = read_strategy(document()).versions[0]
MEDICAL = VERSION.stops[0]


def lived(version: Version, due_on: date, gaps: list[int], stopped: set[int], slow: int) -> list[Posted]:
    """What was posted on the days on which somebody looked; a notice arrives `slow` days later. The days with
    these numbers have a stop."""
    posted: list[Posted] = []
    today = due_on
    for number, gap in enumerate(gaps):
        today += timedelta(days=gap)
        known = [
            replace(
                one, delivered_on=None if one.delivered_on and one.delivered_on > today else one.delivered_on
            )
            for one in posted
        ]
        stops = (MEDICAL,) if number in stopped else ()
        found = decide(version, Standing(1000, 1000, due_on, tuple(known), stops=stops), today)
        if found.step:
            assert not (stops and found.step in DISCONNECTING)
            posted.append(Posted(found.step, today, today, today + timedelta(days=slow)))
    return posted


@given(DAYS, TIMES, st.sets(st.integers(0, 40)), st.integers(0, 30))
def test_one_step_a_day_in_order_and_never_too_soon(
    due_on: date, gaps: list[int], stopped: set[int], slow: int
) -> None:
    posted = lived(VERSION, due_on, gaps, stopped, slow)
    days = [one.posted_on for one in posted]
    assert len(set(days)) == len(days)
    assert [one.step for one in posted] == [one.step for one in VERSION.steps][: len(posted)]
    for number, one in enumerate(posted):
        step = VERSION.step(one.step)
        assert step is not None
        if number == 0:
            since = due_on
        else:
            former = posted[number - 1]
            since = former.arrived_on(step.counts_from) or date.max
        assert one.posted_on >= since + timedelta(days=step.after_days)


@given(DAYS, st.integers(0, 400))
def test_who_is_looked_at_each_day_hears_on_the_very_day(due_on: date, slow: int) -> None:
    """Over month ends and leap days: days are counted, not months."""
    posted = lived(VERSION, due_on, [0] + [1] * 90, set(), slow % 5)
    assert posted[0].posted_on == due_on + timedelta(days=7)
    assert posted[1].posted_on == due_on + timedelta(days=17)
    assert posted[2].posted_on == due_on + timedelta(days=17 + slow % 5 + 5)


def test_a_leap_day_is_a_day() -> None:
    found = decide(VERSION, Standing(1000, 1000, date(2028, 2, 25)), date(2028, 2, 26))
    assert (found.step, found.reason, found.due_on) == (None, "waiting", date(2028, 3, 3))
    assert decide(VERSION, Standing(1000, 1000, date(2028, 2, 25)), date(2028, 3, 3)).step == "reminder"


@pytest.mark.parametrize("zone", ZONES)
def test_the_day_is_the_utilitys_own(zone: str) -> None:
    """Who asks at one instant decides by the day it is there, nowhere sooner."""
    at = datetime(2026, 3, 8, 11, 30, tzinfo=UTC)
    today = at.astimezone(ZoneInfo(zone)).date()
    found = decide(VERSION, Standing(1000, 1000, date(2026, 3, 1)), today)
    assert (found.step == "reminder") == (today >= date(2026, 3, 8))
    assert found.due_on == date(2026, 3, 8)


@given(DAYS, st.integers(0, 60), st.integers(0, 60))
def test_a_part_paid_or_a_stop_that_ended_begins_the_wait_anew(day: date, ago: int, later: int) -> None:
    posted = (Posted("reminder", day, day, day),)
    counted = day + timedelta(days=ago)
    standing = Standing(900, 900, day - timedelta(days=7), posted, counted_from=counted)
    found = decide(VERSION, standing, counted + timedelta(days=later))
    if later >= 10 or found.step:
        assert found.step == ("overdue" if counted + timedelta(days=later) > day else None)
        assert later >= 10
    else:
        assert found.reason in ("waiting", "one_a_day")


@given(st.sampled_from(AGREED), st.integers(1, 10**6))
def test_what_is_agreed_names_itself(name: str, late: int) -> None:
    standing = Standing(late, 0, date(2026, 1, 1), agreed=frozenset({name}))
    assert decide(VERSION, standing, date(2026, 6, 1)).reason == name


def test_paid_small_undelivered_and_done_are_named() -> None:
    day = date(2026, 5, 1)
    assert decide(VERSION, Standing(0, 0, None), day).reason == "paid"
    reminded = Posted("reminder", date(2026, 1, 8), date(2026, 1, 8))
    assert decide(VERSION, Standing(400, 400, date(2026, 1, 1), (reminded,)), day).reason == "small"
    overdue = Posted("overdue", date(2026, 1, 20), date(2026, 1, 20))
    found = decide(VERSION, Standing(900, 900, date(2026, 1, 1), (reminded, overdue)), day)
    assert (found.reason, found.coming) == ("not_delivered", "limitation_notice")
    over = Posted("hand_over", date(2026, 3, 1), None, date(2026, 3, 1))
    assert decide(VERSION, Standing(900, 900, date(2026, 1, 1), (overdue, over)), day).reason == "all_done"


def norm_version(monthly: int | None) -> Version:
    made = document()
    made["versions"][0]["norm"] = {"months": 2} | ({} if monthly is None else {"monthly_minor": monthly})
    made["versions"][0]["steps"][0]["norm"] = True
    return read_strategy(made).versions[0]


def test_the_norm_must_be_known_and_exceeded() -> None:
    standing, day = Standing(1000, 1000, date(2026, 1, 1)), date(2026, 2, 1)
    assert decide(norm_version(None), standing, day).reason == "norm_unknown"
    assert decide(norm_version(500), standing, day).reason == "below_norm"
    assert decide(norm_version(499), standing, day).step == "reminder"


def test_the_checklist_forbids_until_every_rule_holds() -> None:
    arrived = date(2026, 2, 1)
    posted = (Posted("limitation_notice", date(2026, 1, 30), date(2026, 1, 30), arrived),)
    standing, calm = Standing(900, 900, date(2026, 1, 1), posted), Circumstances()

    def refused(
        order: str, on: date, given: Circumstances = calm, limited_on: date | None = None
    ) -> set[str]:
        found = checklist(VERSION, order, standing, given, limited_on, on)
        return {one.name for one in found if one.holds is False}

    assert refused("limitation", date(2026, 2, 21)) == {"waited"}
    assert refused("limitation", date(2026, 2, 22)) == set()
    assert refused("limitation", date(2026, 2, 22), Circumstances(frozenset({"medical"}))) == {"stop_medical"}
    assert refused("suspension", date(2026, 3, 4)) == {"limited"}
    assert refused("suspension", date(2026, 3, 3), limited_on=date(2026, 2, 22)) == {"limited"}
    assert refused("suspension", date(2026, 3, 4), limited_on=date(2026, 2, 22)) == set()
    undelivered = replace(standing, posted=(replace(posted[0], delivered_on=None),))
    found = checklist(VERSION, "limitation", undelivered, calm, None, date(2027, 1, 1))
    assert {one.name for one in found if one.holds is False} == {"notice", "waited"}


def of(code: str) -> Strategy:
    return next(one for one in shipped() if one.code == code)


def test_texas_in_frost_and_in_heat() -> None:
    version = of("tx_household").versions[0]
    frost = next(one for one in version.stops if one.stop == "temperature")
    day = date(2026, 1, 15)
    judged = [
        stands(frost, Circumstances(frozenset(), "", yesterday, coming), day)
        for yesterday, coming in ((0, 0), (-500, 1), (100, -9000), (-500, None), (None, -500), (None, 200))
    ]
    assert judged == [True, False, False, None, None, False]
    heat = next(one for one in version.stops if one.stop == "advisory")
    span = read_strategy(
        {**document(), "versions": [{"starts_on": "2020-01-01", "orders": [], "steps": [
            {"step": "reminder", "after_days": 1, "source": "s"}], "stops": [
            {"stop": "advisory", "days_after": 2, "holds": HOLDS, "source": "s", "announced": [
                {"first": "2026-07-30", "last": "2026-07-31", "area": "north"}]}]}]}
    ).versions[0].stops[0]  # fmt: skip
    north = Circumstances(area="north")
    days = [date(2026, 7, 29), date(2026, 7, 30), date(2026, 8, 2), date(2026, 8, 3)]
    assert [stands(span, north, one) for one in days] == [None, True, True, None]
    assert stands(span, Circumstances(area="south"), days[1]) is None
    assert stands(heat, north, days[1]) is None and heat.days_after == 2


@given(DAYS)
def test_nobody_with_a_flag_is_told_of_a_disconnection_in_a_british_winter(day: date) -> None:
    version = of("gb_household").versions[0]
    season = next(one for one in version.stops if one.stop == "season")
    winter = day.month in (10, 11, 12, 1, 2, 3)
    assert stands(season, Circumstances(frozenset({"vulnerable"})), day) is winter
    assert stands(season, Circumstances(), day) is False


def test_what_is_shipped_names_the_source_of_every_rule() -> None:
    found = shipped()
    assert {one.code for one in found} >= {"general", "gb_household", "tx_household", "ru_household"}
    for version in (version for one in found for version in one.versions):
        rules = (*version.steps, *version.stops, *version.orders)
        assert all(len(one.source) > 10 for one in rules)
        assert all(STEPS.index(one.step) >= 0 for one in version.steps)
    pick = {"subdivision": "", "currency": "USD", "day": date(2026, 1, 1)}
    texas = pick | {"subdivision": "TX"}
    chosen = [
        strategy_for(found, country=country, segment=segment, **given)  # type: ignore[arg-type]
        for country, segment, given in (
            ("US", "household", texas), ("US", "household", pick), ("RU", "household", pick),
            ("RU", "industry", pick), ("GB", "household", pick),
        )
    ]  # fmt: skip
    codes = [one.code if one else "" for one in chosen]
    assert codes == ["tx_household", "general", "ru_household", "general", "gb_household"]


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        ({"versions[0].steps[0].after_days": 0}, "versions[0].steps[0].after_days", "whole number from 1"),
        ({"versions[0].steps[1].step": "reminder"}, "versions[0].steps", "each stands once, in this order"),
        ({"versions[0].stops[0].holds": ["all"]}, "versions[0].stops[0].holds[0]", "'all' is not one of"),
        ({"versions[0].steps[0].fee": 1}, "versions[0].steps[0]", "unknown key 'fee'"),
        ({"currency": "pounds"}, "currency", "is not of the form"),
        (
            {"versions[0].orders[0].after_step": "overdue2"},
            "versions[0].orders[0].after_step",
            "is not one of",
        ),
        (
            {"versions[0].orders[0].after_step": "final_warning"},
            "versions[0].orders[0].after_step",
            "no step",
        ),
        ({"versions[0].steps[0].norm": True}, "versions[0]", "'norm' is not given"),
    ],
)
def test_what_is_wrong_is_said_by_place(change: dict[str, Any], place: str, reason: str) -> None:
    made = document()
    for path, value in change.items():
        at: Any = made
        *before, last = path.replace("[", ".").replace("]", "").split(".")
        for key in before:
            at = at[int(key)] if key.isdigit() else at[key]
        at[last] = value
    with pytest.raises(TariffRefused) as refused:
        read_strategy(made)
    assert refused.value.place == place and reason in str(refused.value)


def test_a_stop_of_days_only_holds_what_it_names() -> None:
    stop = Stop("weekend", frozenset({"suspension"}), "s")
    version = replace(VERSION, stops=(stop,))
    found = decide(version, Standing(900, 900, date(2026, 1, 1), stops=(stop,)), date(2026, 1, 10))
    assert found.step == "reminder" and stands(stop, Circumstances(), date(2026, 1, 10))


NORTH = Span(date(2026, 7, 30), date(2026, 7, 31), "north")
FREEZING = Stop("temperature", frozenset(HOLDS), "s", at_most_millicelsius=0)
HEAT = Stop("advisory", frozenset(HOLDS), "s", days_after=2, announced=(NORTH,))
WINTER = Stop("season", frozenset(HOLDS), "s", flags=("vulnerable",), from_day=(10, 1), to_day=(3, 31))
EXEMPT = Stop("dates", frozenset(HOLDS), "s", announced=(Span(date(2026, 12, 24), date(2026, 12, 26)),))


@pytest.mark.parametrize(
    ("stop", "given_", "day", "stands_"),
    [
        (FREEZING, Circumstances(frozenset(), "", 0, 0), "2026-01-15", True),
        (FREEZING, Circumstances(frozenset(), "", 1, -9000), "2026-01-15", False),
        (FREEZING, Circumstances(frozenset(), "", None, None), "2026-01-15", None),
        (HEAT, Circumstances(area="north"), "2026-07-31", True),
        (HEAT, Circumstances(area="north"), "2026-08-01", True),
        (HEAT, Circumstances(area="north"), "2026-08-02", True),
        (HEAT, Circumstances(area="north"), "2026-08-03", None),
        (HEAT, Circumstances(area="south"), "2026-07-31", None),
        (WINTER, Circumstances(frozenset({"vulnerable"})), "2027-03-31", True),
        (WINTER, Circumstances(frozenset({"vulnerable"})), "2027-04-01", False),
        (WINTER, Circumstances(frozenset({"medical"})), "2027-01-01", False),
        (EXEMPT, Circumstances(), "2026-12-26", True),
        (EXEMPT, Circumstances(), "2026-12-27", False),
        (Stop("medical", frozenset(HOLDS), "s"), Circumstances(frozenset({"medical"})), "2026-06-01", True),
        (Stop("vulnerable", frozenset(HOLDS), "s"), Circumstances(), "2026-06-01", False),
        (Stop("weekend", frozenset(HOLDS), "s"), Circumstances(), "2026-11-21", True),
        (Stop("weekend", frozenset(HOLDS), "s"), Circumstances(), "2026-11-23", False),
    ],
)
def test_each_stop_holds_the_notice_and_the_order_while_it_stands(
    stop: Stop, given_: Circumstances, day: str, stands_: bool | None
) -> None:
    """What stands forbids both; what nobody can know holds no notice, and a person confirms the order."""
    today = date.fromisoformat(day)
    assert stands(stop, given_, today) is stands_
    version = replace(VERSION, stops=(stop,))
    before = today - timedelta(days=60)
    warned = (Posted("overdue", before, before, before),)
    standing = Standing(900, 900, before, warned, stops=(stop,) if stands_ else ())
    found = decide(version, standing, today)
    assert (found.step, found.reason) == ((None, stop.stop) if stands_ else ("limitation_notice", "due"))
    arrived = today - timedelta(days=40)
    noticed = replace(standing, posted=(Posted("limitation_notice", arrived, arrived, arrived),))
    rules = {one.name: one.holds for one in checklist(version, "limitation", noticed, given_, None, today)}
    assert rules[f"stop_{stop.stop}"] is (None if stands_ is None else not stands_)
    assert rules["debt"] and rules["notice"] and rules["waited"]


def test_russia_households_threshold_twenty_days_limit_first() -> None:
    """Decree 354, points 118 and 119: a debt above two months by the norm, twenty days since the warning was
    delivered, limited before suspended."""
    russian = of("ru_household")
    assert russian.segments == ("household",)
    pick = {"country": "RU", "subdivision": "", "currency": "RUB", "day": date(2026, 1, 1)}
    chosen = [strategy_for(shipped(), segment=one, **pick) for one in ("household", "small_business")]  # type: ignore[arg-type]
    assert chosen[0] == russian and chosen[1] != russian
    version = replace(russian.versions[0], norm_monthly_minor=50_000)
    assert version.norm_months == 2 and version.norm_minor == 100_000
    warned = date(2026, 3, 1)
    calm = Circumstances()

    def refused(order: str, debt: int, on: date, limited_on: date | None, delivered: bool = True) -> set[str]:
        posted = (Posted("limitation_notice", warned, warned, warned if delivered else None),)
        standing = Standing(debt, debt, date(2026, 1, 1), posted)
        found = checklist(version, order, standing, calm, limited_on, on)
        return {one.name for one in found if one.holds is False}

    twentieth, after = warned + timedelta(days=20), warned + timedelta(days=21)
    assert refused("limitation", 100_000, after, None) == {"norm"}, "two months exactly are not above them"
    assert refused("limitation", 100_001, after, None) == set()
    assert refused("limitation", 100_001, twentieth, None) == {"waited"}
    assert refused("limitation", 100_001, after, None, delivered=False) == {"notice", "waited"}
    assert "limited" in refused("suspension", 100_001, after + timedelta(days=60), None)
    assert "limited" in refused("suspension", 100_001, after + timedelta(days=9), after)
    assert "limited" not in refused("suspension", 100_001, after + timedelta(days=10), after)
    assert {step.step for step in version.steps}.isdisjoint({"limitation", "suspension"}), "a person orders"


@pytest.mark.parametrize("one", shipped(), ids=lambda one: one.code)
def test_no_strategy_lets_the_clock_limit_or_suspend(one: Strategy) -> None:
    for version in one.versions:
        assert {step.step for step in version.steps} <= set(STEPS)
        assert not set(STEPS) & {order.order for order in version.orders}
        for order in version.orders:
            assert {"vulnerable", "medical"} <= {
                stop.stop for stop in version.stops if order.order in stop.holds
            }, "nobody with a flag is cut off"
