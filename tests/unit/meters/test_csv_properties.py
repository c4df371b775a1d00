"""CSV made by hypothesis is read back exactly; what is damaged is named, never lost and never a crash."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meters.domain.blocks import MISSING
from meters.domain.quality import Quality
from utility_crm.kit.formulas import unguarded

SLOW = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
    deadline=None,
)
Reading = tuple[int, int]
"""Micro-units, quality."""


def readings_of(feed) -> dict[tuple[str, str, str, datetime], Reading]:
    """Every reading by service point, channel, direction and instant."""
    found = {}
    for block in feed.blocks:
        codes = block.qualities().tolist()
        for place, value in enumerate(block.values.tolist()):
            if value == MISSING:
                continue
            at = block.starts_at + timedelta(minutes=place * block.interval_minutes)
            key = (block.service_point, block.channel, block.direction, at.astimezone(UTC))
            assert key not in found
            found[key] = (value, codes[place])
    return found


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, dict[tuple[str, str, str, datetime], Reading]]:
    """A CSV with offsets in its stamps, and what it says."""
    step = draw(st.sampled_from([5, 10, 15, 30, 60, 1440]))
    delimiter = draw(st.sampled_from(",;\t"))
    names = st.text("ABcd01 .-_é\"'", min_size=1, max_size=9).map(str.strip).filter(bool)
    names = names.filter(lambda name: unguarded(name) == name)  # an apostrophe may guard from spreadsheets
    points = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    channels = draw(
        st.sampled_from([[("", "")], [("1.8.0", ""), ("2.8.0", "")], [("E1", "import"), ("B1", "export")]])
    )
    midnight = datetime(
        draw(st.integers(1971, 2150)), draw(st.integers(1, 12)), draw(st.integers(1, 28)), tzinfo=UTC
    )
    offset = timezone(timedelta(minutes=draw(st.sampled_from([0, 60, 600, -300]))))
    by_end = draw(st.booleans())
    unit, exponent = draw(st.sampled_from([("kWh", 0), ("Wh", -3), ("MWh", 3), ("m3", 0)]))
    rows, said = [], {}
    for point in points:
        for channel, direction in channels:
            count = draw(st.integers(2, 60))
            for place in range(count):
                value = draw(st.decimals(0, 10_000, places=draw(st.integers(0, 8))))
                quality = draw(st.sampled_from(["A", "E", "", "missing", "Final"]))
                start = midnight + timedelta(minutes=step * place)
                stamp = (start + timedelta(minutes=step if by_end else 0)).astimezone(offset)
                text = f"{value:f}".replace(".", "," if delimiter != "," and draw(st.booleans()) else ".")
                rows.append([point, channel, direction, stamp.isoformat(" "), text, unit, quality])
                spoken = direction or ("export" if channel.startswith("2") else "import")
                code = {"A": 1, "E": 2, "": 1, "missing": 0, "Final": 5}[quality]
                micro = (value.scaleb(exponent) * 1_000_000).quantize(Decimal(1), ROUND_HALF_EVEN)
                if code:
                    said[point, channel or spoken, spoken, start] = (int(micro), code)
    draw(st.randoms(use_true_random=False)).shuffle(rows)
    out = io.StringIO()
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=ends)
    writer.writerow(
        ["meter", "register", "direction", "end" if by_end else "start", "value", "unit", "quality"]
    )
    writer.writerows(rows)
    return out.getvalue(), said


@SLOW
@given(made=tables(), chunk=st.sampled_from([700, 2**20]))
def test_what_is_written_is_what_is_read(read_text, made, chunk: int) -> None:
    text, said = made
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("meters.feeds.csv.table.CHUNK_BYTES", chunk)
        feed = read_text(text)
    assert {problem.code for problem in feed.problems} <= {"no_readings"}
    assert readings_of(feed) == said
    assert (feed.status == "ok") == bool(said)


@SLOW
@given(data=st.binary(max_size=400), titled=st.booleans())
def test_random_bytes_are_a_problem_never_a_crash(read_text, data: bytes, titled: bool) -> None:
    feed = read_text((b"meter,timestamp,kwh\n" if titled else b"") + data, zone="UTC", format_name="csv")
    assert feed.status in ("ok", "partial", "rejected") and (feed.problems or feed.blocks)


SOUND = [
    f"M{meter},2024-03-{day:02} {slot // 2:02}:{slot % 2 * 3}0,{slot / 10},A\n"
    for meter in range(2)
    for day in (30, 31)
    for slot in range(48)
]


def plainly_read(lines: list[str]) -> dict[int, tuple[str, datetime, Decimal]] | None:
    """The rows by line, by the simplest means; None where one cannot be read."""
    found = {}
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        cells = line.rstrip("\n").split(",")
        try:
            at = datetime.fromisoformat(cells[1].strip()).replace(tzinfo=UTC)
            value = Decimal(cells[2].strip())
        except (ValueError, IndexError, InvalidOperation):
            return None
        found[number] = (cells[0].strip(), at, value)
    return found


@SLOW
@given(seed=st.integers(0, 10**6), harm=st.integers(0, 8))
def test_cut_swapped_and_damaged_lines_lose_nothing_in_silence(read_text, seed: int, harm: int) -> None:
    chance = random.Random(seed)
    lines = list(SOUND)
    for _ in range(harm):
        place, other = (chance.randrange(len(lines)) for _ in range(2))
        match chance.randrange(6):
            case 0:
                lines[place], lines[other] = lines[other], lines[place]
            case 1:
                lines[place] = lines[place][: chance.randrange(len(lines[place]) or 1)] + "\n"
            case 2:
                lines.insert(place, lines[other])
            case 3:
                del lines[place]
            case 4:
                line = lines[place]
                at = chance.randrange(len(line) or 1)
                lines[place] = line[:at] + chance.choice('0x,"- \t.é') + line[at + 1 :]
            case _:
                lines[place] = ""
    feed = read_text("meter,timestamp,kwh,quality\n" + "".join(lines), zone="UTC")
    if feed.status == "rejected":
        assert feed.blocks == () and len(feed.problems) == 1
        return
    read = readings_of(feed)
    named = {problem.line for problem in feed.problems}
    dropped = {problem.dropped for problem in feed.problems}
    rows = plainly_read(lines)
    if not feed.problems:
        assert rows is not None and len(rows) == len(read)
    for number, (meter, at, value) in (rows or {}).items():
        kept = read.get((meter, "import", "import", at))
        day_left_out = (meter, "import", at.date()) in dropped
        assert day_left_out or number in named or (kept is not None and kept[0] == int(value * 1_000_000))


def test_whatever_is_forced_upon_it(read_text) -> None:
    for content in (
        b"",
        b"\n\n\n",
        b"a",
        b"a,b\n",
        b'"',
        b'a,"b\n',
        b",,,\n,,,\n",
        b"\xff\xfe\x00",
        b"sep=;\n",
    ):
        feed = read_text(content, format_name="csv", zone="UTC")
        assert feed.status == "rejected" and len(feed.problems) == 1, content


HEAD = b"meter,timestamp,kwh\n"
ROW = b"M1,2024-01-01 00:00,1\n"


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (HEAD + ROW * 3 + b"M1,2024-01-01 00:00," + b"1" * 2**21 + b"\n" + ROW, 5, "line_too_long"),
        (b"x" * 2**21, 1, "line_too_long"),
        (HEAD + ROW * 60_000 + b"M1,2024-01-01 \xe9\n" + ROW, 60_002, "encoding"),
        (HEAD + ROW * 60_000 + b"M1,\0\0\n" + ROW, 60_002, "binary"),
        (HEAD + ROW + b"M1,2024-01-01 00:30,1" + b" " * 500_000 + b"\n" + ROW + b"M1\n", 3, "field_too_long"),
        (HEAD + ROW + b"," * 900_000 + b"x\n", 3, "uneven_row"),
    ],
)
def test_what_cannot_be_trusted_is_refused_where_it_stands(
    read_text, content: bytes, line: int, code: str
) -> None:
    feed = read_text(content, zone="UTC", format_name="csv")
    assert (feed.status, feed.blocks) == ("rejected", ())
    assert [(problem.line, problem.code) for problem in feed.problems] == [(line, code)]


def test_a_zip_bomb_of_rows_is_refused(read_text, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meters.feeds.members.MOST_UNPACKED", 2**20)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", HEAD + ROW * 100_000)
    feed = read_text(packed.getvalue(), name="a.zip", zone="UTC")
    assert feed.status == "rejected" and [problem.code for problem in feed.problems] == ["too_large"]


def test_the_same_meter_by_many_spellings_of_one_offset(read_text) -> None:
    spellings: dict[str, list[Any]] = defaultdict(list)
    for slot, suffix in enumerate(["Z", "+00:00", "+0000", "+00", "-00:00", ".000Z", ".0+00:00", "z"]):
        spellings["rows"].append(f"M1,2024-01-01T0{slot}:00{':00' if '.' in suffix else ''}{suffix},1\n")
    feed = read_text("meter,timestamp,kwh\n" + "".join(spellings["rows"]))
    assert feed.status == "ok" and len(readings_of(feed)) == 8
    assert {quality for _value, quality in readings_of(feed).values()} == {int(Quality.ACTUAL)}
