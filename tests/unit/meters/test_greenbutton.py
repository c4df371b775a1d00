"""Green Button, one rule at a time."""

from __future__ import annotations

from datetime import date

import pytest
from green_buttons import (
    LOCAL,
    POINT,
    ROOT,
    SERIES,
    TYPE,
    Feed,
    Reading,
    Style,
    at,
    blocks,
    intervals,
    items,
    problems,
    simple,
)

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.decimals import MISSING
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.feeds.format import ReadOptions
from meters.feeds.formats import recognised

DAY = at("2026-03-01T00:00+00:00")


def half_hours(count: int = 48, start: int = DAY, value: object = 500, **more: object) -> list[Reading]:
    return [Reading(start + place * 1800, 1800, value, **more) for place in range(count)]  # type: ignore[arg-type]


def reading_line(place: int) -> int:
    """Where a reading begins in a simple feed, by its place: each takes seven lines."""
    return 51 + 7 * place


def line_of(xml: bytes, text: bytes) -> int:
    return xml[: xml.index(text)].count(b"\n") + 1


def channels(xml: bytes) -> list[tuple[str, str, str, str | None]]:
    """(service point, channel, direction, unit) of what is read, each once."""
    named = [
        (
            one.service_point,
            one.register if isinstance(one, RegisterRead) else one.channel,
            one.direction,
            one.unit,
        )
        for one in items(xml)
        if not isinstance(one, Problem)
    ]
    return [(*one[:3], one[3].base) for one in dict.fromkeys(named)]


def test_a_day_of_half_hours() -> None:
    [block] = blocks(items(simple(*half_hours())))
    assert (block.service_point, block.channel, block.direction) == ("9/4", "electricity-import", "import")
    assert (block.unit.declared, block.unit.base, block.interval_minutes, block.replaces) == (
        "Wh",
        "kWh",
        30,
        False,
    )
    assert (block.day, block.offset_minutes, block.quality) == (date(2026, 3, 1), 0, Quality.ACTUAL)
    assert block.values.tolist() == [500_000] * 48
    assert block.line == 51


def test_it_is_recognised_by_its_content() -> None:
    for style in (Style(), Style("atom:", "espi:"), Style("a:", "")):
        found = recognised(simple(*half_hours(2), style=style).decode())
        assert found is not None and found.name == "greenbutton"
    assert recognised('<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"/>') is None


@pytest.mark.parametrize(
    ("uom", "power", "value", "base", "micro"),
    [
        (72, 0, 1, "kWh", 1_000),
        (72, -3, 1, "kWh", 1),
        (72, -6, 1499, "kWh", 1),
        (72, -6, 500, "kWh", 0),
        (72, -6, 1500, "kWh", 2),
        (72, -6, 2500, "kWh", 2),
        (72, 3, "1.25", "kWh", 1_250_000),
        (72, 3, "-0.5", "kWh", -500_000),
        (72, -6, -1500, "kWh", -2),
        (72, 6, 7, "kWh", 7_000_000_000),
        (31, 0, 3_600_000, "kWh", 1_000_000),
        (31, 0, 3, "kWh", 1),  # 0.83 millionths
        (73, 0, 4, "kVArh", 4_000),
        (42, -3, 7, "m3", 7_000),
        (134, 0, 7, "m3", 7_000),
        (119, 0, 1, "m3", 28_317),  # 0.028316846592
        (119, 2, 1, "m3", 2_831_685),  # a hundred cubic feet, CCF
        (128, 0, 1, "m3", 3_785),  # 231 cubic inches, 0.003785411784
        (130, 3, 1, "m3", 4_546_090),
        (169, -3, 1_000, "therm", 1_000_000),
        (132, 0, 1, "BTU", 1_000_000),
        (38, 0, 5, "W", 5_000_000),
        (211, 0, 5, "uom 211", 5_000_000),
        (0, 0, 5, None, 5_000_000),
        (None, None, 5, None, 5_000_000),
        ("", "", 5, None, 5_000_000),
    ],
)
def test_units_and_powers_of_ten_are_exact(
    uom: object, power: object, value: object, base: str | None, micro: int
) -> None:
    found = items(simple(Reading(DAY, 1800, value), uom=uom, powerOfTenMultiplier=power))
    [block] = blocks(found)
    assert (block.unit.base, int(block.values[0])) == (base, micro) and problems(found) == []


@pytest.mark.parametrize(
    ("fields", "name", "direction"),
    [
        ({}, "electricity-import", "import"),
        ({"flowDirection": 19}, "electricity-export", "export"),
        ({"flowDirection": None, "kind": None}, "electricity-import", "import"),
        ({"flowDirection": 4}, "electricity-net", "import"),
        ({"uom": 73}, "electricity-reactive-import", "import"),
        ({"uom": 73, "flowDirection": 16}, "electricity-reactive-q2", "import"),
        ({"uom": 73, "flowDirection": 18}, "electricity-reactive-q4", "export"),
        ({"flowDirection": 16}, "electricity-q2", "export"),
        ({"commodity": 7, "uom": 42}, "gas-import", "import"),
        ({"commodity": None, "uom": 42}, "electricity-import", "import"),  # as the usage point says
        ({"tou": 2}, "electricity-import-tou2", "import"),
        ({"consumptionTier": 3}, "electricity-import-tier3", "import"),
        ({"phase": 769}, "electricity-import", "import"),
        ({"phase": 128}, "electricity-import-phase128", "import"),
        ({"uom": 38, "dataQualifier": 8}, "electricity-power-import-maximum", "import"),
    ],
)
def test_a_channel_is_named_by_what_it_counts(fields: dict[str, object], name: str, direction: str) -> None:
    [(point, channel, found, _)] = channels(simple(Reading(DAY, 1800, 1), **fields))
    assert (point, channel, found) == ("9/4", name, direction)


def test_a_usage_point_of_gas_or_water_without_a_commodity() -> None:
    for kind, word in ((1, "gas"), (2, "water"), ("", "meter"), (None, "meter")):
        feed = (
            Feed().local().point(kind=kind).type(commodity=None, uom=42).series().block(Reading(DAY, 3600, 1))
        )
        [(_, channel, _, unit)] = channels(feed.xml())
        assert (channel, unit) == (f"{word}-import", "m3")


def test_two_series_that_would_share_a_name_keep_the_ids_of_their_own() -> None:
    feed = Feed().local().point().type()
    for number in ("01", "02"):
        own = f"{POINT}/MeterReading/{number}"
        feed.series(own).block(Reading(DAY, 1800, number), own=f"{own}/IntervalBlock/1")
    assert [one[1] for one in channels(feed.xml())] == ["electricity-import/01", "electricity-import/02"]


def test_a_series_says_its_channel_itself() -> None:
    own = f"{POINT}/MeterReading/channel=1-1%3A1.29.0%2F%C3%A4"
    feed = (
        Feed().local().point().type().series(own).block(Reading(DAY, 1800, 1), own=f"{own}/IntervalBlock/1")
    )
    assert [one[1] for one in channels(feed.xml())] == ["1-1:1.29.0/ä"]


@pytest.mark.parametrize(
    ("own", "title", "name"),
    [
        ("/espi/1_1/resource/RetailCustomer/5/UsagePoint/1", "Home", "5/1"),
        ("User/111/UsagePoint/01", "", "111/01"),
        ("/UsagePoint/4711", "Home", "4711"),
        ("/resource/UsagePoint/a%2Fb%20c", "Home", "a/b c"),
        ("/v1/BillingAccount/12/UsagePoint/NET_USAGE/", "1 MAIN ST", "12/NET_USAGE"),
        ("/points/77", "Home", "Home"),
        ("/points/77", "", "urn:uuid:1"),
    ],
)
def test_a_service_point_is_named_by_its_own_address(own: str, title: str, name: str) -> None:
    feed = Feed().local().entry(own, "<UsagePoint/>", [SERIES], title).type().series().block(*half_hours(1))
    assert [one[0] for one in channels(feed.xml())] == [name]


def test_entries_in_any_order_and_links_left_out() -> None:
    known = intervals(items(simple(*half_hours(4))))
    entries = Feed().local().point().type().series().block(*half_hours(4)).entries
    for order in ([4, 3, 2, 1, 0], [2, 4, 0, 3, 1]):
        assert intervals(items(Feed(entries=[entries[place] for place in order]).xml())) == known
    bare = Feed().entry(POINT, "<UsagePoint/>", up="").type().entry(SERIES, "<MeterReading/>", up="")
    bare.blocks([half_hours(4)], f"{SERIES}/IntervalBlock/1")
    assert intervals(items(bare.xml())) == known


def test_several_points_and_series_are_kept_apart() -> None:
    feed = Feed().local(3600).type().type(f"{ROOT}/ReadingType/08", flowDirection=19, powerOfTenMultiplier=3)
    expected = set()
    for number in range(3):
        point = f"{ROOT}/RetailCustomer/9/UsagePoint/{number}"
        feed.point(point)
        for place, kind in (("1", TYPE), ("2", f"{ROOT}/ReadingType/08")):
            own = f"{point}/MeterReading/{place}"
            feed.series(own, kind).block(Reading(DAY, 1800, 10 + number), own=f"{own}/IntervalBlock/1")
            word, micro = ("import", 1_000) if place == "1" else ("export", 1_000_000)
            expected.add((f"9/{number}", f"electricity-{word}", (10 + number) * micro))
    found = {(key[0], key[1], value[0]) for key, value in intervals(items(feed.xml())).items()}
    assert found == expected


def test_the_day_is_of_the_feeds_standard_time_else_of_the_premises() -> None:
    start = at("2026-03-01T00:00-05:00")
    reading = Reading(start, 1800, 1)
    [block] = blocks(items(simple(reading, tz=-18_000)))
    assert (block.day, block.offset_minutes, int(block.values[0])) == (date(2026, 3, 1), -300, 1_000)
    feed = Feed().point(local=None).type().series().block(reading)
    [block] = blocks(items(feed.xml()))
    assert (block.offset_minutes, block.starts_at.isoformat()) == (0, "2026-03-01T00:00:00+00:00")
    [block] = blocks(items(feed.xml(), ReadOptions(offset_minutes_of={"9/4": 330}.get)))
    assert (block.offset_minutes, block.day) == (330, date(2026, 3, 1))


@pytest.mark.parametrize("text", ["later", "3601", "999999", "--5"])
def test_a_standard_time_that_is_none_is_named_and_ignored(text: str) -> None:
    xml = simple(Reading(DAY, 1800, 1), tz=text)
    found = items(xml)
    assert problems(found) == [("bad_offset", line_of(xml, b"<LocalTimeParameters>"))]
    assert blocks(found)[0].offset_minutes == 0


@pytest.mark.parametrize(("first", "hours"), [("2026-03-08T00:00-05:00", 23), ("2026-11-01T00:00-04:00", 25)])
def test_days_of_23_and_25_hours(first: str, hours: int) -> None:
    start = at(first)
    readings = [Reading(start + hour * 3600, 3600, 100 + hour) for hour in range(hours)]
    found = items(simple(*readings, tz=-18_000, intervalLength=3600))
    assert problems(found) == []
    assert sorted(value for value, _ in intervals(found).values()) == [
        (100 + hour) * 1000 for hour in range(hours)
    ]
    days = blocks(found)
    assert [(block.day.day, int(block.present.sum())) for block in days] == (
        [(8, 23)] if hours == 23 else [(31, 1), (1, 24)]
    )
    total = Reading(start, hours * 3600, 2_000)
    [told] = items(simple(total, tz=-18_000, intervalLength=86_400))
    assert isinstance(told, Consumption) and told.channel == "electricity-import-daily"
    assert (told.ends_before - told.starts_at).total_seconds() == hours * 3600


def test_days_that_all_begin_at_standard_midnight_are_days() -> None:
    readings = [Reading(DAY + place * 86_400, 86_400, place) for place in range(3)]
    found = items(simple(*readings))
    assert [(block.interval_minutes, block.values.tolist()) for block in blocks(found)] == [
        (1440, [0]),
        (1440, [1_000]),
        (1440, [2_000]),
    ]
    found = items(simple(*readings, Reading(DAY + 3 * 86_400 - 3600, 86_400, 3)))
    assert blocks(found) == [] and len(intervals(found)) == 4


def test_a_month_and_a_fraction_of_a_second() -> None:
    [told] = items(simple(Reading("1721154384.66136", 2_505_600, "12000"), uom=169, powerOfTenMultiplier=-3))
    assert isinstance(told, Consumption)
    assert (told.starts_at.isoformat(), told.micro) == ("2024-07-16T18:26:24.661360+00:00", 12_000_000)
    assert (told.ends_before - told.starts_at).days == 29 and told.channel == "electricity-import-billing"
    [block] = blocks(items(simple(Reading(f"{DAY}.0000", "1800.0", 5))))
    assert int(block.values[0]) == 5_000


def test_a_day_of_two_lengths_takes_the_longer_covered_and_loses_nothing() -> None:
    readings = [*half_hours(40), Reading(DAY + 40 * 1800, 3600, 7), Reading(DAY + 42 * 1800, 900, 8)]
    found = items(simple(*readings))
    [block] = blocks(found)
    assert (block.interval_minutes, int(block.present.sum())) == (30, 40)
    assert sorted(one.micro for one in found if isinstance(one, Consumption)) == [7_000, 8_000]
    assert len(intervals(found)) == 42 and problems(found) == []


def test_a_reading_over_others_does_not_count_twice() -> None:
    found = items(simple(*half_hours(48), Reading(DAY, 86_400, 24_000)))
    assert problems(found) == [("overlapping_readings", reading_line(48))]
    assert len(intervals(found)) == 48


def test_readings_off_the_grid_are_consumption() -> None:
    found = items(simple(*[Reading(DAY + 420 + place * 900, 900, 1) for place in range(5)]))
    assert blocks(found) == [] and len(intervals(found)) == 5 and problems(found) == []


def test_a_reading_said_again_counts_once() -> None:
    found = items(simple(*half_hours(3), *half_hours(2)))
    assert problems(found) == [("repeated_reading", reading_line(3))]
    assert "2 readings of 2026-03-01" in next(one.message for one in found if isinstance(one, Problem))
    assert len(intervals(found)) == 3


def test_two_values_for_one_interval_spoil_their_day_and_no_other() -> None:
    found = items(simple(*half_hours(96), Reading(DAY + 1800, 1800, 501), Reading(DAY + 1800, 1800, 502)))
    assert problems(found) == [("conflicting_readings", reading_line(place)) for place in (96, 97)]
    [block] = blocks(found)
    assert block.day == date(2026, 3, 2)
    message = next(one.message for one in found if isinstance(one, Problem))
    assert message == "Line 58 has another value for the same interval. The day 2026-03-01 is left out."


def test_two_values_for_one_month_are_both_left_out() -> None:
    found = items(simple(Reading(DAY, 2_592_000, 1), Reading(DAY, 2_592_000, 2), Reading(0, 2_592_000, 3)))
    assert [code for code, _ in problems(found)] == ["conflicting_readings"]
    assert [value for value, _ in intervals(found).values()] == [3_000]


def test_months_that_overlap_are_named_beyond_an_hour() -> None:
    month = 30 * 86_400
    found = items(simple(Reading(DAY, month, 1), Reading(DAY + month - 3600, month, 2)))
    assert problems(found) == [] and len(intervals(found)) == 2
    found = items(simple(Reading(DAY, month, 1), Reading(DAY + month - 3601, month, 2)))
    assert problems(found) == [("overlapping_readings", reading_line(1))] and len(intervals(found)) == 2


@pytest.mark.parametrize(
    ("reading", "code", "kept"),
    [
        (Reading(DAY + 1800, 0, 7), "zero_length", 2),
        (Reading(DAY + 1800, -900, 7), "zero_length", 2),
        (Reading(7_999_999_999, 1800, 7), "bad_time", 2),
        (Reading(-86_400, 1800, 7), "bad_time", 2),
        (Reading("soon", 1800, 7), "unreadable_time", 2),
        (Reading("9" * 30, 1800, 7), "unreadable_time", 2),
        (Reading(DAY + 1800, 1800, "much"), "not_a_number", 1),
        (Reading(DAY + 1800, 1800, "1e9"), "not_a_number", 1),
        (Reading(DAY + 1800, 1800, "9" * 13), "value_too_large", 1),
        (Reading(DAY + 1800, 1800, 7, qualities=[5]), "unknown_quality", 1),
        (Reading(DAY + 1800, 1800, 7, qualities=["good"]), "unknown_quality", 1),
        (Reading(DAY + 1800, 1800, 7, qualities=[4_294_967_296]), "unknown_quality", 1),
    ],
)
def test_what_cannot_be_taken_is_named_with_its_line(reading: Reading, code: str, kept: int) -> None:
    """A fault inside a day takes the day, one outside of any leaves it."""
    other = Reading(DAY + 86_400, 1800, 1)
    found = items(simple(Reading(DAY, 1800, 1), reading, other))
    assert problems(found) == [(code, reading_line(1))]
    assert len(intervals(found)) == kept
    [problem] = [one for one in found if isinstance(one, Problem)]
    assert problem.message.endswith("left out.") and (problem.dropped is not None) == (kept == 1)


def test_a_reading_without_a_value_is_a_hole() -> None:
    found = items(
        simple(Reading(DAY, 1800, 1), Reading(DAY + 1800, 1800, None), Reading(DAY + 3600, 1800, ""))
    )
    [block] = blocks(found)
    assert block.values[:3].tolist() == [1_000, MISSING, MISSING] and problems(found) == []


def test_readings_without_times_lie_one_after_the_other() -> None:
    readings = [Reading(None, None, value) for value in (5, 6, 7)]
    feed = Feed().local().point().series().block(*readings, start=DAY).type()
    [block] = blocks(items(feed.xml()))
    assert block.values[:4].tolist() == [5_000, 6_000, 7_000, MISSING]
    [block] = blocks(items(simple(Reading(DAY, None, 5), Reading(DAY + 3600, None, 6))))
    assert block.values[:4].tolist() == [5_000, MISSING, 6_000, MISSING]
    found = items(simple(Reading(DAY, None, 5), intervalLength=None))
    assert problems(found) == [("no_interval", 51)]


@pytest.mark.parametrize(
    ("codes", "quality"),
    [
        ([], Quality.ACTUAL),
        ([0], Quality.ACTUAL),
        ([17], Quality.ACTUAL),
        ([18], Quality.ACTUAL),
        ([19], Quality.ACTUAL),
        ([14], Quality.ACTUAL),
        ([10], Quality.ACTUAL),
        ([7], Quality.SUBSTITUTED),
        ([8], Quality.ESTIMATED),
        ([9], Quality.ESTIMATED),
        ([13], Quality.ESTIMATED),
        ([12], Quality.FORWARD),
        ([17, 8], Quality.ESTIMATED),
        ([7, 19], Quality.FINAL),
    ],
)
def test_qualities(codes: list[int], quality: Quality) -> None:
    [block] = blocks(items(simple(Reading(DAY, 1800, 1, codes))))
    assert block.quality == quality


def test_a_default_quality_is_that_of_readings_without_one() -> None:
    found = items(simple(Reading(DAY, 1800, 1), Reading(DAY + 1800, 1800, 1, [0]), defaultQuality=8))
    assert blocks(found)[0].qualities()[:3].tolist() == [Quality.ESTIMATED, Quality.ACTUAL, Quality.MISSING]


def test_what_a_quality_says_beside_its_grade_is_a_remark() -> None:
    readings = [
        Reading(DAY + place * 1800, 1800, 1, codes) for place, codes in enumerate([[], [9], [9], [14], [9]])
    ]
    [block] = blocks(items(simple(*readings)))
    assert [(one.first, one.end, one.method, one.reason) for one in block.remarks] == [
        (1, 3, "9", "estimated by linear interpolation"),
        (3, 4, "14", "raw: not validated"),
        (4, 5, "9", "estimated by linear interpolation"),
    ]


def test_a_days_cost_is_a_remark() -> None:
    readings = [
        Reading(DAY, 1800, 1, cost=150_000),
        Reading(DAY + 1800, 1800, 1, cost=1),
        Reading(DAY + 3600, 1800, 1),
    ]
    [block] = blocks(items(simple(*readings, currency=840)))
    [remark] = block.remarks
    assert (remark.first, remark.end, remark.reason_code) == (0, 2, "cost")
    assert remark.reason == "the feed says a cost of 1.50001 USD"


@pytest.mark.parametrize("behaviour", [1, 2, 3])
def test_figures_on_a_dial_are_register_reads(behaviour: int) -> None:
    readings = [Reading(DAY, 0, 123_456), Reading(DAY, 1800, 123_999, [8])]
    found = items(simple(*readings, accumulationBehaviour=behaviour, powerOfTenMultiplier=3))
    reads = [(one.register, one.figure, one.read_at.isoformat(), one.kind) for one in found]  # type: ignore[union-attr]
    assert reads == [
        ("electricity-import-register", 123_456_000_000, "2026-03-01T00:00:00+00:00", "actual"),
        ("electricity-import-register", 123_999_000_000, "2026-03-01T00:30:00+00:00", "estimated"),
    ]


@pytest.mark.parametrize(
    "fields", [{"powerOfTenMultiplier": "kilo"}, {"uom": "Wh"}, {"powerOfTenMultiplier": 40}]
)
def test_a_type_that_cannot_be_understood_leaves_its_readings_out(
    fields: dict[str, object],
) -> None:
    xml = simple(*half_hours(3), **fields)
    found = items(xml)
    assert (
        problems(found) == [("bad_reading_type", line_of(xml, b"<ReadingType>"))] and intervals(found) == {}
    )


def test_readings_that_lead_nowhere_are_named() -> None:
    feed = Feed().local().point().type().series().series(f"{POINT}/MeterReading/02")
    feed.block(*half_hours(3), own=f"{ROOT}/elsewhere/1")
    found = items(feed.xml())
    [problem] = [one for one in found if isinstance(one, Problem)]
    assert (problem.code, "its 3 readings" in problem.message) == ("unlinked_readings", True)
    loose = simple().replace(b"</feed>", Reading(DAY, 1800, 1).xml().encode() + b"</feed>")
    assert problems(items(loose)) == [("unlinked_readings", None)]


def test_summaries_and_customers_are_read_past() -> None:
    feed = Feed().local().point().type().series().block(*half_hours(2))
    known = intervals(items(feed.xml()))
    feed.entry(f"{POINT}/UsageSummary/1", "<UsageSummary><billLastPeriod>5</billLastPeriod></UsageSummary>")
    feed.entry(f"{ROOT}/RetailCustomer/9", "<RetailCustomer><value>7</value></RetailCustomer>")
    assert intervals(items(feed.xml())) == known and problems(items(feed.xml())) == []


def test_readings_in_a_comment_are_none() -> None:
    [block] = blocks(items(simple(*half_hours(2)).replace(
        b"</IntervalBlock>",
        b"<!--" + Reading(DAY + 3600, 1800, 9).xml().encode() + b"--></IntervalBlock>",
    )))  # fmt: skip
    assert int(block.present.sum()) == 2
    [block] = blocks(items(simple(*half_hours(2)).replace(
        b"</IntervalBlock>",
        b"<x><![CDATA[" + Reading(DAY + 3600, 1800, 9).xml().encode() + b"]]></x></IntervalBlock>",
    )))  # fmt: skip
    assert int(block.present.sum()) == 2


def test_a_forged_run_is_a_reading_without_a_time() -> None:
    xml = simple(*half_hours(2)).replace(b"<interval>", b'<IntervalReading run="1"/><interval>')
    assert problems(items(xml)) == [("no_time", reading_line(0) - 1)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda xml: xml[:-200], "bad_xml"),
        (lambda xml: xml.replace(b"?>\n", b"?>\n<!DOCTYPE feed [<!ENTITY a 'b'>]>", 1), "doctype"),
        (lambda xml: xml.replace(b"<value>500<", b"<value>&a;<", 1), "bad_xml"),
        (lambda xml: xml.replace(b"<value>500<", b"<value>5\x000<", 1), "bad_xml"),
        (lambda xml: xml.replace(b"Home", b"H\xf6me", 1), "bad_xml"),
        (lambda xml: xml.replace(b"UTF-8", b"UTF-16", 1), "encoding"),
        (lambda xml: xml.replace(b"<value>500</value>", b"<value>500</valve>", 1), "bad_xml"),
        (lambda xml: xml.replace(b"<value>500</value>", b"<value>500", 1), "bad_xml"),
        (lambda xml: xml.replace(b"<IntervalBlock>", b"<IntervalBlock>" + b"<a>" * 300, 1), "bad_xml"),
    ],
)
def test_what_cannot_be_trusted_is_refused_as_a_whole(change: object, code: str) -> None:
    found = items(change(simple(*half_hours(48))))  # type: ignore[operator]
    [problem] = found
    assert isinstance(problem, Problem) and (problem.code, problem.refuses) == (code, True)
    assert problem.line is not None


def test_too_many_readings_that_cannot_be_read_refuse_the_file() -> None:
    [problem] = items(simple(*[Reading("x", 1, 1)] * 10_001))
    assert isinstance(problem, Problem) and (problem.code, problem.refuses) == ("too_many_faults", True)


def test_local_times_are_told_by_the_links() -> None:
    other = f"{ROOT}/LocalTimeParameters/02"
    feed = Feed().local(0).local(3600, other).point(local=other).type().series().block(*half_hours(1))
    assert blocks(items(feed.xml()))[0].offset_minutes == 60
    assert other != LOCAL
