"""Workbooks made up here: sheets, dates, numbers, formulas, and what cannot be trusted."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from meters.domain.blocks import MISSING
from meters.feeds.xlsx.book import shows_date
from meters.inspection import summarise

TITLES = ["meter", "timestamp", "kwh"]
DAY = datetime(2024, 6, 1)


def half_hours(meter: Any = "M1", day: datetime = DAY, values: list[Any] | None = None) -> list[list[Any]]:
    given = values or [Decimal(place) / 1000 for place in range(48)]
    return [[meter, day + timedelta(minutes=30 * place), value] for place, value in enumerate(given)]


def book(*sheets: tuple[str, list[list[Any]]], change: Callable[[Workbook], None] | None = None) -> bytes:
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets:
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if change is not None:
        change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def changed(data: bytes, part: str, *pairs: tuple[str, str]) -> bytes:
    """A workbook with one part's text replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info).decode()
            if info.filename == part:
                for before, after in pairs:
                    assert before in content, before
                    content = content.replace(before, after)
            new.writestr(info.filename, content)
    return out.getvalue()


@pytest.fixture
def read_book(read_text):
    def read(data: bytes, **how: Any):
        return read_text(data, name="book.xlsx", zone="UTC", **how)

    return read


def one(feed):
    [channel] = summarise(feed.blocks)
    return channel


def refused(feed) -> tuple[str, str]:
    assert feed.status == "rejected", feed.problems
    [problem] = feed.problems
    return problem.code, problem.message


def test_a_sheet_is_read_as_a_csv_is(read_book) -> None:
    feed = read_book(book(("readings", [TITLES, *half_hours()])))
    assert (feed.format, feed.status, feed.problems) == ("xlsx", "ok", ())
    channel = one(feed)
    assert (channel.service_point, channel.readings, channel.total) == ("M1", 48, 1_128_000)
    assert channel.starts_at == DAY.replace(tzinfo=UTC)
    assert [value / 1000 for value in feed.blocks[0].values.tolist()] == list(range(48))


def test_numbers_are_the_fifteen_digits_a_spreadsheet_keeps(read_book) -> None:
    values = [0.1 + 0.2, 1.1 + 2.2, 1e-7 * 5, 12345678.9, 0.1 * 3, 3, 0, 1.0000005, 1.0000015] + [None] * 39
    feed = read_book(book(("a", [TITLES, *half_hours(values=values)])))
    found = feed.blocks[0].values.tolist()
    assert found[:9] == [
        300_000,
        3_300_000,
        0,
        12_345_678_900_000,
        300_000,
        3_000_000,
        0,
        1_000_000,
        1_000_002,
    ]
    assert found[9:] == [MISSING] * 39


def test_the_first_sheet_that_is_not_empty_or_the_one_told(read_book, tmp_path: Path) -> None:
    from zoneinfo import ZoneInfo

    from meters.feeds.format import ReadOptions
    from meters.feeds.reading import read_feed

    rows = [TITLES, *half_hours()]
    other = [TITLES, *half_hours("M2")]
    data = book(("empty", []), ("May", rows), ("June", other), ("notes", [["made by", "me"]]))
    feed = read_book(data)
    assert feed.status == "partial" and one(feed).service_point == "M1"
    [problem] = feed.problems
    assert problem.code == "sheet_left_out" and "'June'" in problem.message
    (tmp_path / "b.xlsx").write_bytes(data)

    def told(sheet: str):
        return read_feed(tmp_path / "b.xlsx", options=ReadOptions(zone=ZoneInfo("UTC"), sheet=sheet))

    assert told("June").status == "ok" and one(told("June")).service_point == "M2"
    assert refused(told("July")) == (
        "no_such_sheet",
        "There is no sheet 'July'; there are: empty, May, June, notes.",
    )
    assert refused(told("empty"))[0] == "no_readings"
    assert refused(read_book(book(("a", []))))[0] == "empty"


def test_a_hidden_sheet_comes_after_those_that_are_seen(read_book) -> None:
    def hide(made: Workbook) -> None:
        made.worksheets[0].sheet_state = "hidden"

    rows = ("secret", [TITLES, *half_hours("HIDDEN")]), ("shown", [TITLES, *half_hours("SHOWN")])
    feed = read_book(book(*rows, change=hide))
    assert [channel.service_point for channel in summarise(feed.blocks)] == ["SHOWN"]


def test_dates_as_text_and_titles_lower_or_misspelt(read_book) -> None:
    texts = [[meter, f"{at:%Y-%m-%dT%H:%M:%SZ}", value] for meter, at, value in half_hours()]
    assert read_book(book(("a", [TITLES, *texts]))).status == "ok"
    code, message = refused(read_book(book(("a", [["Report"], [], TITLES, *texts]))))
    assert code == "titles_lower" and "line 3" in message
    code, message = refused(read_book(book(("a", [["meter", "timestmp", "kwh"], *texts]))))
    assert code == "columns_not_found" and "'timestamp'" in message
    code, _message = refused(read_book(book(("a", [TITLES, *([1, *row] for row in texts)]))))
    assert code == "shifted_titles"
    told = {"service_point": "a", "starts_at": "b", "value": "c (kWh)"}
    assert read_book(book(("a", [["a", "b", "c (kWh)"], *texts])), columns=told).status == "ok"


def test_rows_keep_their_numbers_and_blank_ones_are_passed_over(read_book) -> None:
    rows = [TITLES, *half_hours()]
    rows.insert(20, [])
    rows.insert(30, [None, None, None])
    rows[35][2] = "oops"
    feed = read_book(book(("a", rows)))
    assert [(problem.line, problem.code) for problem in feed.problems] == [(36, "not_a_number")]


@pytest.mark.parametrize("step", [1 / 48, 1 / 96, 1 / 288])
def test_times_made_by_adding_parts_of_a_day(read_book, step: float) -> None:
    """A column of `=B2+1/48` drifts by the errors of its sums; the spreadsheet shows whole minutes."""
    count = round(1 / step) * 20
    serial, rows = 45_444.0, [TITLES]
    for _ in range(count):
        rows.append(["M1", serial, 1])
        serial += step

    def as_dates(made: Workbook) -> None:
        sheet: Worksheet = made.worksheets[0]
        for row in range(2, count + 2):
            sheet.cell(row, 2).number_format = "yyyy-mm-dd hh:mm"

    feed = read_book(book(("a", rows), change=as_dates))
    assert feed.status == "ok" and (one(feed).readings, one(feed).missing) == (count, 0)
    plain = read_book(book(("a", rows)))
    assert "spreadsheet's day" in refused(plain)[1]


def test_dates_from_1904(read_book) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    def old_macintosh(made: Workbook) -> None:
        made.epoch = CALENDAR_MAC_1904

    feed = read_book(book(("a", [TITLES, *half_hours()]), change=old_macintosh))
    assert feed.status == "ok" and one(feed).starts_at == DAY.replace(tzinfo=UTC)


def test_meters_named_by_numbers(read_book) -> None:
    def padded(made: Workbook) -> None:
        for row in range(2, 50):
            made.worksheets[0].cell(row, 1).number_format = "00000000"

    rows = [TITLES, *half_hours(6123456)]
    assert one(read_book(book(("a", rows)))).service_point == "6123456"
    assert one(read_book(book(("a", rows), change=padded))).service_point == "06123456"
    code, message = refused(read_book(book(("a", [TITLES, *half_hours(871685900012345678)]))))
    assert code == "bad_name" and "15 digits" in message


def test_a_formula_counts_by_its_stored_value(read_book) -> None:
    rows = [TITLES, *half_hours()]
    rows[3][2] = "=1+1"
    data = book(("a", rows))
    feed = read_book(data)
    assert [(problem.line, problem.code) for problem in feed.problems] == [(4, "not_a_number")]
    assert "=1+1 (not calculated)" in feed.problems[0].message and not feed.blocks
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read("xl/worksheets/sheet1.xml").decode()
    before = text[text.index("<f>1+1</f>") :]
    before = before[: before.index("</c>")]
    calculated = changed(data, "xl/worksheets/sheet1.xml", (before, "<f>1+1</f><v>2</v>"))
    feed = read_book(calculated)
    assert feed.status == "ok" and feed.blocks[0].values[2] == 2_000_000
    rows[3][:2] = ["=A3", rows[3][1]]
    assert refused(read_book(book(("a", rows))))[0] == "bad_name"


def test_errors_and_odd_kinds_of_cells(read_book) -> None:
    rows = [TITLES, *half_hours(values=["#N/A", True, *[1] * 46])]
    feed = read_book(book(("a", rows)))
    assert [(problem.line, problem.code) for problem in feed.problems] == [
        (2, "not_a_number"),
        (3, "not_a_number"),
    ]
    inline = changed(
        book(("a", [TITLES, *half_hours(values=[7.5, *[1] * 47])])),
        "xl/worksheets/sheet1.xml",
        ('t="n"><v>7.5</v>', 't="inlineStr"><is><r><t>7.</t></r><rPh><t>x</t></rPh><r><t>25</t></r></is>'),
    )
    assert read_book(inline).blocks[0].values[0] == 7_250_000


def test_a_row_wider_than_its_titles(read_book) -> None:
    rows = [TITLES, *half_hours()]
    rows[10].append("x")
    assert refused(read_book(book(("a", rows))))[0] == "uneven_row"


@pytest.mark.parametrize(
    ("code", "date_like"),
    [
        ("General", False),
        ("0.00", False),
        ("yyyy-mm-dd", True),
        ("[$-409]d/m/yy h:mm AM/PM;@", True),
        ('0 "hours"', False),
        ("[Red]-0.0", False),
        ("[hh]:mm", True),
        ("0\\d", False),
        ("#,##0_d", False),
    ],
)
def test_formats_that_show_dates(code: str, date_like: bool) -> None:
    assert shows_date(code) is date_like


def test_bombs_are_refused(read_book, tmp_path: Path) -> None:
    data = book(("a", [TITLES, *half_hours()]))
    entities = ('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><worksheet',)
    bomb = changed(data, "xl/worksheets/sheet1.xml", ("<worksheet", entities[0]))
    assert refused(read_book(bomb))[0] == "doctype"
    texts = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(texts, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != "xl/sharedStrings.xml":
                new.writestr(info.filename, old.read(info))
        with new.open("xl/sharedStrings.xml", "w") as out:
            out.write(b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">')
            some = b"<si><t>" + b"x" * 1000 + b"</t></si>"
            for _ in range(80):
                out.write(some * 1000)
            out.write(b"</sst>")
    assert len(texts.getvalue()) < 2_000_000
    assert refused(read_book(texts.getvalue()))[0] == "too_large"


def test_a_zip_bomb_is_refused_unopened(read_book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meters.feeds.xlsx.book.MOST_UNPACKED", 1000)
    assert refused(read_book(book(("a", [TITLES, *half_hours()]))))[0] == "too_large"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_workbook_is_a_problem_never_a_crash(read_book, data: st.DataObject) -> None:
    whole = bytearray(_SOUND)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(whole) - 1))
        match data.draw(st.sampled_from(["byte", "cut", "zeros"])):
            case "byte":
                whole[place] = data.draw(st.integers(0, 255))
            case "cut":
                del whole[place:]
                whole += b"PK"
            case _:
                whole[place : place + 20] = bytes(20)
    feed = read_book(bytes(whole))
    assert feed.status in ("ok", "partial", "rejected")
    assert feed.problems or sum(block.present.sum() for block in feed.blocks) == 48


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(data=st.data())
def test_damaged_xml_inside_is_a_problem_never_a_crash(read_book, data: st.DataObject) -> None:
    """The zip is sound, a part of it is not."""
    part = data.draw(
        st.sampled_from(
            ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/styles.xml"]
            + ["xl/worksheets/sheet1.xml"] * 4
        )
    )
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_SOUND)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = bytearray(old.read(info))
            if info.filename == part:
                first, second = sorted(data.draw(st.tuples(*[st.integers(0, len(content) - 1)] * 2)))
                piece = content[first : min(second, first + 200)]
                match data.draw(st.sampled_from(["drop", "double", "random"])):
                    case "drop":
                        del content[first : first + len(piece)]
                    case "double":
                        content[first:first] = piece
                    case _:
                        content[first:first] = data.draw(st.binary(max_size=30))
            new.writestr(info.filename, bytes(content))
    feed = read_book(out.getvalue())
    assert feed.status in ("ok", "partial", "rejected")
    assert feed.problems or feed.blocks


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    meters=st.dictionaries(
        st.text("ABC012 -é", min_size=1, max_size=8).map(str.strip).filter(bool),
        st.lists(
            st.one_of(st.none(), st.decimals(0, 9_999, places=6), st.integers(0, 10**8)),
            min_size=2,
            max_size=100,
        ),
        min_size=1,
        max_size=4,
    ),
    first=st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    step=st.sampled_from([5, 15, 30, 60]),
)
def test_what_is_written_is_what_is_read(
    read_book, meters: dict[str, list[Any]], first: date, step: int
) -> None:
    start = datetime(first.year, first.month, first.day)
    rows = [
        [meter, start + timedelta(minutes=step * place), value]
        for meter, values in meters.items()
        for place, value in enumerate(values)
    ]
    feed = read_book(book(("a", [TITLES, *rows])))
    assert not feed.problems or not any(any(value is not None for value in each) for each in meters.values())
    found = {
        (block.service_point, block.starts_at + timedelta(minutes=place * step)): int(value)
        for block in feed.blocks
        for place, value in enumerate(block.values.tolist())
        if value != MISSING
    }
    assert found == {
        (meter, at.replace(tzinfo=UTC)): int(Decimal(value) * 1_000_000)
        for meter, at, value in rows
        if value is not None
    }


_SOUND = book(("a", [TITLES, *half_hours()]))
