"""Temperature files: read to the day, refused with line and reason."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utility_crm.kit.errors import Invalid
from utility_crm.network.temperature_file import UNKNOWN, read_temperatures, series_of

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)


def hours(values: list[float | None], start: datetime = MIDNIGHT, step: int = 60) -> bytes:
    lines = ["starts_at,celsius"]
    for place, value in enumerate(values):
        at = start + place * timedelta(minutes=step)
        lines.append(f"{at.isoformat()},{'' if value is None else value}")
    return "\n".join(lines).encode()


@given(
    st.lists(st.none() | st.integers(-60_000, 50_000), min_size=2, max_size=80),
    st.sampled_from([15, 30, 60, 180]),
    st.integers(0, 47),
)
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read(milli: list[int | None], step: int, late: int) -> None:
    start = MIDNIGHT + late * timedelta(minutes=step)
    told = [None if value is None else value / 1000 for value in milli]
    [table], problems = read_temperatures(hours(told, start, step))
    assert problems == []
    found = {datetime.fromtimestamp(at, UTC): celsius for at, celsius in series_of(table)}
    assert found == {
        start + place * timedelta(minutes=step): value
        for place, value in enumerate(told)
        if value is not None
    }


def test_own_titles_a_local_clock_and_other_columns() -> None:
    content = b"DateTime;Price;Temperature\n2026-07-01 00:00;0.1;20.5\n2026-07-01 01:00;0.1;19,5\n"
    columns = {"starts_at": "DateTime", "celsius": "Temperature"}
    tables, problems = read_temperatures(content, columns, ZoneInfo("Europe/London"))
    assert tables == []
    assert [(one.line, one.code) for one in problems] == [(3, "celsius")]
    [table], problems = read_temperatures(
        content.replace(b"19,5", b"19.5"), columns, ZoneInfo("Europe/London")
    )
    assert problems == []
    assert date.fromordinal(int(table.days[0])) == date(2026, 6, 30)
    assert table.millicelsius[0, 23] == 20_500 and table.millicelsius[1, 0] == 19_500


def test_areas_apart() -> None:
    content = b"area,starts_at,celsius\nN,2026-01-01T00:00Z,1\nS,2026-01-01T00:00Z,5\nN,2026-01-01T01:00Z,2\n"
    tables, problems = read_temperatures(content)
    assert problems == []
    assert [one.area for one in tables] == ["N", "S"]
    assert tables[0].millicelsius[0, :3].tolist() == [1000, 2000, UNKNOWN]


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (b"starts_at,celsius\n2026-01-01T00:00Z,1\n2026-01-01T01:00Z,451\n", 3, "celsius"),
        (b"starts_at,celsius\n2026-01-01T00:00Z,cold\n", 2, "celsius"),
        (b"starts_at,celsius\n01.01.2026 00:00,1\n", 2, "starts_at"),
        (b"starts_at,celsius\n2026-01-01T00:00Z,1\n2026-01-01T00:00Z,2\n", 3, "twice"),
        (
            b"starts_at,celsius\n2026-01-01T00:00Z,1\n2026-01-01T01:00Z,1\n2026-01-01T02:20Z,2\n"
            b"2026-01-01T03:00Z,1\n2026-01-01T04:00Z,1\n",
            4,
            "interval",
        ),
    ],
)
def test_a_bad_row_is_named(content: bytes, line: int, code: str) -> None:
    tables, problems = read_temperatures(content)
    assert tables == []
    assert [(one.line, one.code) for one in problems] == [(line, code)]


def test_an_hour_that_comes_twice_wants_its_offset() -> None:
    content = b"starts_at,celsius\n2026-10-25 01:30,9\n"
    _tables, [problem] = read_temperatures(content, zone=ZoneInfo("Europe/London"))
    assert "offset" in problem.message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "framing"),
        (b"\n\n", "framing"),
        (b"starts_at,celcius\n2026-01-01,1\n", "missing_column"),
        (b"starts_at,celsius\n", "empty"),
        ("starts_at,celsius\n2026-01-01,1°\n".encode("latin-1"), "encoding"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_temperatures(content)
    assert refused.value.code == code
