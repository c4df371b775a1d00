"""Register reads and told consumption in the database: kept once, with history, named when left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.quality import Quality
from meters.domain.units import parse_unit
from meters.registers.storing import StoredAccumulated, store_accumulated

AT = datetime(2026, 6, 1, tzinfo=UTC)
MONTH = timedelta(days=30)
KWH = 1_000_000


def read(figure: int, at: datetime = AT, **more: object) -> RegisterRead:
    plain = RegisterRead("SP1", "M1", "T1", parse_unit("kWh"), "import", at, figure * KWH)
    return replace(plain, **more)  # type: ignore[arg-type]


def told(kwh: int, at: datetime = AT, **more: object) -> Consumption:
    plain = Consumption("SP1", "T1", parse_unit("kWh"), "import", at, at + MONTH, kwh * KWH, Quality.ACTUAL)
    return replace(plain, **more)  # type: ignore[arg-type]


@pytest.fixture
def store(session):
    def stored(feed_id: int, *items: RegisterRead | Consumption) -> StoredAccumulated:
        return store_accumulated(session, feed_id, AT + timedelta(days=feed_id), items)

    return stored


def counted(stored: StoredAccumulated) -> tuple[int, int, int, int]:
    return stored.added, stored.changed, stored.unchanged, len(stored.problems)


def test_reads_and_consumption_are_kept_once(session, store, counts) -> None:
    items = read(100), read(130, AT + MONTH), told(30)
    assert counted(store(1, *items)) == (3, 0, 0, 0)
    assert counted(store(2, *items)) == (0, 0, 3, 0)
    kept = session.execute(
        text("select figure, kind, meter, feed_id from register_reads order by read_at")
    ).all()
    assert kept == [(100 * KWH, "actual", "M1", 1), (130 * KWH, "actual", "M1", 1)]
    assert session.execute(text("select code, fuel, premise_id from service_points")).all() == [
        ("SP1", "electricity", None)
    ]
    assert counts("register_read_history") == counts("consumption_history") == 0


def test_what_is_replaced_goes_to_the_history_with_its_feed(session, store) -> None:
    store(1, read(100), told(30))
    assert counted(store(2, read(101), told(-5))) == (0, 2, 0, 0)
    old = session.execute(
        text("select figure, feed_id, replaced_by, replaced_at from register_read_history")
    ).all()
    assert old == [(100 * KWH, 1, 2, AT + timedelta(days=2))]
    assert session.execute(text("select micro, feed_id, replaced_by from consumption_history")).all() == [
        (30 * KWH, 1, 2)
    ]
    assert session.scalar(text("select micro from consumptions")) == -5 * KWH


def test_kinds_and_meters_stand_beside_each_other(store) -> None:
    items = [
        read(100),
        read(99, kind="customer"),
        read(5, meter="M2"),
        read(7, meter=None),
        read(8, register="T2"),
    ]
    assert counted(store(1, *items)) == (5, 0, 0, 0)


def test_digits_and_multiplier_not_said_take_nothing_back(session, store) -> None:
    store(1, read(100, digits=5, multiplier_micro=40 * KWH))
    assert counted(store(2, read(100))) == (0, 0, 1, 0)
    assert counted(store(3, read(101))) == (0, 1, 0, 0)
    kept = session.execute(text("select figure, digits, multiplier_micro from register_reads")).one()
    assert kept == (101 * KWH, 5, 40 * KWH)


def test_method_and_reason_belong_to_what_is_said(session, store) -> None:
    store(1, read(100), told(30))
    assert counted(store(2, read(100, method="E51", reason="no access"), told(30, method="E51"))) == (
        0,
        2,
        0,
        0,
    )
    assert counted(store(3, read(100), told(30))) == (0, 0, 2, 0)
    assert session.execute(text("select method, reason from register_reads")).one() == ("E51", "no access")
    assert session.scalar(text("select method from consumptions")) == "E51"


def test_another_spelling_of_the_unit_is_no_change_but_another_size_is(session, store) -> None:
    store(1, read(100))
    assert counted(store(2, read(100, unit=parse_unit("KWH")))) == (0, 0, 1, 0)
    assert counted(store(3, read(100, unit=parse_unit("Wh")))) == (0, 1, 0, 0)
    assert session.scalar(text("select exponent from register_reads")) == -3


def test_the_same_instant_on_another_clock_is_the_same_read(store) -> None:
    moscow = datetime.fromisoformat("2026-06-01T03:00:00+03:00")
    assert counted(store(1, read(100), read(100, moscow))) == (1, 0, 0, 0)


def test_reads_inside_a_consumption_are_kept_too(counts, store) -> None:
    whole = told(30, start_read=read(100), end_read=read(130, AT + MONTH))
    assert counted(store(1, read(100), whole)) == (3, 0, 0, 0)
    assert counts("register_reads") == 2


def test_two_figures_for_one_instant_are_named_and_the_later_stands(session, store) -> None:
    stored = store(1, read(100, line=2), read(101, line=9), told(1, line=3), told(2, line=4))
    assert [(one.code, one.line) for one in stored.problems] == [
        ("conflicting_reads", 9),
        ("conflicting_reads", 4),
    ]
    assert "line 2" in stored.problems[0].message
    assert session.scalar(text("select figure from register_reads")) == 101 * KWH


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (read(1, unit=parse_unit(None)), "no_unit"),
        (read(1, unit=parse_unit("kVA")), "unit_not_stored"),
        (read(1, direction="in"), "bad_direction"),
        (read(1, AT.replace(tzinfo=None)), "timezone_needed"),
        (read(1, AT.replace(year=1902)), "bad_year"),
        (read(1, digits=0), "bad_digits"),
        (read(1, multiplier_micro=0), "bad_multiplier"),
        (read(10**13), "value_too_large"),
        (told(1, ends_before=AT), "empty_span"),
        (told(-(10**13)), "value_too_large"),
        (told(1, quality=9), "unknown_quality"),
        (told(1, ends_before=AT.replace(year=2300)), "bad_year"),
    ],
)
def test_what_cannot_be_kept_is_left_out_and_named(store, counts, item, code) -> None:
    stored = store(1, item, read(5, register="T2"))
    assert [one.code for one in stored.problems] == [code] and stored.added == 1
    assert counts("register_reads") == 1 and counts("consumptions") == 0


def test_a_register_keeps_its_unit_and_direction(store) -> None:
    store(1, read(1))
    stored = store(2, read(2, AT + MONTH, direction="export", line=7), told(5))
    assert counted(stored) == (1, 0, 0, 1)
    assert stored.problems[0].code == "channel_changed" and stored.problems[0].line == 7


def test_gas_makes_a_service_point_of_gas(session, store) -> None:
    store(1, read(1, unit=parse_unit("m3")))
    assert session.scalar(text("select fuel from service_points")) == "gas"
