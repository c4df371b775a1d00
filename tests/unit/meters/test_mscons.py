"""MSCONS by its public rules, in files made up here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from mscons_files import CET, interchange, location, message, position, stamp, values

from meters.domain.blocks import MISSING
from meters.domain.quality import Quality
from meters.inspection import summarise

POINT = "DE0001234567800000000000000012345"
JANUARY = datetime(2024, 1, 10, tzinfo=CET)
OBIS = "1-1:1.29.0"


def file(*segments: str, **how) -> str:
    return interchange(message(*location(POINT), *segments), **how)


def day(quantity: str = "0.25", count: int = 96, first: datetime = JANUARY, **how) -> list[str]:
    return position(OBIS, *values(first, [quantity] * count, **how))


def codes(feed) -> list[str]:
    return [problem.code for problem in feed.problems]


def test_a_day(read_text) -> None:
    feed = read_text(file(*day()))
    assert (feed.format, feed.status, feed.problems) == ("mscons", "ok", ())
    [block] = feed.blocks
    assert block.key == (POINT, OBIS, date(2024, 1, 10))
    assert (block.direction, block.unit.base, block.offset_minutes, block.interval_minutes) == (
        "import",
        "kWh",
        60,
        15,
    )
    assert block.values.tolist() == [250_000] * 96 and block.quality == Quality.ACTUAL
    assert block.replaces, "every interval is told"
    assert block.line == 14, "segments are counted, UNA among them: the day's first QTY"


@pytest.mark.parametrize("between", ["", "\n", "\r\n"])
@pytest.mark.parametrize(
    ("una", "quantity"), [("UNA:+,? '", "0,25"), ("UNA:+.? '", "0.25"), ("", "0.25"), ("", "0,25")]
)
def test_una_or_none_line_breaks_or_none(read_text, una: str, quantity: str, between: str) -> None:
    feed = read_text(file(*day(quantity), una=una, between=between))
    assert feed.status == "ok" and feed.blocks[0].values.sum() == 24_000_000
    assert feed.blocks[0].line == (14 if una else 13)


def test_other_separators(read_text) -> None:
    swapped = file(*day(), una="").translate(str.maketrans(":+?'", "|;\\~"))
    feed = read_text("UNA|;.\\ ~" + swapped.replace("\\|", ":").replace("\\;", "+"))
    assert feed.status == "ok" and feed.blocks[0].values.sum() == 24_000_000


def test_lines_may_break_anywhere(read_text) -> None:
    whole = file(*day())
    wrapped = "\n".join(whole[at : at + 80] for at in range(0, len(whole), 80))
    assert read_text(wrapped).blocks[0].values.tolist() == read_text(whole).blocks[0].values.tolist()


def test_a_decimal_mark_that_una_does_not_have(read_text) -> None:
    feed = read_text(file(*day("0.25"), una="UNA:+,? '"))
    assert feed.status == "rejected" and set(codes(feed)) == {"wrong_decimal_mark"}
    assert "'0.25'" in feed.problems[0].message
    feed = read_text(file(*day("0,25"), una="UNA:+.? '", charset="UNOC:4"))
    assert feed.status == "ok", "syntax version 4 has both"


def test_utc_days_are_cut_in_central_european_standard_time(read_text) -> None:
    first = datetime(2024, 1, 9, 23, tzinfo=UTC)
    [block] = read_text(file(*day(first=first))).blocks
    assert (block.day, block.replaces) == (date(2024, 1, 10), True)
    summer = datetime(2024, 7, 9, 22, tzinfo=UTC)
    blocks = read_text(file(*day(first=summer))).blocks
    assert [(each.day, int(each.present.sum()), each.replaces) for each in blocks] == [
        (date(2024, 7, 9), 4, False),
        (date(2024, 7, 10), 92, False),
    ]


def test_the_repeated_and_the_omitted_hour(read_text) -> None:
    autumn = values(datetime(2023, 10, 28, 22, tzinfo=UTC), [f"{n}" for n in range(100)])
    feed = read_text(file(*position(OBIS, *autumn)))
    assert feed.status == "ok" and sum(int(block.present.sum()) for block in feed.blocks) == 100
    spring = values(datetime(2024, 3, 30, 23, tzinfo=UTC), ["1"] * 92)
    feed = read_text(file(*position(OBIS, *spring)))
    assert feed.status == "ok" and sum(int(block.present.sum()) for block in feed.blocks) == 92


def local(shown: list[tuple[str, str]]) -> list[str]:
    told = []
    for number, (start, end) in enumerate(shown):
        told += [f"QTY+220:{number}", f"DTM+163:20231029{start}:203", f"DTM+164:20231029{end}:203"]
    return position(OBIS, *told)


def test_a_local_clock_is_germanys_and_its_repeated_hour_goes_by_order(read_text) -> None:
    shown = [("0130", "0200"), ("0200", "0230"), ("0230", "0200"), ("0200", "0230"), ("0230", "0300")]
    feed = read_text(file(*local(shown)))
    assert feed.status == "ok"
    [block] = feed.blocks
    found = [(int(place), int(block.values[place]) // 10**6) for place in block.present.nonzero()[0]]
    assert found == [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4)], "01:30 CEST is 00:30 in standard time"


def test_a_local_clock_of_nobody_has_to_be_named(read_text) -> None:
    text = file(*local([("0100", "0115")]), agency="14").replace("::293", "::9")
    feed = read_text(text)
    assert (feed.status, codes(feed)) == ("rejected", ["timezone_needed"])
    assert read_text(text, zone="Europe/Vienna").status == "ok"


@pytest.mark.parametrize(
    ("status", "quality"),
    [
        ("220", Quality.ACTUAL),
        ("67", Quality.SUBSTITUTED),
        ("201", Quality.ESTIMATED),
        ("Z18", Quality.ESTIMATED),
        ("187", Quality.FORWARD),
    ],
)
def test_statuses(read_text, status: str, quality: Quality) -> None:
    [block] = read_text(file(*day(status=status))).blocks
    assert block.quality == quality


def test_a_status_nobody_knows_leaves_its_day_out(read_text) -> None:
    told = day() + values(JANUARY + timedelta(days=1), ["1"], status="999")
    feed = read_text(file(*told))
    assert feed.status == "partial" and [block.day for block in feed.blocks] == [date(2024, 1, 10)]
    assert codes(feed) == ["unknown_status"] and "'999'" in feed.problems[0].message
    assert feed.problems[0].dropped == (POINT, OBIS, date(2024, 1, 11))


@pytest.mark.parametrize("status", ["20", "Z30"])
def test_what_is_not_usable_is_a_hole(read_text, status: str) -> None:
    rest = values(JANUARY + timedelta(hours=1), ["1"] * 92)
    feed = read_text(file(*position(OBIS, *values(JANUARY, ["7", "7", "", "7"], status=status), *rest)))
    assert feed.status == "ok"
    [block] = feed.blocks
    assert block.replaces, "holes are told, too"
    assert block.values[:4].tolist() == [MISSING] * 4 and block.values[4:].tolist() == [10**6] * 92
    [remark] = block.remarks
    assert (remark.first, remark.end, remark.reason_code) == (0, 4, status)


def test_a_day_of_nothing_usable_replaces_and_a_part_of_one_is_named(read_text) -> None:
    [block] = read_text(file(*day(status="20"))).blocks
    assert block.replaces and not block.present.any()
    feed = read_text(file(*day(status="20", count=5)))
    assert (feed.status, codes(feed)) == ("rejected", ["no_value"])
    assert "2024-01-10" in feed.problems[0].message


def test_how_a_substitute_was_made_is_a_remark(read_text) -> None:
    why = ["STS+Z32++Z92", "STS+Z40++Z75"]
    told = values(JANUARY, ["1"] * 2) + values(
        JANUARY + timedelta(minutes=30), ["2"] * 3, status="67", more=why
    )
    [block] = read_text(file(*position(OBIS, *told))).blocks
    [remark] = block.remarks
    assert (remark.first, remark.end, remark.method, remark.reason_code) == (2, 5, "Z92", "Z75")
    assert remark.reason == "communication fault"
    assert block.qualities()[:6].tolist() == [1, 1, 4, 4, 4, 0]


@pytest.mark.parametrize(
    ("obis", "unit", "direction"),
    [
        ("1-1:1.29.0*255", "kWh", "import"),
        ("1-1:2.29.0", "kWh", "export"),
        ("1-0:3.29.0", "kVArh", "import"),
        ("1-1:8.29.0", "kVArh", "export"),
        ("1-1:1.10.0", "kWh", "import"),
        ("1-1:1.5.0", "kW", "import"),
        ("7-20:99.33.17", "kWh", "import"),
        ("7-0:6.0.0", "m3", "export"),
    ],
)
def test_what_an_obis_code_says(read_text, obis: str, unit: str, direction: str) -> None:
    text = file(*position(obis, *values(JANUARY, ["1"] * 4)))
    feed = read_text(text)
    if obis == "7-0:6.0.0":
        assert codes(feed) == ["register_with_period"] * 4
        return
    [block] = feed.blocks
    assert (block.channel, block.unit.base, block.direction) == (obis, unit, direction)


def test_the_files_own_unit_goes_before_the_obis_codes(read_text) -> None:
    told = [segment.replace("QTY+220:1", "QTY+220:1:MWH") for segment in values(JANUARY, ["1"] * 4)]
    [block] = read_text(file(*position(OBIS, *told))).blocks
    assert block.unit.declared == "MWh" and block.values[0] == 10**9
    [block] = read_text(file(*position("1-1:3.29.0", "MEA+AAZ++K3", *values(JANUARY, ["1"])))).blocks
    assert block.unit.declared == "kVArh"


def test_several_points_channels_and_messages(read_text) -> None:
    feed = read_text(
        interchange(
            message(
                *location("A"),
                *day("1"),
                *position("1-1:2.29.0", *values(JANUARY, ["2"] * 96)),
                *location("B"),
                *day("3"),
            ),
            message(*location("C"), *day("4"), reference="2"),
        )
    )
    assert feed.status == "ok"
    found = [(each.service_point, each.channel, each.document()["total"]) for each in summarise(feed.blocks)]
    assert found == [("A", OBIS, "96"), ("A", "1-1:2.29.0", "192"), ("B", OBIS, "288"), ("C", OBIS, "384")]


def test_a_later_message_corrects_an_earlier_one(read_text) -> None:
    later = message(*location(POINT), *position(OBIS, *values(JANUARY, ["9"] * 2)), reference="2")
    feed = read_text(interchange(message(*location(POINT), *day("1")), later))
    [block] = feed.blocks
    assert feed.status == "ok" and block.values[:3].tolist() == [9 * 10**6, 9 * 10**6, 10**6]


def test_two_values_for_an_interval_leave_the_day_out_and_the_same_again_counts_once(read_text) -> None:
    again = values(JANUARY, ["0.25"])
    feed = read_text(file(*day(), *again))
    assert codes(feed) == ["repeated_reading"] and feed.blocks[0].values.sum() == 24_000_000
    feed = read_text(file(*day(), *values(JANUARY, ["0.5"])))
    assert codes(feed) == ["conflicting_readings"] and not feed.blocks
    assert feed.problems[0].dropped == (POINT, OBIS, date(2024, 1, 10))


def test_a_bad_value_takes_its_day_with_it_and_no_other(read_text) -> None:
    told = [*day(), *values(JANUARY + timedelta(days=1), ["1", "1.0.0", "-1", "1e99", ""])]
    feed = read_text(file(*told))
    assert feed.status == "partial" and [block.day for block in feed.blocks] == [date(2024, 1, 10)]
    assert codes(feed) == ["not_a_number", "negative_value", "value_too_large", "no_value"]
    assert all(problem.line and "2024-01-11 is left out" in problem.message for problem in feed.problems)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("DTM+163:202413100000?+01:303", "bad_time"),
        ("DTM+163:202401100000?+01:999", "bad_time"),
        ("DTM+963:202401100000?+01:303", "bad_time"),
        ("DTM+163:202401100007?+01:303", "off_grid"),
        ("DTM+163:202401100100?+01:303", "no_interval"),
    ],
)
def test_bad_times(read_text, bad: str, code: str) -> None:
    told = day()
    told[told.index(f"DTM+163:{stamp(JANUARY)}")] = bad
    if code == "off_grid":
        told[told.index(f"DTM+164:{stamp(JANUARY + timedelta(minutes=15))}")] = "DTM+164:202401100022?+01:303"
    feed = read_text(file(*told))
    assert feed.status == "rejected" and code in codes(feed)


def test_a_value_without_any_time_is_named(read_text) -> None:
    feed = read_text(file(*day(), "QTY+220:5"))
    assert (feed.status, codes(feed)) == ("partial", ["no_time"]) and len(feed.blocks) == 1
    assert "QTY+220:5" in feed.problems[0].message


def test_one_end_of_a_period_is_enough_where_the_others_tell_its_length(read_text) -> None:
    ends = [segment for segment in day() if not segment.startswith("DTM+163")]
    feed = read_text(file(*ends))
    assert feed.status == "ok" and feed.blocks[0].values.tolist() == [250_000] * 96


def test_a_period_longer_than_a_day_is_consumption(read_text) -> None:
    month = values(datetime(2023, 12, 31, 23, tzinfo=UTC), ["-312.5"], minutes=31 * 1440)
    feed = read_text(file(*position("1-1:1.9.1", *month)))
    assert feed.status == "ok" and not feed.blocks
    [period] = feed.accumulated
    assert (period.channel, period.micro, period.quality) == ("1-1:1.9.1", -312_500_000, Quality.ACTUAL)
    assert period.starts_at.isoformat() == "2024-01-01T00:00:00+01:00"
    assert period.ends_before.isoformat() == "2024-02-01T00:00:00+01:00"


def test_figures_of_registers(read_text) -> None:
    high = ["QTY+220:12345.6", "DTM+9:20240131:102", "DTM+7:202401312300?+00:303"]
    low = ["QTY+67:777", "DTM+7:202401312300?+00:303", "STS+Z32++Z92", "STS+Z40++Z74"]
    own = ["QTY+220:8", "DTM+9:202401311012?+00:303", "STS+Z33++Z83"]
    feed = read_text(
        file(
            "RFF+MG:1ESM0012345",
            *position("1-1:1.8.1", *high),
            *position("1-1:1.8.2", *low),
            *position("1-1:2.8.0", *own),
        )
    )
    assert feed.status == "ok" and not feed.blocks
    found = [
        (read.meter, read.register, read.figure, read.kind, read.direction, read.read_at.isoformat())
        for read in feed.accumulated
    ]
    assert feed.accumulated[1].method == "Z92" and feed.accumulated[1].reason == "Z74 no access"
    assert found == [
        ("1ESM0012345", "1-1:1.8.1", 12_345_600_000, "actual", "import", "2024-02-01T00:00:00+01:00"),
        ("1ESM0012345", "1-1:1.8.2", 777_000_000, "substituted", "import", "2024-02-01T00:00:00+01:00"),
        ("1ESM0012345", "1-1:2.8.0", 8_000_000, "customer", "export", "2024-01-31T11:12:00+01:00"),
    ]


@pytest.mark.parametrize(
    ("hint", "obis", "moment", "kind"),
    [
        ("CCI+ACH++MRV", "1-1:1.8.0", "2024-02-01T00:00:00+01:00", "actual"),
        ("CCI+ACH++SMV", "1-1:1.8.0", "2024-01-31T00:00:00+01:00", "actual"),
        ("CCI+ACH++IOM", "1-1:1.8.0", "2024-02-01T00:00:00+01:00", "first"),
        ("CCI+ACH++ROM", "7-0:3.0.0", "2024-02-01T06:00:00+01:00", "final"),
    ],
)
def test_a_date_alone(read_text, hint: str, obis: str, moment: str, kind: str) -> None:
    [read] = read_text(file(hint, *position(obis, "QTY+220:5", "DTM+9:20240131:102"))).accumulated
    assert (read.read_at.isoformat(), read.kind) == (moment, kind)


@pytest.mark.parametrize(
    ("segments", "code"),
    [
        (position(OBIS, "QTY+220:5", "DTM+9:20240131:102"), "no_period"),
        (position("1-1:1.8.0", "QTY+20:5", "DTM+9:20240131:102"), "no_value"),
        (position("1-1:1.8.0", "QTY+220:x5", "DTM+9:20240131:102"), "not_a_number"),
        (position("1-1:1.8.0", "QTY+220:", "DTM+9:20240131:102"), "no_value"),
        (position("7-0:52.0.22", *values(JANUARY, ["0.95"])), "not_a_reading"),
        (position(OBIS, *values(JANUARY, ["1"], status="Z31")), "not_a_reading"),
        (position(OBIS), "no_readings"),
        (position("1-1:1.9.0", *values(JANUARY, ["1"], minutes=44640, status="Z30")), "no_value"),
    ],
)
def test_what_is_no_reading_is_named(read_text, segments: list[str], code: str) -> None:
    feed = read_text(file(*segments))
    assert (feed.status, codes(feed)) == ("rejected", [code])
    assert feed.problems[0].line


def test_values_without_a_metering_point_are_named(read_text) -> None:
    feed = read_text(interchange(message("NAD+DP", "LOC+107+11XBALANCE", *day(), *location("A"), *day())))
    assert (feed.status, codes(feed)) == ("partial", ["no_service_point"]) and len(feed.blocks) == 1
    assert "96 values" in feed.problems[0].message and "11XBALANCE" in feed.problems[0].message


def test_a_message_that_cancels_takes_nothing_back_and_says_so(read_text) -> None:
    feed = read_text(interchange(message(*location(POINT), *day(), bgm="BGM+7+DOC2+1")))
    assert (feed.status, codes(feed)) == ("rejected", ["cancellation"])
    assert "96 values" in feed.problems[0].message


def test_a_test_is_not_taken(read_text) -> None:
    assert codes(read_text(file(*day(), test=True))) == ["test_file"]


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("UNZ+1+REF1'", "", "no_end"),
        ("UNZ+1+REF1'", "UNZ+1+REF1", "no_end"),
        ("UNZ+1+REF1'", "UNZ+2+REF1'", "wrong_count"),
        ("UNZ+1+REF1'", "UNZ+1+REF2'", "wrong_reference"),
        ("UNZ+1+REF1'", "UNZ+1+REF1'UNB+UNOC:3+1+2'", "after_end"),
        ("+MSCONS:", "+INVOIC:", "unsupported_message"),
        ("UNB+UNOC", "UNB+UNOZ", "unknown_encoding"),
        ("UNA:+.? '", "UNA:+;? '", "bad_una"),
        ("UNA:+.? '", "UNA:+.?'", "bad_una"),
        ("UNA:+.? '", "UNA:+.? ~", "no_end"),
        ("UNA:+.? '", "UNA::.? '", "bad_una"),
        ("LIN+1'", "LEN+1'", "unknown_segment"),
        ("SRW'", "SRW'PIA+5+1-1?:2.29.0:SRW'", "second_channel"),
        ("LIN+1'", "UNH+2+MSCONS:D:04B'", "no_end"),
        ("PIA+5+1-1?:1.29.0:SRW'", "FTX+1'", "no_channel"),
        ("LIN+1'PIA+5+1-1?:1.29.0:SRW'", "FTX+1'FTX+1'", "no_channel"),
    ],
)
def test_an_interchange_that_is_not_whole_is_refused(read_text, before: str, after: str, code: str) -> None:
    text = file(*day())
    assert before in text
    feed = read_text(text.replace(before, after), format_name="mscons")
    assert (feed.status, codes(feed)) == ("rejected", [code])
    assert feed.problems[0].message.endswith(".") and feed.problems[0].line


def test_fewer_segments_than_counted_refuse_and_more_do_not(read_text) -> None:
    told = message(*location(POINT), *day())
    lost = [*told[:20], *told[23:]]
    feed = read_text(interchange(lost))
    assert (feed.status, codes(feed)) == ("rejected", ["wrong_count"])
    more = message(*location(POINT), *day(), count=109)
    assert read_text(interchange(more)).status == "ok", "senders are about who count values, not segments"


def test_character_sets(read_text) -> None:
    name = ["NAD+DP++++Käthe Müßig", *day()]
    text = interchange(message(*location(POINT), *name[1:], "FTX+1+++Größe"))
    assert read_text(text.encode("latin-1")).status == "ok"
    assert read_text(text.replace("UNOC", "UNOY").encode()).status == "ok"
    feed = read_text(text.replace("UNOC", "UNOY").encode("latin-1"))
    assert (feed.status, codes(feed)) == ("rejected", ["encoding"])
    assert feed.problems[0].line == text[: text.index("FTX")].count("'") + 1
    feed = read_text(text.replace("UNOC", "UNOB").encode("latin-1"))
    assert codes(feed) == ["encoding"]


def test_released_characters(read_text) -> None:
    point = "A?+B?:C?'D??E?F"
    [block] = read_text(interchange(message(*location(point), *day()))).blocks
    assert block.service_point == "A+B:C'D?EF"


def test_a_whole_series_puts_wrong_times_right_and_says_so(read_text) -> None:
    whole = [f"DTM+163:{stamp(JANUARY)}", f"DTM+164:{stamp(JANUARY + timedelta(days=1))}"]
    told = values(JANUARY, [f"{n}" for n in range(96)])
    at = told.index("QTY+220:40")
    told[at + 2] = told[at + 2].replace("1015", "1016")
    told[at + 4] = told[at + 4].replace("1015", "1016")
    feed = read_text(file(*whole, *position(OBIS, *told)))
    assert (feed.status, codes(feed)) == ("partial", ["times_put_right"])
    [block] = feed.blocks
    assert block.values.tolist() == [n * 10**6 for n in range(96)]
    assert [(remark.first, remark.end) for remark in block.remarks] == [(40, 42)]
    without = read_text(file(*position(OBIS, *told)))
    assert without.status != "ok" and not any(block.present[40] for block in without.blocks)


def test_values_outside_of_the_period_of_their_series_are_named(read_text) -> None:
    whole = [f"DTM+163:{stamp(JANUARY)}", f"DTM+164:{stamp(JANUARY + timedelta(hours=23))}"]
    feed = read_text(file(*whole, *day()))
    assert codes(feed) == ["outside_of_period"] and "4 values" in feed.problems[0].message
    assert feed.blocks[0].present.all()
    none = [whole[0], whole[1].replace("2300", "0000")]
    assert read_text(file(*none, *day())).status == "ok", "a period without length says nothing"


def test_values_that_exchanged_places_keep_their_times(read_text) -> None:
    whole = [f"DTM+163:{stamp(JANUARY)}", f"DTM+164:{stamp(JANUARY + timedelta(days=1))}"]
    told = values(JANUARY, [f"{n}" for n in range(96)])
    told[30:33], told[60:63] = told[60:63], told[30:33]
    [block] = read_text(file(*whole, *position(OBIS, *told))).blocks
    assert block.values.tolist() == [n * 10**6 for n in range(96)]
    told[-1] = told[-1].replace("0000", "0001")
    feed = read_text(file(*whole, *position(OBIS, *told)))
    assert "times_put_right" not in codes(feed) and feed.problems
