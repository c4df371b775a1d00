"""Readings judged as they come in: what is found once, what is found no more, and what is left alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from meter_files import JUNE, csv_file
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.actions import TakenFeed, ingest
from meters.findings.judging import FeedJudge
from meters.findings.rules import set_rule
from utility_crm.kit.settings import settings

Found = list[tuple[str, str, date, date, str]]
ORDINARY = [0.2 + place / 100 for place in range(48)]


@pytest.fixture
def judged(session: Session, tmp_path: Path) -> Callable[..., TakenFeed]:
    """`judged(days...)`: a file of those days taken in and judged."""
    names = iter(range(1000))

    def taken(*days: tuple[str, date, Sequence[object]], **more: str) -> TakenFeed:
        path = csv_file(tmp_path, f"{next(names)}.csv", *days, **more)
        return ingest(session, path, judge=FeedJudge())

    return taken


@pytest.fixture
def found(session: Session) -> Callable[..., Found]:
    def rows(state: str = "open") -> Found:
        statement = (
            "select s.code, f.rule, f.first_day, f.last_day, f.severity from findings f "
            "join channels c on c.id = f.channel_id join service_points s on s.id = c.service_point_id "
            "where f.state = :state order by s.code, f.first_day, f.rule"
        )
        return [tuple(row) for row in session.execute(text(statement), {"state": state})]

    return rows


def profile(session: Session, code: str = "SP1", **more: Any) -> None:
    """A history of 60 days, as the clock would have made it."""
    values = {"days": 60, "most": 2_100_000, "median_day": 21_000_000, "run": 2, "code": code} | more
    session.execute(
        text(
            "insert into channel_profiles select c.id, '2024-05-31', :days, "
            "array_fill(437500::bigint, array[48]), :most, :median_day, :run, 0 "
            "from channels c join service_points s on s.id = c.service_point_id where s.code = :code"
        ),
        values,
    )


def with_value(value: float, at: int) -> list[object]:
    return [*ORDINARY[:at], value, *ORDINARY[at + 1 :]]


def test_clean_days_give_no_finding(judged, found) -> None:
    judged(*(("SP1", JUNE + timedelta(days=day), ORDINARY) for day in range(5)))
    assert found() == []


def test_more_than_the_meter_can_count(session: Session, judged, found, premise) -> None:
    judged(("SP1", JUNE, with_value(2600, 7)), ("SP2", JUNE, with_value(2400, 7)))
    assert found() == [("SP1", "above_capacity", JUNE, JUNE, "bad")], "5 MW are 2,500 kWh a half-hour"
    detail = session.scalar(text("select detail from findings"))
    assert detail == {
        "days": {"2024-06-01": {"of": 48, "at": [[7, 8]], "found": 2_600_000_000, "usual": 2_500_000_000}}
    }


def test_a_channels_own_limit_goes_first(session: Session, judged, found) -> None:
    judged(("SP1", JUNE, ORDINARY))
    session.execute(text("insert into channel_limits select id, 1000000 from channels"))
    judged(("SP1", JUNE + timedelta(days=1), with_value(0.51, 0)))
    assert [row[1] for row in found()] == ["above_capacity"], "1 kW is half a kWh in a half-hour"


def test_a_spike_needs_a_history(session: Session, judged, found) -> None:
    judged(("SP1", JUNE, with_value(12.4, 6)))
    assert found() == []
    profile(session)
    judged(("SP1", JUNE + timedelta(days=1), with_value(12.4, 6)))
    assert found() == [("SP1", "spike", JUNE + timedelta(days=1), JUNE + timedelta(days=1), "bad")]


def test_another_unit_is_said_once(session: Session, judged, found) -> None:
    judged(("SP1", JUNE, ORDINARY))
    profile(session)
    judged(("SP1", JUNE + timedelta(days=1), [value * 1000 for value in ORDINARY]))
    assert [row[1] for row in found()] == ["unit_mismatch"], "and not a spike as well"


def test_days_in_a_row_are_one_finding_and_the_same_again_none(judged, found, counts) -> None:
    holed = [*ORDINARY[:10], None, *ORDINARY[11:]]
    days = [("SP1", JUNE + timedelta(days=day), holed) for day in (0, 1, 4)]
    first = judged(*days)
    wanted = [
        ("SP1", "missing", JUNE, JUNE + timedelta(days=1), "warn"),
        ("SP1", "missing", JUNE + timedelta(days=4), JUNE + timedelta(days=4), "warn"),
    ]
    assert first.status == "ok" and found() == wanted
    judged(*days)
    judged(("SP1", JUNE + timedelta(days=7), ORDINARY), *days)
    assert found() == wanted and counts("findings") == 2
    judged(*(("SP1", JUNE + timedelta(days=day), holed) for day in (2, 3)))
    assert found() == [("SP1", "missing", JUNE, JUNE + timedelta(days=4), "warn")], "what lay between"
    assert len(found("superseded")) == 1


def test_a_correction_closes_what_is_true_no_more(session: Session, judged, found) -> None:
    judged(*(("SP1", JUNE + timedelta(days=day), with_value(9999, 3)) for day in range(3)))
    assert found() == [("SP1", "above_capacity", JUNE, JUNE + timedelta(days=2), "bad")]
    judged(("SP1", JUNE + timedelta(days=1), ORDINARY))
    days = [row[2:4] for row in found() if row[1] == "above_capacity"]
    assert days == [(JUNE, JUNE), (JUNE + timedelta(days=2), JUNE + timedelta(days=2))]
    judged(*(("SP1", JUNE + timedelta(days=day), ORDINARY) for day in (0, 2)))
    assert [row for row in found() if row[1] == "above_capacity"] == []
    closed = session.execute(
        text("select decided_by, decided_at, feed_id from findings where rule = 'above_capacity'")
    ).all()
    assert len(closed) == 2 and all(by is None and at is not None for by, at, _feed in closed)


def test_two_files_that_disagree_about_what_was_measured(session: Session, judged, found) -> None:
    judged(("SP1", JUNE, ORDINARY))
    judged(("SP1", JUNE, with_value(0.21, 0)))
    assert found() == [], "a hundredth of a kWh is no disagreement"
    judged(("SP1", JUNE, with_value(2.5, 5)))
    assert found() == [("SP1", "overlap", JUNE, JUNE, "warn")]
    detail = session.scalar(text("select detail from findings"))["days"]["2024-06-01"]
    assert (detail["at"], detail["found"], detail["usual"]) == ([[0, 1], [5, 6]], 2_700_000, 460_000)


def test_an_estimate_that_is_put_right_is_no_disagreement(judged, found) -> None:
    judged(("SP1", JUNE, ORDINARY), quality="estimated")
    judged(("SP1", JUNE, [value * 2 for value in ORDINARY]))
    assert found() == []


def test_readings_from_the_future(monkeypatch: pytest.MonkeyPatch, judged, found) -> None:
    monkeypatch.setenv("UTILITY_CRM_AS_OF", "2024-06-02")
    settings.cache_clear()
    try:
        judged(("SP1", JUNE, ORDINARY), ("SP1", JUNE + timedelta(days=5), ORDINARY))
        judged(("SP2", JUNE + timedelta(days=5), ORDINARY), quality="estimated")
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    day = JUNE + timedelta(days=5)
    assert found() == [("SP1", "future", day, day, "bad")]


def test_a_stuck_meter(session: Session, judged, found) -> None:
    judged(("SP1", JUNE, [0.31] * 32 + ORDINARY[32:]))
    assert found() == [], "without a history it takes a whole day"
    profile(session)
    judged(("SP1", JUNE + timedelta(days=1), [0.31] * 32 + ORDINARY[32:]))
    assert [row[1] for row in found()] == ["stuck"]


def test_a_rule_can_be_switched_off_and_bent(session: Session, judged, found) -> None:
    set_rule(session, "default", "above_capacity", enabled=False)
    judged(("SP1", JUNE, with_value(9999, 3)))
    assert found() == []
    set_rule(session, "default", "above_capacity", enabled=True, parameters={"kw": 1})
    judged(("SP1", JUNE + timedelta(days=1), ORDINARY))
    assert [row[1] for row in found()] == ["above_capacity"]


def test_what_was_accepted_is_left_alone_while_it_stays(session: Session, judged, found) -> None:
    judged(("SP1", JUNE, with_value(9999, 3)))
    session.execute(
        text("update findings set state = 'accepted', decided_at = now(), reason = 'A test of the line.'")
    )
    other = ("SP1", JUNE + timedelta(days=1), ORDINARY)
    judged(other, ("SP1", JUNE, [*with_value(9999, 3)[:40], 0.61, *ORDINARY[41:]]))
    assert found() == [], "another interval changed, not this one"
    judged(("SP1", JUNE, with_value(9998, 3)))
    assert [row[1] for row in found()] == ["above_capacity"], "another figure is another matter"


def test_many_tables_of_one_feed(judged, found) -> None:
    """More days than a table holds, of two lengths."""
    many = [("SP1", JUNE + timedelta(days=day), with_value(9999 if day == 9 else 1, 3)) for day in range(40)]
    hourly = [("SP2", JUNE + timedelta(days=day), [9999] + [1.5] * 23) for day in range(3)]
    judged(*many, *hourly)
    assert [(row[0], row[1], row[2]) for row in found()] == [
        ("SP1", "above_capacity", JUNE + timedelta(days=9)),
        ("SP2", "above_capacity", JUNE),
    ]
