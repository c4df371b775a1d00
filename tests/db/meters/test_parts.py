"""A feed stored a part at a time leaves what it would have left at once; lines, members and remarks."""

from __future__ import annotations

import random
import zipfile
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from meter_files import JUNE, csv_file, nem12_file
from sqlalchemy import text
from stored_state import stored_state

from meters.actions import ingest
from meters.feeds import reading, settling
from meters.feeds.spool import Spool
from meters.store import storing

DAY = timedelta(days=1)
POINTS = [f"600000000{number}" for number in range(8)]


def files(folder: Path, seed: int) -> list[Path]:
    """Overlapping days of some meters: whole, in part, and at another interval; some said twice."""
    chance, made = random.Random(seed), []
    for number in range(5):
        days = []
        for _ in range(25):
            point, day = chance.choice(POINTS), JUNE + DAY * chance.randrange(6)
            values = [chance.randrange(3) for _ in range(chance.choice([24, 24, 48]))]
            days.append((point, day, values))
        if number % 2:
            made.append(nem12_file(folder, f"{seed}-{number}.csv", *days))
            continue
        parts, seen = [], set()
        for point, day, values in days:
            if (point, day) not in seen:
                first = chance.randrange(len(values))
                parts.append((point, day, [None] * first + values[first:]))
                seen.add((point, day))
        made.append(csv_file(folder, f"{seed}-{number}.csv", *parts))
    return made


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch):
    """`little()`: from then on next to nothing stays in memory."""

    def from_now_on() -> None:
        monkeypatch.setattr(reading, "Spool", partial(Spool, 2_000))
        monkeypatch.setattr(settling, "PART_BYTES", 2_000)

    return from_now_on


@pytest.mark.parametrize("by_digest", [True, False])
def test_any_budget_leaves_the_same(session, tmp_path, little, monkeypatch, by_digest: bool) -> None:
    monkeypatch.setattr(storing, "digests_agree", lambda _session: by_digest)
    monkeypatch.setattr(reading, "Spool", partial(Spool, 2**25))
    paths = [path for seed in (1, 2) for path in files(tmp_path, seed)]
    states = []
    for small in (False, True):
        if small:
            little()
        with session.begin_nested() as savepoint:
            for path in paths:
                ingest(session, path)
            states.append(stored_state(session))
            savepoint.rollback()
    assert states[0] == states[1]
    assert states[0]["blocks"][0] > 40 and states[0]["block_history"][0] > 40


def test_lines_and_members(session, take, tmp_path) -> None:
    first = nem12_file(tmp_path, "a.csv", (POINTS[0], JUNE, [1] * 24), (POINTS[0], JUNE + DAY, [1] * 24))
    second = csv_file(tmp_path, "b.csv", (POINTS[1], JUNE, [1] * 24))
    packed = tmp_path / "x.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("folder/notes.txt", "hello\n")
        archive.write(second, "folder/b.csv")
        archive.write(first, "a.csv")
    taken = take(packed)
    placed = text(
        "select s.code, b.day, b.line, f.members[b.member] from blocks b join feeds f on f.id = b.feed_id "
        "join channels c on c.id = b.channel_id join service_points s on s.id = c.service_point_id "
        "order by 1, 2"
    )
    assert session.execute(placed).all() == [
        (POINTS[0], JUNE, 3, "a.csv"),
        (POINTS[0], JUNE + DAY, 4, "a.csv"),
        (POINTS[1], JUNE, 2, "folder/b.csv"),
    ]
    assert taken.problems[0]["member"] == "folder/notes.txt"
    take(nem12_file(tmp_path, "c.csv", (POINTS[0], JUNE, [2] * 24)))
    told = (
        "select line, member from {} b join channels c on c.id = b.channel_id "
        "where day = :day and c.name = 'E1'"
    )
    assert session.execute(text(told.format("blocks")), {"day": JUNE}).all() == [(3, None)]
    assert session.execute(text(told.format("block_history")), {"day": JUNE}).all() == [(3, 2)]


def with_remarks(folder: Path, name: str, value: int) -> Path:
    path = nem12_file(folder, name, (POINTS[0], JUNE, [value] * 48))
    lines = path.read_text().splitlines()
    lines[2] = lines[2].replace(",A,,,", ",V,,,")
    lines[3:3] = ["400,1,20,A,,", "400,21,48,S14,76,Burnt down"]
    path.write_text("\n".join(lines) + "\n")
    return path


REMARKS = text(
    'select day, first, "end", method, reason_code, reason, feed_id from block_remarks order by day, first'
)


def test_remarks_are_kept_with_days_that_are_written(session, take, tmp_path) -> None:
    taken = take(with_remarks(tmp_path, "a.csv", 1))
    assert taken.status == "ok"
    kept = [(JUNE, 20, 48, "14", "76", "Burnt down", taken.feed_id)]
    assert session.execute(REMARKS).all() == kept
    again = with_remarks(tmp_path, "b.csv", 1)
    again.write_text(again.read_text().replace("20240602000000", "20240603000000"))
    assert take(again).status == "unchanged" and session.execute(REMARKS).all() == kept
    changed = take(with_remarks(tmp_path, "c.csv", 2))
    assert [row.feed_id for row in session.execute(REMARKS)] == [taken.feed_id, changed.feed_id]


def test_remarks_move_with_days_that_are_cut_anew(session, take, tmp_path) -> None:
    take(nem12_file(tmp_path, "a.csv", (POINTS[0], JUNE - DAY * 9, [1] * 48)))
    session.execute(text("update channels set offset_minutes = 60"))
    take(with_remarks(tmp_path, "b.csv", 1))  # nine hours earlier: 18 intervals
    assert [(row.day, row.first, row.end) for row in session.execute(REMARKS)] == [(JUNE, 2, 30)]
    session.execute(text("delete from block_remarks"))
    session.execute(text("update channels set offset_minutes = -60"))
    changed = with_remarks(tmp_path, "c.csv", 2)  # eleven hours: 22 intervals
    take(changed)
    assert [(row.day, row.first, row.end) for row in session.execute(REMARKS)] == [
        (JUNE - DAY, 46, 48), (JUNE, 0, 26),
    ]  # fmt: skip


def test_a_thousand_problems_are_told_and_the_rest_counted(session, take, tmp_path) -> None:
    stamps = [f"2024-06-{1 + hour // 24:02}T{hour % 24:02}:00Z" for hour in range(624)]
    rows = "".join(f"SP1,{stamp},{'x' if hour < 600 else 1}\n" for hour, stamp in enumerate(stamps))
    path = tmp_path / "a.csv"
    path.write_text("service_point,starts_at,kwh\n" + rows + rows.replace("SP1", "SP2"))
    taken = take(path)
    assert len(taken.problems) == 1_001 and taken.problems[-1]["message"].startswith("200 more problems")
