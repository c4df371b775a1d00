"""CSV of any size in bounded memory: what goes over the disk, or by slices of time, reads the same."""

from __future__ import annotations

import errno
import io
import random
import tempfile
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meters.domain.blocks import Block, BlockRun
from meters.domain.problems import Problem
from meters.feeds.csv import days as csv_days
from meters.feeds.csv import gather as csv_gather
from meters.feeds.csv.table import FORMAT
from meters.feeds.format import Item, ReadOptions
from meters.feeds.lines import Unreadable
from meters.feeds.row_spool import RowSpool

FIELDS = np.dtype([("key", "<i4"), ("value", "<i8")])
LONDON = ZoneInfo("Europe/London")
START = datetime(2023, 3, 20, tzinfo=UTC)


def records(keys: list[int], first: int = 0) -> np.ndarray:
    made = np.zeros(len(keys), dtype=FIELDS)
    made["key"], made["value"] = keys, range(first, first + len(keys))
    return made


@given(
    chunks=st.lists(st.lists(st.integers(0, 12), max_size=30), max_size=12),
    budget=st.sampled_from([1, 100, 400, 10_000]),
    most=st.integers(1, 40),
)
def test_a_spool_gives_every_row_back_by_key_in_the_order_they_came(
    chunks: list[list[int]], budget: int, most: int
) -> None:
    with RowSpool(FIELDS, budget) as spool:
        count = 0
        for keys in chunks:
            spool.add(records(keys, count))
            count += len(keys)
        ranges = list(spool.ranges(most))
        found = [tuple(row) for keys in ranges for row in spool.taken(keys).tolist()]
    flat = [key for keys in chunks for key in keys]
    assert found == sorted(((key, place) for place, key in enumerate(flat)), key=lambda row: row[0])
    assert all(each.rows <= most or each.end - each.first == 1 for each in ranges)
    assert sum(each.rows for each in ranges) == count


def test_a_spool_says_when_the_disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.RawIOBase):
        def write(self, _data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_how: Full())
    with pytest.raises(Unreadable) as refused:
        RowSpool(FIELDS, 1).add(records([1]))
    assert refused.value.problem.refuses and "No space left" in refused.value.problem.message


def items(text: str, zone: ZoneInfo | None) -> Iterator[Item]:
    try:
        yield from FORMAT.read(io.BytesIO(text.encode()), "stem", ReadOptions(zone=zone))
    except Unreadable as error:
        yield error.problem


def said(text: str, zone: ZoneInfo | None = LONDON) -> tuple[dict, list[tuple]]:
    """Every reading by channel and instant, and the problems, in the order in which they came."""
    readings, problems = {}, []
    for item in items(text, zone):
        if isinstance(item, Problem):
            problems.append((item.line, item.code, item.message, item.dropped))
            continue
        assert isinstance(item, Block | BlockRun)
        for block in item.blocks() if isinstance(item, BlockRun) else [item]:
            assert block.key not in readings, "a channel's day comes once"
            readings[block.key] = (
                block.interval_minutes,
                block.offset_minutes,
                block.unit,
                block.direction,
                block.values.tolist(),
                block.qualities().tolist(),
                block.line,
            )
    return readings, problems


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Little memory: everything goes over the disk, and in many parts."""
    monkeypatch.setattr(csv_gather, "SPOOL_BYTES", 4_000)
    monkeypatch.setattr("meters.feeds.csv.table.CHUNK_BYTES", 3_000)
    yield monkeypatch


def rows(seed: int, faulty: bool) -> str:
    """Five meters with two channels each through a change of the clock, mixed up, some with faults."""
    shuffled = random.Random(seed)
    lines = []
    for meter in range(5):
        for number in range(12 * 48):
            stamp = START + timedelta(minutes=30 * number)
            for channel in ("1.8.0", "2.8.0"):
                value = shuffled.randrange(9_999) / 1000
                quality = "E" if shuffled.random() < 0.02 else "A"
                at = stamp.isoformat() if meter % 2 else f"{stamp.astimezone(LONDON):%Y-%m-%d %H:%M}"
                lines.append(f"M{meter},{channel},{at},{value},{quality}\n")
    if seed % 3:
        shuffled.shuffle(lines)
    for place in shuffled.sample(range(len(lines)), 20) if faulty else ():
        cells = lines[place].split(",")
        which = shuffled.randrange(5)
        cells[2] = [cells[2], "2023-03-26 01:30", cells[2], "2023-03-32 00:00", cells[2]][which]
        cells[3] = [cells[3], cells[3], "oops", cells[3], "7.5"][which]
        lines.insert(place, ",".join(cells))
    lines.append("LONELY,1.8.0,2023-03-21T00:00Z,1,A\n")
    return "meter,register,starts_at,kwh,quality\n" + "".join(lines)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("most_rows", [700, 2_000])
def test_what_goes_over_the_disk_is_read_as_what_does_not(
    narrow: pytest.MonkeyPatch, seed: int, most_rows: int
) -> None:
    text = rows(seed, faulty=True)
    with pytest.MonkeyPatch.context() as wide:
        wide.setattr(csv_gather, "SPOOL_BYTES", 2**25)
        wide.setattr("meters.feeds.csv.table.CHUNK_BYTES", 2**20)
        at_once = said(text)
    narrow.setattr(csv_days, "MOST_ROWS", most_rows)
    assert said(text) == at_once
    assert len(at_once[0]) > 80 and len(at_once[1]) > 5


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), step=st.sampled_from([5, 15, 30]), days=st.integers(1, 40))
def test_one_channel_taken_by_time_is_the_channel(seed: int, step: int, days: int) -> None:
    """More rows than are cut at once: through the change of the clock, forwards, backwards or mixed up."""
    count = days * 1440 // step
    lines = [
        f"{(START + timedelta(minutes=step * number)).astimezone(LONDON):%Y-%m-%d %H:%M},{number}\n"
        for number in range(count)
    ]
    if seed % 2:
        lines.reverse()
    text = "starts_at,kwh\n" + "".join(lines)
    at_once = said(text)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(csv_days, "MOST_ROWS", 1440 // step * 2)
        patched.setattr(csv_gather, "SPOOL_BYTES", 2_000)
        assert said(text) == at_once
    assert not at_once[1] and len(at_once[0]) in (days, days + 1)


def test_a_day_said_again_and_again_is_refused(narrow: pytest.MonkeyPatch) -> None:
    narrow.setattr(csv_days, "MOST_ROWS", 500)
    text = "starts_at,kwh\n" + "2023-05-01T00:00Z,1\n2023-05-01T00:30Z,1\n" * 400
    readings, problems = said(text)
    assert readings == {} and [problem[1] for problem in problems] == ["too_many_rows"]


def test_many_faults_are_all_told_though_not_all_in_their_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_gather, "MOST_TOLD", 10)
    monkeypatch.setattr(csv_days, "MOST_PROBLEMS", 50)
    text = "meter,starts_at,kwh\n" + "".join(
        f"M{meter},2023-05-{day:02}T{hour:02}:00Z,{'no' if day == 2 else 1}\n"
        for meter in range(5)
        for day in (1, 2)
        for hour in range(24)
    )
    readings, problems = said(text)
    assert len(readings) == 5 and len(problems) == 5 * 24
    assert {problem[1] for problem in problems} == {"not_a_number"}
    assert "'no' is not a number" in problems[0][2] and "not_a_number" in problems[-1][2]


def test_too_many_names_or_unreadable_times_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_gather, "MOST_NAMES", 10)
    text = "meter,starts_at,kwh\n" + "".join(f"M{n},2023-05-01T00:00Z,1\n" for n in range(20))
    assert [problem[1] for problem in said(text)[1]] == ["too_many_channels"]
    monkeypatch.setattr(csv_gather, "MOST_UNREADABLE", 10)
    text = "meter,starts_at,kwh\nM,2023-05-01T00:00Z,1\n" + "M,1/5/23,1\n" * 20
    assert [problem[1] for problem in said(text)[1]] == ["unreadable_times"]


def test_memory_does_not_grow_with_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file eight times as long costs no more, all meters' first half-hour first."""
    monkeypatch.setattr(csv_gather, "SPOOL_BYTES", 200_000)
    monkeypatch.setattr(csv_days, "MOST_ROWS", 5_000)
    monkeypatch.setattr("meters.feeds.csv.table.CHUNK_BYTES", 50_000)

    def peak(days: int) -> int:
        data = "meter,starts_at,kwh\n" + "".join(
            f"M{meter:03},{START + timedelta(minutes=30 * number):%Y-%m-%dT%H:%MZ},0.5\n"
            for number in range(48 * days)
            for meter in range(50)
        )
        stream = io.BytesIO(data.encode())
        tracemalloc.start()
        items = sum(1 for _item in FORMAT.read(stream, "stem", ReadOptions()))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert items == 50
        return used

    peak(1)
    assert peak(24) < 1.5 * peak(3) + 500_000
