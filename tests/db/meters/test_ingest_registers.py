"""Files of register reads taken in as feeds: known again, corrected, and told with what was left out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from meters.registers.consumption import register_consumption
from meters.tables import Feed, ServicePoint

HEAD = "service_point,meter,register,read_at,value,unit,kind\n"
KWH = 1_000_000


@pytest.fixture
def reads(tmp_path):
    """`reads("a.csv", ("2026-01-01", 100), ...)`: a file of T1 and T2 of one meter."""

    def written(name: str, *rows: tuple[str, float], kind: str = "actual", more: str = "") -> Path:
        lines = [
            f"SP1,M1,{register},{day}T00:00Z,{value},kWh,{kind}\n"
            for day, value in rows
            for register in ("T1", "T2")
        ]
        path = tmp_path / name
        path.write_text(HEAD + "".join(lines) + more)
        return path

    return written


def counted(taken) -> tuple[str, int]:
    return taken.status, len(taken.problems)


def test_reads_are_taken_once(session, take, reads, counts) -> None:
    first = take(reads("a.csv", ("2026-01-01", 100), ("2026-02-01", 130)))
    assert counted(first) == ("ok", 0)
    feed = session.get_one(Feed, first.feed_id)
    assert (feed.format, feed.source) == ("registers", "file")
    other = reads("b.csv", ("2026-01-01", 100.0), ("2026-02-01", "130.00"))
    assert counted(take(other)) == ("unchanged", 0)
    assert take(reads("a.csv", ("2026-01-01", 100), ("2026-02-01", 130))).before is not None
    assert counts("register_reads") == 4 and counts("register_read_history") == 0


def test_a_correction_is_known_from_when_it_came(session, take, reads) -> None:
    first = take(reads("a.csv", ("2026-01-01", 100), ("2026-02-01", 130)))
    then = session.get_one(Feed, first.feed_id).received_at
    assert counted(take(reads("b.csv", ("2026-02-01", 131)))) == ("ok", 0)
    point = session.scalars(select(ServicePoint.id)).one()
    span = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    now = register_consumption(session, [point], *span)[point]
    before = register_consumption(session, [point], *span, known_at=then)[point]
    assert [usage.micro // KWH for usage in now] == [31, 31]
    assert [usage.micro // KWH for usage in before] == [30, 30]


def test_what_is_left_out_is_told(session, take, reads) -> None:
    taken = take(reads("a.csv", ("2026-01-01", 100), more="SP1,M1,T1,2026-02-01T00:00Z,yes,kWh,actual\n"))
    assert counted(taken) == ("partial", 1)
    assert (taken.problems[0]["code"], taken.problems[0]["line"]) == ("not_a_number", 4)
    lines = session.execute(text("select line from register_reads order by line")).scalars().all()
    assert lines == [2, 3]


def test_a_file_of_which_nothing_can_be_kept_is_refused(take, tmp_path, counts) -> None:
    path = tmp_path / "a.csv"
    path.write_text("service_point,register,read_at,value,unit\nSP1,T1,2026-01-01T00:00Z,5,kVA\n")
    taken = take(path)
    assert counted(taken) == ("rejected", 1) and taken.problems[0]["code"] == "unit_not_stored"
    assert counts("registers") == 0
