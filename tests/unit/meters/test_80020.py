"""Messages of class 80020 by their public rules, in files made up here."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
from market_messages import DAY, POINT, area, channel, market_message, periods, point

from meters.domain.blocks import MISSING
from meters.domain.quality import Quality
from meters.inspection import summarise


def one(inner: str, code: str = "01", **how) -> bytes:
    return market_message(area(point(channel(inner, code))), **how)


def codes(feed) -> list[str]:
    return [problem.code for problem in feed.problems]


def test_a_day_of_half_hours(read_text) -> None:
    feed = read_text(one(periods([f"{n}" for n in range(48)])))
    assert (feed.format, feed.status, feed.problems) == ("80020", "ok", ())
    [block] = feed.blocks
    assert block.key == (POINT, "01", DAY)
    assert (block.offset_minutes, block.interval_minutes, block.unit.base) == (180, 30, "kWh")
    assert block.values.tolist() == [n * 10**6 for n in range(48)]
    assert block.quality == Quality.ACTUAL and block.replaces and not block.remarks
    assert block.line == 17, "the first period's"
    [summary] = summarise(feed.blocks)
    assert summary.starts_at is not None and summary.starts_at.isoformat() == "2024-03-05T00:00:00+03:00"


@pytest.mark.parametrize("encoding", ["windows-1251", "utf-8", "koi8-r"])
@pytest.mark.parametrize("last", ["0000", "2400"])
def test_encodings_hours_and_both_ends_of_a_day(read_text, encoding: str, last: str) -> None:
    hours = periods(["1,5"] * 23 + ["2.25"], minutes=60).replace('end="0000"', f'end="{last}"')
    [block] = read_text(one(hours, encoding=encoding)).blocks
    assert block.interval_minutes == 60
    assert block.values.tolist() == [1_500_000] * 23 + [2_250_000]


@pytest.mark.parametrize(
    ("code", "unit", "direction"),
    [
        ("01", "kWh", "import"),
        ("02", "kWh", "export"),
        ("03", "kVArh", "import"),
        ("04", "kVArh", "export"),
    ],
)
def test_channels(read_text, code: str, unit: str, direction: str) -> None:
    [block] = read_text(one(periods(["1"] * 48), code)).blocks
    assert (block.channel, block.unit.declared, block.direction) == (code, unit, direction)


def test_a_channel_that_is_none_is_named(read_text) -> None:
    inner = channel(periods(["1"] * 48)) + channel(periods(["9"] * 48), "05")
    feed = read_text(market_message(area(point(inner))))
    assert (feed.status, codes(feed), len(feed.blocks)) == ("partial", ["unknown_channel"], 1)
    assert "'05'" in feed.problems[0].message and feed.problems[0].line


def test_areas_points_and_groups(read_text) -> None:
    feed = read_text(
        market_message(
            [
                area(
                    point(channel(periods(["1"] * 48)) + channel(periods(["2"] * 48), "02"), "A")
                    + point(channel(periods(["3"] * 48)), "B")
                ),
                area(point(channel(periods(["4"] * 24, 60), "03"), "C", "accountpoint")),
                area(
                    point(periods(["5"] * 24, 60), "PMORDOVE", "deliverygroup")
                    + point(periods(["6"] * 24, 60), "GMORDOV1", "deliverygroup")
                ),
            ]
        )
    )
    assert feed.status == "ok"
    found = [
        (each.service_point, each.channel, each.direction, each.document()["total"])
        for each in summarise(feed.blocks)
    ]
    assert found == [
        ("A", "01", "import", "48"),
        ("A", "02", "export", "96"),
        ("B", "01", "import", "144"),
        ("C", "03", "import", "96"),
        ("PMORDOVE", "01", "import", "120"),
        ("GMORDOV1", "02", "export", "144"),
    ]


def test_what_is_not_commercial_is_estimated_and_says_so(read_text) -> None:
    inner = (
        periods(["1"] * 10)
        + periods(["2"] * 3, first=300, attributes='status="1" extendedstatus="1114"')
        + periods(["3"], first=390, attributes='status="2"')
        + periods(["4"] * 34, first=420, attributes="")
    )
    feed = read_text(one(inner))
    assert feed.status == "ok"
    [block] = feed.blocks
    assert block.qualities().tolist() == [1] * 10 + [2] * 4 + [1] * 34
    found = [(each.first, each.end, each.method, each.reason_code) for each in block.remarks]
    assert found == [(10, 13, "1114", "1"), (13, 14, None, "2")]
    assert block.remarks[0].reason


def test_a_value_that_is_not_there_is_a_hole(read_text) -> None:
    inner = periods(["7"] * 40) + periods([""] * 2, first=1200, attributes='status="1"')
    feed = read_text(one(inner))
    assert feed.status == "ok"
    [block] = feed.blocks
    assert block.replaces, "a message speaks for its whole day"
    assert block.values[40:].tolist() == [MISSING] * 8
    [block] = read_text(one(periods([""] * 48, attributes='status="1"'))).blocks
    assert block.replaces and not block.present.any()


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        (periods(["1"] * 47) + periods([""], first=1410), "no_value"),
        (periods(["1"] * 47) + periods(["x1"], first=1410), "not_a_number"),
        (periods(["1"] * 47) + periods(["1.000,5"], first=1410), "not_a_number"),
        (periods(["1"] * 47) + periods(["-1"], first=1410), "negative_value"),
        (periods(["1"] * 47) + periods(["1" * 20], first=1410), "value_too_large"),
        (periods(["1"] * 47) + periods(["1"], first=1410, attributes='status="A"'), "unknown_status"),
        (periods(["1"] * 46) + periods(["1"], 60, first=1380), "interval_misfit"),
        (periods(["1"] * 3, 25), "bad_interval"),
        (periods(["1"] * 3, 30, first=10), "off_grid"),
        (periods(["1"] * 48).replace('end="0030"', 'end="0130"'), "interval_misfit"),
        (periods(["1"] * 48).replace('start="0030" end="0100"', 'start="0100" end="0030"'), "bad_time"),
        (periods(["1"] * 48).replace('"1200"', '"12:00"'), "bad_time"),
        (periods(["1"] * 48).replace('"1200"', '"1260"'), "bad_time"),
        (periods(["1"] * 48).replace('"1200"', '"2430"'), "bad_time"),
        (periods(["1"] * 48).replace("<value", "<walue", 1).replace("</value", "</walue", 1), "no_value"),
        (periods(["1"] * 48).replace("</value>", '</value><value status="0">2</value>', 1), "no_value"),
        (periods(["1"] * 48) + periods(["2"]), "conflicting_readings"),
        (periods(["1"] * 48, attributes='status="0" summer="3"'), "bad_time"),
    ],
)
def test_a_bad_period_leaves_the_day_out_and_no_other(read_text, inner: str, code: str) -> None:
    sound = point(channel(periods(["1"] * 48)), "SOUND")
    feed = read_text(market_message(area(point(channel(inner), "BAD") + sound)))
    assert feed.status == "partial"
    assert [block.service_point for block in feed.blocks] == ["SOUND"]
    assert code in codes(feed)
    for problem in feed.problems:
        assert problem.dropped == ("BAD", "01", DAY) and problem.line and "2024-03-05" in problem.message


def test_the_same_period_again_counts_once(read_text) -> None:
    feed = read_text(one(periods(["1"] * 48) + periods(["1"])))
    assert codes(feed) == ["repeated_reading"]
    assert feed.blocks[0].values.tolist() == [10**6] * 48


def test_a_channel_that_stands_twice(read_text) -> None:
    twice = point(channel(periods(["1"] * 48))) * 2
    feed = read_text(market_message(area(twice)))
    assert (codes(feed), len(feed.blocks)) == (["repeated_reading"], 1)
    other = point(channel(periods(["2"] * 48)))
    feed = read_text(market_message([area(twice), area(other), area(point(channel(periods(["1"] * 48))))]))
    assert (feed.status, feed.blocks) == ("rejected", ())
    assert codes(feed) == ["repeated_reading", "conflicting_readings", "conflicting_readings"]


def test_days_before_2011_had_a_clock_that_changed(read_text) -> None:
    [first, second] = read_text(one(periods(["1"] * 48), day=date(2010, 7, 14))).blocks
    assert (first.day, first.present.nonzero()[0].tolist(), first.replaces) == (
        date(2010, 7, 13),
        [46, 47],
        False,
    )
    assert (second.day, int(second.present.sum()), second.replaces) == (date(2010, 7, 14), 46, False)
    [winter] = read_text(one(periods(["1"] * 48), day=date(2010, 1, 14))).blocks
    assert (winter.day, winter.replaces) == (date(2010, 1, 14), True)


@pytest.mark.parametrize("said", [True, False])
def test_the_hour_that_comes_twice(read_text, said: bool) -> None:
    summer, winter = (f'status="0" summer="{flag}"' if said else 'status="0"' for flag in "10")
    inner = (
        periods(["1"] * 4)
        + periods(["2"] * 2, first=120, attributes=summer)
        + periods(["3"] * 2, first=120, attributes=winter)
        + periods(["4"] * 42, first=180)
    )
    feed = read_text(one(inner, day=date(2010, 10, 31), saving="2"))
    assert feed.status == "ok"
    values = [
        int(block.values[place]) // 10**6 for block in feed.blocks for place in block.present.nonzero()[0]
    ]
    assert values == [1, 1, 1, 1, 2, 2, 3, 3] + [4] * 42


def test_the_hour_that_is_left_out(read_text) -> None:
    day = date(2010, 3, 28)
    feed = read_text(one(periods(["1"] * 4) + periods(["1"] * 42, first=180), day=day))
    assert feed.status == "ok" and sum(int(block.present.sum()) for block in feed.blocks) == 46
    assert codes(read_text(one(periods(["1"] * 48), day=day))) == ["no_such_time"]


def test_whose_clock_it_is(read_text) -> None:
    def message(timezone: str | None) -> bytes:
        return market_message(area(point(channel(periods(["1"] * 48))), timezone))

    assert [read_text(message(said)).blocks[0].offset_minutes for said in ("1", None)] == [180, 180]
    [block] = read_text(message(None), zone="Asia/Yekaterinburg").blocks
    assert (block.offset_minutes, block.day) == (300, DAY)
    assert read_text(message("1"), zone="Asia/Yekaterinburg").blocks[0].offset_minutes == 180
    feed = read_text(message("4"))
    assert (feed.status, codes(feed)) == ("rejected", ["timezone_needed"])
    assert read_text(message("4"), zone="Asia/Omsk").blocks[0].offset_minutes == 360


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (market_message(area(point(channel(periods(["1"] * 48)), "")) + area("")), "no_service_point"),
        (market_message(area(point(channel("")))), "no_readings"),
        (market_message(area(point(channel(periods(["1"])))), day="20240231"), "bad_date"),
        (market_message(area(point(channel(periods(["1"])))), day=""), "bad_date"),
        (market_message(area(point(channel(periods(["1"])))), kind="80040"), "unsupported_message"),
        (market_message(area("<datetime><day>20240101</day></datetime>")), "second_header"),
        (
            market_message(area(point(channel(periods(["1"]))))).replace(b"datetime>", b"datum>"),
            "no_day",
        ),
        (one(periods(["1"] * 48))[:-30], "bad_xml"),
        (one(periods(["1"] * 48)).replace(b"</period>", b"", 1), "bad_xml"),
        (one(periods(["1"] * 48), head='<!DOCTYPE a [<!ENTITY b "c">]>\n'), "doctype"),
        (one(periods(["1"] * 48)).replace(b"windows-1251", b"utf-8"), "encoding"),
        (one(periods(["1"] * 1501, 1)), "too_many"),
    ],
)
def test_messages_that_are_refused_or_hold_nothing(read_text, message: bytes, code: str) -> None:
    feed = read_text(message, format_name="80020")
    assert (feed.status, feed.blocks, codes(feed)) == ("rejected", (), [code])
    assert feed.problems[0].message.endswith(".") and feed.problems[0].line


def test_a_message_without_a_period_holds_nothing(read_text) -> None:
    feed = read_text(market_message(area("")))
    assert (feed.status, codes(feed)) == ("rejected", ["no_readings"])


OLD, NEW = periods(["1"] * 48), periods(["2"] * 40)


@pytest.mark.parametrize("format_name", ["auto", "80020"])
@pytest.mark.parametrize("messages", [((9, OLD), (10, NEW)), ((10, NEW), (9, OLD)), ((9, OLD), (9, NEW))])
def test_of_a_day_sent_again_in_one_zip_the_later_number_stands(read_text, messages, format_name) -> None:
    """Names sort 80020_10 before 80020_9; the numbers inside decide, and of equal ones the order."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for place, (number, inner) in enumerate(messages):
            archive.writestr(f"80020_1_20240305_{place}.xml", one(inner, number=number))
    [block] = read_text(held.getvalue(), name="x.zip", format_name=format_name).blocks
    assert block.values.tolist() == [2 * 10**6] * 40 + [MISSING] * 8, "it speaks for all of the day"
