"""Days of a wrong century, and files of more months than one transaction has room for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from meter_files import JUNE, csv_file
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.actions import TakenFeed
from meters.store.far_future import DAYS_AHEAD
from meters.store.writing import MOST_NEW_MONTHS

Take = Callable[..., TakenFeed]


def partitions(session: Session) -> int:
    count = session.scalar(text("select count(*) from pg_inherits where inhparent = 'blocks'::regclass"))
    assert isinstance(count, int)
    return count


def is_partitioned(session: Session) -> bool:
    return session.scalar(text("select relkind from pg_class where oid = 'blocks'::regclass")) == "p"


def first_days(first: date, last: date) -> list[date]:
    return [date(year, month, 3) for year in range(first.year, last.year + 1) for month in range(1, 13)]


def test_a_file_of_too_many_new_months_is_refused_whole(session: Session, take: Take, tmp_path: Path) -> None:
    before = partitions(session)
    months = first_days(date(1971, 1, 1), date(1991, 12, 1))
    assert len(months) == MOST_NEW_MONTHS + 12
    taken = take(csv_file(tmp_path, "a.csv", *(("SP1", day, [1] * 24) for day in months)))
    if not is_partitioned(session):
        assert taken.status == "ok"
        return
    assert (taken.status, taken.readings, [one["code"] for one in taken.problems]) == (
        "rejected",
        0,
        ["too_many_months"],
    )
    assert "252 months" in taken.problems[0]["message"] and partitions(session) == before
    assert session.scalar(text("select count(*) from service_points where code = 'SP1'")) == 0
    part = take(csv_file(tmp_path, "b.csv", *(("SP1", day, [1] * 24) for day in months[:-12])))
    assert part.status == "ok" and partitions(session) == before + MOST_NEW_MONTHS
    rest = take(csv_file(tmp_path, "a.csv", *(("SP1", day, [1] * 24) for day in months)))
    assert (rest.status, rest.blocks_added, rest.blocks_unchanged) == ("ok", 12, 240), "it came to fit"


def test_days_far_ahead_are_left_out_and_named(session: Session, take: Take, tmp_path: Path) -> None:
    now = session.scalar(text("select now()"))
    last = now.date() + timedelta(days=DAYS_AHEAD)
    before = partitions(session)
    far = [last + timedelta(days=days) for days in (30, 900)]
    days = [("SP1", day, [1] * 24) for day in (JUNE, last, *far)] + [("SP2", far[0], [1] * 24)]
    days += [("SP3", day, [1] * 24) for day in first_days(date(2100, 1, 1), date(2199, 1, 1))]
    taken = take(csv_file(tmp_path, "a.csv", *days))
    assert (taken.status, taken.readings, taken.blocks_added) == ("partial", 48, 2)
    assert [one["code"] for one in taken.problems] == ["far_future"] * 3
    assert f"its 2 days from {far[0]} are left out" in taken.problems[0]["message"]
    assert taken.problems[0]["line"] == 2 + 48 and "of SP3" in taken.problems[2]["message"]
    assert partitions(session) <= before + 4
