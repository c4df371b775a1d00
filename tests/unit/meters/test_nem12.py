"""NEM12 by its public rules, in files made up here."""

from __future__ import annotations

from datetime import date

import pytest

from meters.domain.blocks import MISSING
from meters.domain.quality import Quality
from meters.inspection import summarise

HEAD = "100,NEM12,202402010000,MDP1,RET1\n"
CHANNEL = "200,6001234567,E1,E1,E1,N1,M77,kWh,30,\n"


def day(stamp: str = "20240101", value: str = "0.5", flag: str = "A", count: int = 48) -> str:
    return f"300,{stamp},{','.join([value] * count)},{flag},,,20240102000000,\n"


def file(*records: str) -> str:
    return HEAD + CHANNEL + "".join(records) + "900\n"


def test_a_day(read_text) -> None:
    feed = read_text(file(day()))
    assert (feed.format, feed.status, feed.problems) == ("nem12", "ok", ())
    [block] = feed.blocks
    assert block.key == ("6001234567", "E1", date(2024, 1, 1))
    assert (block.direction, block.offset_minutes, block.interval_minutes) == ("import", 600, 30)
    assert block.values.tolist() == [500_000] * 48
    assert block.quality == Quality.ACTUAL and block.replaces and block.line == 3
    [channel] = summarise(feed.blocks)
    assert channel.document() == {
        "service_point": "6001234567",
        "channel": "E1",
        "unit": "kWh",
        "interval_minutes": 30,
        "readings": 48,
        "missing": 0,
        "total": "24",
        "starts_at": "2024-01-01T00:00:00+10:00",
        "ends_before": "2024-01-02T00:00:00+10:00",
        "quality": {"actual": 48},
    }


@pytest.mark.parametrize(
    ("suffix", "direction"),
    [
        ("E1", "import"),
        ("E2", "import"),
        ("B1", "export"),
        ("Q1", "import"),
        ("K1", "export"),
        ("b2", "export"),
    ],
)
def test_direction_is_the_customers(read_text, suffix: str, direction: str) -> None:
    feed = read_text(HEAD + CHANNEL.replace(",E1,N1", f",{suffix},N1") + day() + "900\n")
    assert [block.direction for block in feed.blocks] == [direction]


@pytest.mark.parametrize("minutes", [5, 15, 30])
def test_intervals(read_text, minutes: int) -> None:
    feed = read_text(HEAD + CHANNEL.replace(",30,", f",{minutes},") + day(count=1440 // minutes) + "900\n")
    assert feed.status == "ok"
    assert feed.blocks[0].values.size == 1440 // minutes


def test_an_interval_that_changes_is_a_list_and_an_absent_day_is_holes(read_text) -> None:
    later = CHANNEL.replace(",30,", ",15,")
    feed = read_text(HEAD + CHANNEL + day() + later + day("20240103", count=96) + "900\n")
    [channel] = summarise(feed.blocks)
    assert channel.interval_minutes == (30, 15)
    assert (channel.readings, channel.missing) == (48 + 96, 48)


def test_watt_hours_round_to_a_millionth_of_a_kilowatt_hour(read_text) -> None:
    feed = read_text(HEAD + CHANNEL.replace("kWh", "Wh") + day(value="0.0015") + "900\n")
    [channel] = summarise(feed.blocks)
    assert feed.blocks[0].values[0] == 2, "0.0000015 kWh, half to even"
    assert channel.document()["total"] == "0.096" and channel.document()["unit"] == "Wh"


def test_no_unit_is_null(read_text) -> None:
    [channel] = summarise(read_text(HEAD + CHANNEL.replace("kWh", "") + day() + "900\n").blocks)
    assert channel.document()["unit"] is None and not channel.unit.stored


def test_quality_by_interval_and_null_data(read_text) -> None:
    feed = read_text(file(day(flag="V"), "400,1,20,A,,\n400,21,30,S14,76,\n400,31,47,F51,,\n400,48,48,N,,\n"))
    assert feed.status == "ok"
    [block] = feed.blocks
    assert block.values[47] == MISSING and block.values[46] == 500_000
    [channel] = summarise(feed.blocks)
    assert channel.quality == {"actual": 20, "substituted": 10, "final": 17, "missing": 1}
    assert (channel.readings, channel.missing, channel.ends_before.isoformat()) == (
        47,
        0,
        "2024-01-01T23:30:00+10:00",
    )


@pytest.mark.parametrize(("flag", "word"), [("E52", "forward"), ("F14", "final"), ("S14", "substituted")])
def test_flags(read_text, flag: str, word: str) -> None:
    [channel] = summarise(read_text(file(day(flag=flag))).blocks)
    assert channel.quality == {word: 48}


def test_a_day_of_null_data_is_kept_as_said(read_text) -> None:
    feed = read_text(file(day(flag="N"), day("20240102")))
    assert feed.status == "ok"
    [channel] = summarise(feed.blocks)
    assert (channel.readings, channel.missing, channel.quality) == (48, 0, {"actual": 48, "missing": 48})


def test_a_later_record_replaces_its_day(read_text) -> None:
    feed = read_text(file(day(), day("20240102"), day(value="0.7", flag="F14")))
    first = next(block for block in feed.blocks if block.day == date(2024, 1, 1))
    assert feed.status == "ok" and first.values[0] == 700_000 and first.quality == Quality.FINAL


def test_500_records_blank_lines_a_mark_and_windows_line_ends_are_read_past(read_text) -> None:
    text = "\ufeff" + file(day(), "500,A,S1,20240101101010,\n", "\n").replace("\n", "\r\n") + "\r\n"
    assert read_text(text).status == "ok"


@pytest.mark.parametrize(
    ("records", "line", "code"),
    [
        ([day(count=47)], 3, "wrong_count"),
        ([day(count=96)], 3, "wrong_count"),
        ([day(flag="X")], 3, "wrong_count"),
        ([day(value="")], 3, "no_value"),
        ([day(value="abc")], 3, "not_a_number"),
        ([day(value="-1")], 3, "negative_value"),
        ([day(flag="V")], 3, "bad_quality"),
        ([day(flag="V"), "400,1,20,A,,\n"], 3, "bad_quality"),
        ([day(flag="V"), "400,1,20,A,,\n", "400,22,48,A,,\n"], 5, "bad_quality"),
        ([day(flag="V"), "400,1,49,A,,\n"], 4, "bad_quality"),
        ([day(flag="V"), "400,1,48,V,,\n"], 4, "bad_quality"),
        ([day(flag="V"), "400,one,48,A,,\n"], 4, "bad_quality"),
        ([day(), "400,1,48,A,,\n"], 4, "unexpected_quality"),
        ([day("20240230")], 3, "bad_date"),
        ([day("2024-01-01")], 3, "bad_date"),
        ([day("20240230", flag="V"), "400,1,48,A,,\n"], 3, "bad_date"),
        ([day("00010101")], 3, "bad_date"),
    ],
)
def test_a_fault_within_a_day_drops_that_day_and_says_so(read_text, records, line: int, code: str) -> None:
    feed = read_text(file(*records, day("20240105")))
    assert feed.status == "partial"
    assert [(problem.line, problem.code) for problem in feed.problems] == [(line, code)]
    assert feed.problems[0].message.endswith("left out.")
    assert [block.day for block in feed.blocks] == [date(2024, 1, 5)]


def test_a_faulty_correction_takes_the_day_it_meant_to_correct_until_a_sound_one(read_text) -> None:
    assert read_text(file(day(), day(value="x"))).blocks == ()
    assert len(read_text(file(day(), day(value="x"), day(value="3"))).blocks) == 1


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        (CHANNEL + day() + "900\n", 1, "no_header"),
        ("\n\n" + CHANNEL + day() + "900\n", 3, "no_header"),
        (HEAD + CHANNEL + day(), 3, "no_end"),
        (HEAD + CHANNEL + day()[:60], 3, "no_end"),
        (HEAD + CHANNEL + day() + "900\n" + day("20240102"), 5, "after_end"),
        (HEAD + day() + "900\n", 2, "no_channel"),
        (HEAD + CHANNEL + "400,1,48,A,,\n900\n", 3, "no_day"),
        (HEAD + HEAD + CHANNEL + day() + "900\n", 2, "second_header"),
        (HEAD + "200,6001234567,E1\n" + day() + "900\n", 2, "short_record"),
        (HEAD + CHANNEL.replace(",30,", ",7,") + day() + "900\n", 2, "bad_interval"),
        (HEAD + CHANNEL.replace(",30,", ",half,") + day() + "900\n", 2, "bad_interval"),
        (HEAD + CHANNEL.replace("6001234567", "") + day() + "900\n", 2, "no_name"),
        (HEAD + "777,what\n900\n", 2, "unknown_record"),
        (HEAD.replace("NEM12", "NEM15") + CHANNEL + day() + "900\n", 1, "unsupported_version"),
        (HEAD + CHANNEL + day() + '300,"2024' + "\n", 4, None),
    ],
)
def test_a_fault_of_structure_refuses_the_file(read_text, text: str, line: int, code: str | None) -> None:
    feed = read_text(text)
    assert (feed.status, feed.blocks) == ("rejected", ())
    assert feed.problems[-1].line == line
    assert code is None or [problem.code for problem in feed.problems] == [code]


def test_bytes_that_are_no_text_refuse_the_file_with_their_line(read_text) -> None:
    text = file(*[day(f"2024{month:02d}01") for month in range(1, 13)] * 40).encode()
    assert len(text) > 70_000, "beyond the part that is looked at beforehand"
    feed = read_text(text.replace(b"900\n", b"500,\xff\xfe\n900\n"))
    assert (feed.status, feed.problems[0].code, feed.problems[0].line) == ("rejected", "encoding", 483)


def test_a_channel_that_changes_its_unit_loses_the_days_of_the_other(read_text) -> None:
    other = CHANNEL.replace("kWh", "kVArh")
    feed = read_text(HEAD + CHANNEL + day() + other + day("20240102") + "900\n")
    assert feed.status == "partial" and [block.day for block in feed.blocks] == [date(2024, 1, 1)]
    assert [(problem.line, problem.code) for problem in feed.problems] == [(5, "channel_changed")]
