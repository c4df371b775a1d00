"""A local day out of days of standard time: no gap, no overlap, each interval where its block has it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.domain.quality import Quality
from meters.service_points.channels import PointChannel
from meters.service_points.chart import FLOOR, ROOF, day_chart
from meters.service_points.day import (
    ChannelDay,
    PointDay,
    channel_intervals,
    chosen_day,
    local_day,
    wall_clock,
)

ZONES = ("Europe/London", "Europe/Moscow", "Australia/Adelaide", "America/New_York", "Asia/Kathmandu", "UTC")
OFFSETS = (0, 60, 180, 345, 570, 600, -300)
DAY = timedelta(days=1)


def channel(offset: int = 0, readings: int | None = 48, zone: str = "Europe/London") -> PointChannel:
    return PointChannel(1, "SP-1", zone, 7, "import", "kWh", "import", offset, readings, None, None)


def blocks_of(first: date, offset: int, size: int) -> dict:
    """Three days whose readings say when they begin, in epoch minutes; none of them is missing."""
    found = {}
    for number in range(-1, 3):
        day = first + number * DAY
        start = datetime.combine(day, time(), UTC) - timedelta(minutes=offset)
        minutes = [int((start.timestamp() // 60) + place * 1440 // size) for place in range(size)]
        found[7, day] = SimpleNamespace(micro=minutes, quality=1, qualities=None)
    return found


def of(day: date, zone: str, offset: int, size: int, blocks: dict | None = None) -> list:
    starts_at, ends_before = local_day(day, zone)
    given = blocks_of(day, offset, size) if blocks is None else blocks
    return list(channel_intervals(channel(offset, size, zone), given, starts_at, ends_before, ZoneInfo(zone)))


@given(
    day=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    zone=st.sampled_from(ZONES),
    offset=st.sampled_from(OFFSETS),
    size=st.sampled_from((24, 48, 96, 288)),
)
def test_intervals_tile_the_day_and_are_those_of_their_blocks(
    day: date, zone: str, offset: int, size: int
) -> None:
    found = of(day, zone, offset, size)
    starts_at, ends_before = local_day(day, zone)
    length = timedelta(minutes=1440 // size)
    assert all(one.micro == one.starts_at.timestamp() // 60 for one in found)
    assert [one.starts_at for one in found[1:]] == [one.ends_before for one in found[:-1]]
    assert starts_at <= found[0].starts_at < starts_at + length
    assert found[-1].starts_at < ends_before <= found[-1].ends_before
    for one in found:
        begins = datetime.combine(one.day, time(), UTC) - timedelta(minutes=offset)
        assert begins + one.place * length == one.starts_at


@pytest.mark.parametrize(
    ("day", "count", "walls"),
    [
        (date(2026, 3, 29), 46, ["00:30", "02:00", "02:30"]),
        (date(2026, 10, 25), 50, ["00:30", "01:00 BST", "01:30 BST", "01:00 GMT", "01:30 GMT", "02:00"]),
        (date(2026, 11, 19), 48, ["00:30", "01:00", "01:30"]),
    ],
)
def test_days_of_23_and_25_hours(day: date, count: int, walls: list[str]) -> None:
    found = of(day, "Europe/London", 0, 48)
    assert len(found) == count
    assert [one.begins for one in found[1 : 1 + len(walls)]] == walls
    assert [one.begins for one in found[1:]] == [one.ends for one in found[:-1]]


def test_a_day_without_a_block_is_missing_and_a_hole_is() -> None:
    day = date(2026, 6, 1)
    blocks = blocks_of(day, 0, 48)
    del blocks[7, day]
    blocks[7, day - DAY].micro[47] = None
    found = of(day, "Europe/London", 0, 48, blocks)
    assert [one.micro for one in found] == [blocks[7, day - DAY].micro[46], None] + [None] * 46
    assert [one.kept for one in found] == [True] * 2 + [False] * 46
    assert {one.quality for one in found[1:]} == {Quality.MISSING}
    never = list(channel_intervals(channel(readings=None), {}, *local_day(day, "UTC"), ZoneInfo("UTC")))
    assert len(never) == 48


def test_what_was_not_measured_is_known_by_its_code() -> None:
    day = date(2026, 11, 19)
    codes = [1, 2, 3, 4, 5, 0] * 8
    row = SimpleNamespace(micro=[5] * 48, quality=None, qualities=codes)
    found = of(day, "UTC", 0, 48, {(7, day): row})
    assert [one.estimated for one in found[:6]] == [False, True, True, True, True, False]
    one = ChannelDay(channel(), tuple(found))
    assert (one.total, one.missing, one.estimated) == (240, 0, 32)


@given(
    values=st.lists(st.one_of(st.none(), st.integers(-(10**9), 10**9)), min_size=48, max_size=48),
    day=st.sampled_from((date(2026, 11, 19), date(2026, 10, 25), date(2026, 3, 29))),
)
def test_columns_stand_inside_the_chart_side_by_side(values: list[int | None], day: date) -> None:
    row = SimpleNamespace(micro=values, quality=1, qualities=None)
    zone = "Europe/London"
    blocks = {(7, day + number * DAY): row for number in (-1, 0)}
    found = tuple(of(day, zone, 0, 48, blocks))
    point = PointDay("SP-1", zone, day, *local_day(day, zone), (ChannelDay(channel(), found),))
    chart = day_chart(point, point.channels[0])
    assert len(chart.bars) == len(found)
    for bar in chart.bars:
        assert bar.y >= ROOF - 0.1 and bar.y + bar.height <= FLOOR + 1.1
        assert 0 <= bar.x < bar.x + bar.width <= 100
    for before, after in zip(chart.bars, chart.bars[1:], strict=False):
        assert before.x + before.width < after.x
    assert [label for _, label in chart.hours] == ["00:00", "06:00", "12:00", "18:00"]


def test_a_day_that_is_none_is_the_last_one_known() -> None:
    today, last = date(2026, 11, 20), date(2026, 11, 3)
    assert chosen_day("2026-10-25", last, today) == date(2026, 10, 25)
    for said in ("", "x", "2026-13-01", "2027-01-01", "1066-10-14"):
        assert chosen_day(said, last, today) == last
    assert chosen_day("", None, today) == today - DAY
    assert chosen_day("", today + DAY, today) == today


def test_an_hour_that_comes_twice_has_its_name() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    twice = datetime(2026, 4, 4, 14, 45, tzinfo=UTC)
    assert wall_clock(twice, zone) == "01:45 +11"
    assert wall_clock(twice + timedelta(minutes=30), zone) == "01:45 +1030"
