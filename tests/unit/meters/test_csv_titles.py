"""Titles that are misspelt, doubled, shifted or lower: each refused with what would be right."""

from __future__ import annotations

import pytest

ROWS = "M1,2013-01-01 00:00,1\nM1,2013-01-01 00:30,2\n"


def refused(read_text, text: str, **how) -> tuple[str, int, str]:
    feed = read_text(text, zone="UTC", **how)
    assert feed.status == "rejected" and feed.blocks == ()
    [problem] = feed.problems
    return problem.code, problem.line, problem.message


@pytest.mark.parametrize(
    ("titles", "columns", "guess"),
    [
        ("LCLid,tstmp,kwh", {"starts_at": "tstp"}, "did you mean 'tstmp'?"),
        ("LCLid,tstp,energy (kWh/hh)", {"value": "energy(kWh/hh)"}, "did you mean 'energy (kWh/hh)'?"),
        ("LCLid,TSTP,kwh", {"starts_at": "tstp"}, "did you mean 'TSTP'?"),
        ("LCLid,when,kwh", {"starts_at": "quality"}, "there are: LCLid, when, kwh."),
    ],
)
def test_a_title_that_was_told_and_is_not_there(read_text, titles: str, columns, guess: str) -> None:
    code, line, message = refused(read_text, f"{titles}\n{ROWS}", columns=columns)
    assert (code, line) == ("no_such_column", 1)
    [(field, title)] = columns.items()
    assert message.startswith(f"There is no column {title!r} for {field}; {guess}")
    assert titles.replace(",", ", ") in message


def test_a_needed_title_misspelt(read_text) -> None:
    code, line, message = refused(read_text, f"meter,timestmp,kwh\n{ROWS}")
    assert (code, line) == ("columns_not_found", 1)
    assert "No column for the time (starts_at or ends_at)" in message
    assert "'timestmp' looks like 'timestamp' misspelt" in message
    assert "--columns starts_at=timestmp" in message
    code, _line, message = refused(read_text, f"meter,timestamp,consumtion\n{ROWS}")
    assert "No column for the value" in message and "--columns value=consumtion" in message
    _code, _line, message = refused(read_text, f"a,b,c\n{ROWS}")
    assert "Name it with --columns starts_at=TITLE." in message


def test_a_title_nobody_asked_for_that_is_one_letter_from_one_that_counts(read_text) -> None:
    rows = "M1,2013-01-01 00:00,1,E\nM1,2013-01-01 00:30,2,E\n"
    code, line, message = refused(read_text, f"meter,timestamp,kwh,qualty\n{rows}")
    assert (code, line) == ("misspelt_title", 1)
    assert "'qualty' looks like 'quality' misspelt" in message and "--columns quality=qualty" in message
    text = f"meter,timestamp,kwh,qualty\n{rows}"
    as_it_is = read_text(text, zone="UTC", columns={"quality": "qualty"})
    assert as_it_is.status == "ok" and as_it_is.blocks[0].quality == 2
    something_else = read_text(text, zone="UTC", columns={"quality": ""})
    assert something_else.status == "ok" and something_else.blocks[0].quality == 1


@pytest.mark.parametrize(
    "above", ["Half-hourly data\n", "Report;for;2013\n\n\n", "Report, all meters\nMade,x\n"]
)
def test_titles_below_other_lines(read_text, above: str) -> None:
    code, line, message = refused(read_text, f"{above}meter,timestamp,kwh\n{ROWS}")
    expected = above.count("\n") + 1
    assert (code, line) == ("titles_lower", expected)
    assert f"The titles stand in line {expected}, below" in message


def test_titles_below_other_lines_by_the_titles_told(read_text) -> None:
    text = f"Report,x\na,b,c\n{ROWS}"
    code, line, _message = refused(read_text, text, columns={"starts_at": "b", "value": "c"})
    assert (code, line) == ("titles_lower", 2)


def test_more_fields_than_titles(read_text) -> None:
    """R and spreadsheets number the rows without a title for that."""
    rows = "".join(f"{number},{row}\n" for number, row in enumerate(ROWS.split("\n")[:-1]))
    code, line, message = refused(read_text, f"meter,timestamp,kwh\n{rows}")
    assert (code, line) == ("shifted_titles", 2)
    assert "4 fields under 3 titles" in message
    assert "1 column further right" in message
    code, line, message = refused(
        read_text, f"meter,timestamp,kwh\n{ROWS.replace(chr(10), ',x,y' + chr(10))}"
    )
    assert (code, line) == ("shifted_titles", 2) and "the last 2 have none" in message


def test_data_beside_their_titles(read_text) -> None:
    text = "meter,timestamp,kwh,note\nx,M1,2013-01-01 00:00,1\nx,M1,2013-01-01 00:30,1\n"
    code, line, message = refused(read_text, text)
    assert (code, line) == ("shifted_titles", 2)
    assert "Under 'timestamp' stands 'M1'" in message and "a time stands under 'kwh'" in message


def test_doubled_titles_say_where(read_text) -> None:
    code, line, message = refused(read_text, f"meter,timestamp,kwh,kwh\n{ROWS}")
    assert (code, line) == ("repeated_title", 1)
    assert message == "The title 'kwh' stands over columns 3 and 4; give each its own."


def test_columns_without_a_title_do_not_matter(read_text) -> None:
    feed = read_text("meter,timestamp,kwh,,\n" + ROWS.replace("\n", ",,\n"), zone="UTC")
    assert feed.status == "ok"


def test_a_column_an_interval_is_not_read(read_text) -> None:
    clocks = ",".join(f"{slot // 2:02}:{slot % 2 * 3}0" for slot in range(48))
    code, _line, message = refused(read_text, f"meter,date,{clocks}\nM1,2013-01-01{',1' * 48}\n")
    assert code == "wide_table" and "48 times of a day" in message


def test_the_titles_once_more_lose_their_row(read_text) -> None:
    feed = read_text(
        f"meter,timestamp,kwh\n{ROWS}meter,timestamp,kwh\n{ROWS.replace('01-01', '01-02')}", zone="UTC"
    )
    assert feed.status == "partial" and len(feed.blocks) == 2
    assert [(problem.line, problem.code) for problem in feed.problems] == [(4, "unreadable_time")]
    assert "once more" in feed.problems[0].message


def test_excel_says_its_delimiter(read_text) -> None:
    feed = read_text("sep=;\nmeter;timestamp;kwh\n" + ROWS.replace(",", ";"), zone="UTC")
    assert feed.status == "ok" and feed.blocks[0].line == 3


def test_twenty_four_o_clock_is_the_end_of_its_day(read_text) -> None:
    hours = "".join(f"M1,2013-01-01 {hour:02}:00,1\n" for hour in range(1, 25))
    feed = read_text("meter,ends_at,kwh\n" + hours, zone="UTC")
    [block] = feed.blocks
    assert feed.status == "ok" and block.day.day == 1 and block.values.size == 24
