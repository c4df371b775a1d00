"""Savings on every tariff are there without being asked for, follow what is supplied, and say how old they
are: the jobs of the clock under a simulated one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from billing_world import NOW, Supplied, World, flat, flat_version, two_rate
from sqlalchemy import Engine, text

from billing.actions.issuing import issue_cycle
from billing.actions.tariffs import import_tariff
from billing.cycles import Month
from billing.what_if.jobs import compare_tariffs
from tests.conftest import _clone
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.embedded_server import EmbeddedServer
from utility_crm.segments.actions import save_segment
from utility_crm.segments.domain.tree import Leaf
from utility_crm.segments.jobs import count_segments, keep_facts_fresh
from utility_crm.segments.members import segment_of
from utility_crm.segments.queries import Age, ages_of, all_ages

FIRST, DAYS = date(2025, 9, 20), 425
SAVES = Leaf("saving_on", "above", (0,), "night")
LOW, HIGH = flat_version("2024-01-01", "0.10"), flat_version("2024-01-01", "0.40")


@pytest.fixture
def house(server: EmbeddedServer | None) -> Iterator[tuple[Engine, Supplied]]:
    """One household on the flat tariff, a year billed; another tariff that is dearer for it."""
    load_tables()
    cloned = _clone(server, "fresh_facts")
    engine = make_engine(next(cloned))
    with unit_of_work(engine) as session:
        world = World(session)
        world.tariff(flat())
        world.tariff(two_rate(day="0.90", night="0.80"))
        one = world.supplied()
        world.even(one.channel_id, FIRST, DAYS)
        for month in map(Month(2026, 10).plus, range(-11, 1)):
            issued_on = min(date(month.year, month.month, 1) + timedelta(days=34), NOW.date())
            issue_cycle(session, month, 1, [one.account_id], issued_on=issued_on, known_at=NOW, now=NOW)
    yield engine, one
    engine.dispose()
    next(cloned, None)


def clock(engine: Engine, now: datetime) -> None:
    """What the clock calls of these, each a unit of work."""
    for job in (compare_tariffs, keep_facts_fresh, count_segments):
        with unit_of_work(engine) as session:
            job(session, now)


def ages(engine: Engine) -> dict[str, datetime | None]:
    """When the saving on each tariff was worked out."""
    with unit_of_work(engine) as session:
        return {age.parameter: age.computed_at for age in all_ages(session) if age.fact == "saving_on"}


def test_savings_follow_the_clock(house: tuple[Engine, Supplied]) -> None:
    engine, one = house
    with unit_of_work(engine) as session:
        assert [age.computed_at for age in ages_of(session, SAVES)] == [None]
        made = save_segment(session, "Would save", SAVES, NOW, by=None)
    clock(engine, NOW)
    assert ages(engine) == {"flat": NOW, "night": NOW}
    soon = NOW + timedelta(hours=1)
    with unit_of_work(engine) as session:
        import_tariff(session, {**flat("low"), "versions": [LOW]})
    clock(engine, soon)
    assert ages(engine) == {"flat": NOW, "night": NOW, "low": soon}  # the new tariff, at once; others today
    with unit_of_work(engine) as session:
        assert segment_of(session, made).size == 0
        session.execute(text("update tariffs set document = jsonb_set(document, '{versions}', "
                             "(select document -> 'versions' from tariffs where code = 'low')) "
                             "where code = 'night'"))  # fmt: skip
    tomorrow = NOW + timedelta(days=1)
    clock(engine, tomorrow)
    found = ages(engine)
    assert (found["flat"], found["night"]) == (tomorrow, tomorrow)
    with unit_of_work(engine) as session:
        kept = segment_of(session, made)
        assert (kept.size, kept.counted_at) == (1, tomorrow)
        value = text("select value from fact_values where fact = 'saving_on' and parameter = 'night' "
                     "and customer_id = :customer")  # fmt: skip
        assert session.scalar(value, {"customer": one.customer_id}) > 0


def test_a_fact_the_clock_missed_is_late(house: tuple[Engine, Supplied]) -> None:
    engine, _one = house
    clock(engine, NOW)
    with unit_of_work(engine) as session:
        [age] = ages_of(session, SAVES)
    assert [age.late(NOW + timedelta(hours=hours)) for hours in (0, 24, 36, 37)] == [
        False,
        False,
        False,
        True,
    ]
    assert not Age("saving_on", "new", None, 0).late(NOW)  # not there yet is said in other words
