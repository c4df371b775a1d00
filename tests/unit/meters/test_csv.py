"""CSV by rows made up here: columns, clocks, grids, and rows that cannot be taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meters.domain.blocks import MISSING
from meters.inspection import summarise

HEAD = "meter,timestamp,kwh\n"
LONDON = "Europe/London"


def rows(first: date, last: date, zone: str = "UTC", step: int = 30, meter: str = "M1") -> list[str]:
    """A row an interval of [first, last) as the clock shows it, the value being 0.001 times its place."""
    local = ZoneInfo(zone)
    stamps = _instants(first, last, local, step)
    return [
        f"{meter},{stamp.astimezone(local):%Y-%m-%d %H:%M:%S},{Decimal(place) / 1000}\n"
        for place, stamp in enumerate(stamps)
    ]


def _instants(first: date, last: date, zone: ZoneInfo, step: int) -> Iterator[datetime]:
    now, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, last))
    while now < end:
        yield now
        now += timedelta(minutes=step)


JANUARY = rows(date(2013, 1, 1), date(2013, 1, 5))


def one(feed):
    [channel] = summarise(feed.blocks)
    return channel


def test_a_file_of_one_meter(read_text) -> None:
    feed = read_text(HEAD + "".join(JANUARY), zone="UTC")
    assert (feed.format, feed.status) == ("csv", "ok")
    channel = one(feed)
    assert channel.document() == {
        "service_point": "M1",
        "channel": "import",
        "unit": "kWh",
        "interval_minutes": 30,
        "readings": 192,
        "missing": 0,
        "total": "18.336",
        "starts_at": "2013-01-01T00:00:00+00:00",
        "ends_before": "2013-01-05T00:00:00+00:00",
        "quality": {"actual": 192},
    }
    assert not feed.blocks[0].replaces and feed.blocks[1].line == 50


def test_a_file_a_meter_takes_its_name(read_text) -> None:
    text = "timestamp,consumption\n" + "".join(row.partition(",")[2] for row in JANUARY)
    assert one(read_text(text, name="H-77.csv", zone="UTC")).service_point == "H-77"


def test_many_meters_interleaved_in_any_order(read_text) -> None:
    other = rows(date(2013, 1, 1), date(2013, 1, 5), meter="M2")
    mixed = [row for pair in zip(reversed(JANUARY), other, strict=True) for row in pair]
    feed = read_text(HEAD + "".join(mixed), zone="UTC")
    assert feed.status == "ok"
    assert [(each.service_point, each.total) for each in summarise(feed.blocks)] == [
        ("M1", 18_336_000),
        ("M2", 18_336_000),
    ]


def test_columns_by_name(read_text) -> None:
    text = "a,b,c(kWh)\n" + "".join(JANUARY)
    assert read_text(text, zone="UTC").status == "rejected"
    feed = read_text(text, zone="UTC", columns={"service_point": "a", "starts_at": "b", "value": "c(kWh)"})
    assert feed.status == "ok" and one(feed).unit.declared == "kWh"
    lost = read_text(text, zone="UTC", columns={"starts_at": "when"})
    assert lost.problems[0].code == "no_such_column" and "a, b, c(kWh)" in lost.problems[0].message


def test_all_the_optional_columns(read_text) -> None:
    head = "nmi;register;from;value;uom;quality;direction\n"
    body = "".join(
        f"N1;{channel};2013-01-01T0{hour}:00:00+01:00;1,5;{unit};{quality};{direction}\n"
        for channel, unit, direction in (("1.8.0", "Wh", "import"), ("2.8.0", "kvarh", "export"))
        for hour, quality in enumerate(["A", "estimated", "missing", "A"])
    )
    feed = read_text(head + body)
    assert feed.status == "ok"
    first, second = summarise(feed.blocks)
    assert (first.channel, first.direction, first.document()["total"]) == ("1.8.0", "import", "4.5")
    assert (second.unit.declared, second.direction) == ("kvarh", "export")
    assert first.starts_at.isoformat() == "2012-12-31T23:00:00+00:00"
    assert first.quality == {"actual": 2, "estimated": 1} and (first.readings, first.missing) == (3, 1)


@pytest.mark.parametrize(
    "text", ["Meter ID,Start Time,Usage (kWh)\n", "LCLid,tstp,energy(kWh/hh)\n", "id,from,wh\n"]
)
def test_titles_in_use_are_detected(read_text, text: str) -> None:
    feed = read_text(text + "".join(JANUARY), zone="UTC")
    assert feed.status == "ok" and one(feed).service_point == "M1" and one(feed).unit.base == "kWh"


@pytest.mark.parametrize("suffix", ["Z", "+00:00", "+01:00", "-0530", ".000Z"])
def test_stamps_with_an_offset_need_no_zone(read_text, suffix: str) -> None:
    text = HEAD + "".join(row.replace(",0", f"{suffix},0").replace(" ", "T", 1) for row in JANUARY)
    feed = read_text(text)
    assert feed.status == "ok" and one(feed).readings == 192
    first = datetime.fromisoformat(f"2013-01-01T00:00:00{suffix}")
    assert one(feed).starts_at == first


def test_offsets_may_change_within_a_file(read_text) -> None:
    zone = ZoneInfo(LONDON)
    stamps = [
        stamp.astimezone(zone).isoformat()
        for stamp in _instants(date(2013, 10, 26), date(2013, 10, 29), zone, 30)
    ]
    feed = read_text(HEAD + "".join(f"M1,{stamp},1\n" for stamp in stamps))
    assert (one(feed).readings, one(feed).missing) == (48 + 50 + 48, 0)


def test_naive_stamps_need_a_zone(read_text) -> None:
    feed = read_text(HEAD + "".join(JANUARY))
    assert (feed.status, feed.problems[0].code, feed.problems[0].line) == ("rejected", "timezone_needed", 2)
    assert "--timezone" in feed.problems[0].message


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [
        (date(2013, 3, 30), date(2013, 4, 2), 48 + 46 + 48),
        (date(2013, 10, 26), date(2013, 10, 29), 48 + 50 + 48),
    ],
)
@pytest.mark.parametrize("by_end", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_no_half_hour_twice_and_none_lost_over_a_change_of_the_clock(
    read_text, first: date, last: date, count: int, by_end: bool, backwards: bool
) -> None:
    zone = ZoneInfo(LONDON)
    lag = timedelta(minutes=30 if by_end else 0)
    stamps = [(stamp + lag).astimezone(zone) for stamp in _instants(first, last, zone, 30)]
    lines = [f"M1,{stamp:%Y-%m-%d %H:%M},0.1\n" for stamp in stamps]
    head = "meter,ends_at,kwh\n" if by_end else HEAD
    feed = read_text(head + "".join(reversed(lines) if backwards else lines), zone=LONDON)
    channel = one(feed)
    assert feed.status == "ok" and (channel.readings, channel.missing) == (count, 0)
    assert channel.starts_at == datetime.combine(first, time(), zone)
    assert channel.ends_before == datetime.combine(last, time(), zone)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    zone=st.sampled_from(["Europe/London", "Australia/Sydney", "America/New_York", "Asia/Kathmandu"]),
    first=st.dates(date(2010, 1, 1), date(2024, 12, 1)),
    days=st.integers(1, 20),
    step=st.sampled_from([15, 30, 60]),
)
def test_what_is_written_is_what_is_read(read_text, zone: str, first: date, days: int, step: int) -> None:
    lines = rows(first, first + timedelta(days=days), zone, step)
    feed = read_text(HEAD + "".join(lines), zone=zone)
    channel = one(feed)
    assert feed.problems == () and channel.missing == 0 and channel.readings == len(lines)
    values = [int(value) for block in feed.blocks for value in block.values if value != MISSING]
    assert values == [1000 * place for place in range(len(lines))]


def test_a_time_the_clock_never_showed_is_a_problem(read_text) -> None:
    lines = rows(date(2013, 3, 30), date(2013, 4, 2), LONDON)
    lines.insert(50, "M1,2013-03-31 01:30:00,1\n")
    feed = read_text(HEAD + "".join(lines), zone=LONDON)
    assert feed.status == "partial"
    assert [(problem.line, problem.code) for problem in feed.problems] == [(52, "no_such_time")]
    assert one(feed).readings == 48 + 46, "the other days, of which the last ends at 23:00 UTC"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("M1,2013-01-02 01:00:00,abc\n", "not_a_number"),
        ("M1,2013-01-02 01:00:00,-1\n", "negative_value"),
        ("M1,2013-01-02 01:00:00,1e12\n", "value_too_large"),
        ("M1,2013-01-02 01:10:00,1\n", "off_grid"),
        ("M1,2013-01-02 01:00:01,1\n", "off_grid"),
        ("M1,2013-01-02 01:00:00.500,1\n", "off_grid"),
    ],
)
def test_a_row_that_cannot_be_taken_takes_its_day(read_text, row: str, code: str) -> None:
    lines = list(JANUARY)
    lines[50] = row
    feed = read_text(HEAD + "".join(lines), zone="UTC")
    assert feed.status == "partial"
    assert [(problem.line, problem.code) for problem in feed.problems] == [(52, code)]
    assert feed.problems[0].message.endswith("The day 2013-01-02 is left out.") or code == "off_grid"
    assert [block.day.day for block in feed.blocks] == [1, 3, 4]


def test_two_values_for_one_interval_take_the_day_and_the_same_twice_counts_once(read_text) -> None:
    again, other = JANUARY[60], JANUARY[110].rpartition(",")[0] + ",9\n"
    feed = read_text(HEAD + "".join([*JANUARY, again, other]), zone="UTC")
    assert [(problem.line, problem.code) for problem in feed.problems] == [
        (194, "repeated_reading"),
        (195, "conflicting_readings"),
    ]
    assert [block.day.day for block in feed.blocks] == [1, 2, 4]
    assert sum(int(block.values.sum()) for block in feed.blocks) == 1000 * (
        sum(range(96)) + sum(range(144, 192))
    )


def test_a_time_without_a_day_loses_its_row(read_text) -> None:
    lines = list(JANUARY)
    lines[50] = "M1,2013-02-30 01:00:00,1\n"
    lines[51] = "M1,2013-01-02 01:30:00,oops\n"
    feed = read_text(HEAD + "".join(lines), zone="UTC")
    assert [(problem.line, problem.code) for problem in feed.problems] == [
        (52, "unreadable_time"),
        (53, "not_a_number"),
    ]
    assert [block.day.day for block in feed.blocks] == [1, 3, 4]


def test_holes_alone_are_ok(read_text) -> None:
    lines = JANUARY[:40] + JANUARY[45:100] + [JANUARY[100].rpartition(",")[0] + ", \n"] + JANUARY[101:]
    feed = read_text(HEAD + "".join(lines), zone="UTC")
    assert feed.status == "ok"
    assert (one(feed).readings, one(feed).missing) == (186, 6)


def test_an_interval_that_changes(read_text) -> None:
    finer = rows(date(2013, 1, 5), date(2013, 1, 6), step=15)
    coarser = rows(date(2013, 1, 6), date(2013, 1, 7), step=60)
    feed = read_text(HEAD + "".join(JANUARY + finer + coarser), zone="UTC")
    assert feed.status == "ok"
    assert (one(feed).interval_minutes, one(feed).missing) == ((30, 15, 60), 0)


@pytest.mark.parametrize("stamp", ["19/11/26 00:30", "01.02.2013 00:30", "1/2/2013 00:30"])
def test_a_date_with_two_meanings_is_refused_with_what_would_be_right(read_text, stamp: str) -> None:
    feed = read_text(f"{HEAD}M1,{stamp},1\nM1,{stamp},1\n", zone="UTC")
    assert (feed.status, feed.problems[0].line, len(feed.problems)) == ("rejected", 2, 1)
    assert stamp in feed.problems[0].message and "2026-11-19" in feed.problems[0].message


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        (HEAD + "".join(JANUARY[:9]) + "M1,2013-01-01\n", 11, "uneven_row"),
        (HEAD + "".join(JANUARY[:9]) + "M1,2013-01-01 05:00:00,1,2\nM1,2013\n", 11, "uneven_row"),
        (HEAD + "".join(JANUARY[:9]) + '"M1,2013-01-01 05:00:00,1\n', 11, "bad_quoting"),
        (HEAD, 1, "no_readings"),
        ("".join(JANUARY), 1, "no_titles"),
        ("meter,timestamp,import,export\n" + "M1,2013-01-01 00:00:00,1,2\n", 1, "columns_not_found"),
        ("meter,meter,timestamp,kwh\n" + "M1,M1,2013-01-01 00:00:00,1\n", 1, "repeated_title"),
        (HEAD + "".join(JANUARY) + ",2013-01-05 00:00:00,1\n", 194, "no_service_point"),
        ("meter,timestamp,kwh,direction\nM1,2013-01-01 00:00:00,1,up\n", 2, "bad_direction"),
    ],
)
def test_a_fault_of_structure_refuses_the_file(read_text, text: str, line: int, code: str) -> None:
    feed = read_text(text, zone="UTC")
    assert (feed.status, feed.blocks) == ("rejected", ())
    assert [(problem.line, problem.code) for problem in feed.problems] == [(line, code)]


def test_quotes_blank_lines_and_windows_line_ends(read_text) -> None:
    quoted = "".join('"' + '","'.join(row.strip().split(",")) + '"\n' for row in JANUARY)
    text = (
        "\ufeff\n"
        + HEAD
        + quoted[:2000].rpartition("\n")[0]
        + "\n\n"
        + quoted[len(quoted[:2000].rpartition("\n")[0]) + 1 :]
    )
    feed = read_text(text.replace("\n", "\r\n"), zone="UTC")
    assert feed.status == "ok" and one(feed).readings == 192


def test_chunks_meet_without_a_seam(read_text, monkeypatch) -> None:
    lines = list(JANUARY)
    lines[150] = "M1,2013-01-04 03:00:00,?\n"
    whole = read_text(HEAD + "".join(lines), zone="UTC")
    monkeypatch.setattr("meters.feeds.csv.table.CHUNK_BYTES", 100)
    parts = read_text(HEAD + "".join(lines), zone="UTC")
    assert parts.problems == whole.problems and [problem.line for problem in parts.problems] == [152]
    assert [block.values.tolist() for block in parts.blocks] == [
        block.values.tolist() for block in whole.blocks
    ]


def test_the_day_is_that_of_the_premise_once_it_is_known(tmp_path) -> None:
    from meters.feeds.format import ReadOptions
    from meters.feeds.reading import read_feed

    path = tmp_path / "berlin.csv"
    path.write_text(HEAD + "".join(rows(date(2013, 3, 30), date(2013, 4, 2), "Europe/Berlin")))
    zone = ZoneInfo("Europe/Berlin")
    feed = read_feed(path, options=ReadOptions(zone=zone, offset_minutes_of={"M1": 60}.get))
    assert {block.offset_minutes for block in feed.blocks} == {60}
    assert one(feed).starts_at.isoformat() == "2013-03-30T00:00:00+01:00"


def test_a_reading_alone_takes_the_interval_of_its_fellows(read_text) -> None:
    feed = read_text(HEAD + "".join(JANUARY) + "M2,2013-01-01 00:30:00,1\n", zone="UTC")
    assert feed.status == "ok" and [each.readings for each in summarise(feed.blocks)] == [192, 1]
    lonely = read_text(HEAD + JANUARY[0], zone="UTC")
    assert (lonely.status, lonely.problems[0].code) == ("rejected", "no_interval")


def test_one_interval_whose_end_is_said_needs_no_fellow(read_text) -> None:
    feed = read_text("meter,start,end,kwh\nM1,2013-01-01T10:00Z,2013-01-01T10:15Z,1\n")
    assert feed.status == "ok" and one(feed).interval_minutes == (15,) and one(feed).readings == 1


@pytest.mark.parametrize("rows_at_once", [400_000, 60])
def test_days_of_an_odd_offset_are_those_of_its_own_time(read_text, monkeypatch, rows_at_once: int) -> None:
    """Half-hours of Nepal (UTC+05:45) do not lie on a grid of UTC."""
    monkeypatch.setattr("meters.feeds.csv.days.MOST_ROWS", rows_at_once)
    monkeypatch.setattr("meters.feeds.csv.gather.SPOOL_BYTES", rows_at_once * 10)
    kathmandu = ZoneInfo("Asia/Kathmandu")
    stamps = _instants(date(2013, 1, 1), date(2013, 1, 3), kathmandu, 30)
    text = HEAD + "".join(f"M1,{stamp.astimezone(kathmandu).isoformat()},1\n" for stamp in stamps)
    feed = read_text(text)
    assert feed.status == "ok" and {block.offset_minutes for block in feed.blocks} == {345}
    assert (one(feed).readings, one(feed).missing, len(feed.blocks)) == (96, 0, 2)


def test_where_no_reading_is_sound_each_is_told_by_its_own_fault(read_text) -> None:
    lines = ("M1,2013-01-01 00:00:00,-1.5\n", "M1,2013-01-01 00:30:00,-2\n")
    feed = read_text(HEAD + "".join(lines), zone="UTC")
    assert [(problem.code, problem.line) for problem in feed.problems] == [
        ("negative_value", 2), ("negative_value", 3),
    ]  # fmt: skip
    assert "-1.5" in feed.problems[0].message and "M1 import is left out" in feed.problems[0].message
