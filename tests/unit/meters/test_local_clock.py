"""The two changes of the clock: every half-hour once, none invented."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.domain.local_clock import standard_offset_minutes, to_instants

EPOCH = datetime(1970, 1, 1)
ZONES = [
    "Europe/London",
    "Europe/Berlin",
    "Australia/Sydney",
    "America/New_York",
    "America/Havana",
    "America/Sao_Paulo",
]


def shown(instants: range, zone: ZoneInfo) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """What a clock on the wall shows at each instant."""
    stamps = [
        datetime.fromtimestamp(second, UTC).astimezone(zone).replace(tzinfo=None) for second in instants
    ]
    return np.array([int((stamp - EPOCH).total_seconds()) for stamp in stamps], dtype=np.int64)


@given(
    st.sampled_from(ZONES),
    st.dates(date(2005, 1, 1), date(2025, 12, 31)),
    st.integers(1, 400),
    st.sampled_from([900, 1800, 3600]),
    st.booleans(),
)
def test_what_the_wall_shows_in_order_gives_the_instants_back(
    name: str, day: date, count: int, step: int, backwards: bool
) -> None:
    zone = ZoneInfo(name)
    # from midday, so that no file begins inside a repeated hour, where it cannot say in which pass it stands
    start = int(datetime.combine(day, time(12), zone).timestamp())
    instants = range(start, start + count * step, step)
    stamps = shown(instants, zone)
    if backwards:
        stamps = stamps[::-1]
    found, never = to_instants(stamps, zone)
    assert not never.any()
    assert sorted(found.tolist()) == list(instants)


@pytest.mark.parametrize("name", ZONES[:4])
def test_both_changes_of_a_year(name: str) -> None:
    zone = ZoneInfo(name)
    start = int(datetime(2023, 1, 1, 12, tzinfo=UTC).timestamp())
    instants = range(start, start + 365 * 86_400, 1800)
    stamps = shown(instants, zone)
    assert len(set(stamps.tolist())) < len(instants), "an hour is repeated in that year"
    found, never = to_instants(stamps, zone)
    assert found.tolist() == list(instants) and not never.any()


def test_the_order_of_the_file_decides_in_the_repeated_hour_even_with_a_hole() -> None:
    zone = ZoneInfo("Europe/London")
    clock = ["00:30", "01:30", "01:00", "01:30", "02:00"]
    stamps = [int((datetime.fromisoformat(f"2013-10-27 {each}") - EPOCH).total_seconds()) for each in clock]
    found, _ = to_instants(np.array(stamps), zone)
    utc = [datetime.fromtimestamp(second, UTC).strftime("%d %H:%M") for second in found]
    assert utc == ["26 23:30", "27 00:30", "27 01:00", "27 01:30", "27 02:00"]


@pytest.mark.parametrize("clock", ["01:00", "01:15", "01:59"])
def test_a_stamp_in_the_gap_of_spring_never_was(clock: str) -> None:
    stamp = int((datetime.fromisoformat(f"2013-03-31 {clock}") - EPOCH).total_seconds())
    found, never = to_instants(np.array([stamp]), ZoneInfo("Europe/London"))
    assert never.tolist() == [True]
    assert datetime.fromtimestamp(int(found[0]), UTC).date() == date(2013, 3, 31)


@pytest.mark.parametrize(
    ("name", "minutes"),
    [
        ("Europe/London", 0),
        ("Europe/Berlin", 60),
        ("Europe/Moscow", 180),
        ("Europe/Dublin", 0),
        ("Asia/Kathmandu", 345),
        ("Australia/Sydney", 600),
        ("America/New_York", -300),
    ],
)
def test_standard_time_never_moves(name: str, minutes: int) -> None:
    assert standard_offset_minutes(ZoneInfo(name)) == minutes
