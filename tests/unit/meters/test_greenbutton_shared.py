"""The real Green Button files beside the project, against figures counted by hand and the public reader's."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meters.domain.decimals import MISSING
from meters.feeds.reading import FeedFile, read_feed
from meters.inspection import inspection

pytestmark = pytest.mark.shared

KNOWN = {
    # name: service point, channel, unit, readings, sum of the values in that unit, quality, first, last
    "Coastal_Multi_Family_Jan_1_2011_to_Jan_1_2012_RetailCustomer_5": (
        ("5/1", "electricity-import", "Wh"),
        (8760, "4425305", {"actual": 8760}),
        ("2011-01-01T00:00:00-08:00", "2012-01-01T00:00:00-08:00"),
    ),
    "TestGBDataHourlyNineDaysBinnedDaily": (
        ("2/2", "electricity-import", "Wh"),
        (216, "199563", {"actual": 216}),
        ("2014-01-01T00:00:00-05:00", "2014-01-10T00:00:00-05:00"),
    ),
    "TestGBDataOneYearDailyBinnedMonthly": (
        ("1/1", "electricity-import-daily", "Wh"),
        (444, "9917817", {"actual": 444}),
        ("2013-01-01T00:00:00-05:00", "2014-03-20T23:00:00-05:00"),
    ),
    "electric_containerized": (
        ("3/1", "electricity-import", "Wh"),
        (8, "4086", {"actual": 8}),
        ("2011-01-01T00:00:00-08:00", "2011-01-01T16:00:00-08:00"),
    ),
    "gas_containerized": (
        ("1111111/01", "meter-import-billing", None),
        (3, "47000", {"actual": 3}),
        ("2024-07-16T23:26:24.661360+05:00", "2024-08-17T23:26:24.661360+05:00"),
    ),
    "gas_direct": (
        ("1234567890/NET_USAGE", "gas-import-billing", "therm"),
        (5, "140", {"actual": 5}),
        ("2021-05-26T00:00:00+00:00", "2021-10-26T00:00:00+00:00"),
    ),
    "ngma_natural_gas_billing_billing_data_Service_1_1_2021-05-26_to_2024-04-25": (
        ("1234567890/NET_USAGE", "gas-import-billing", "therm"),
        (35, "3484", {"actual": 35}),
        ("2021-05-26T00:00:00+00:00", "2024-04-26T00:00:00+00:00"),
    ),
    "test_usage_data_01": (
        ("9B6C7066/5446AF3F", "electricity-import", "Wh"),
        (96, "93846", {"actual": 94, "estimated": 1, "substituted": 1}),
        ("2012-03-01T00:00:00-05:00", "2012-03-02T00:00:00-05:00"),
    ),
    "test_usage_data_11": (
        ("9B6C7066/5446AF3F", "electricity-import", "Wh"),
        (92, "109403", {"actual": 92}),
        ("2012-03-11T00:00:00-05:00", "2012-03-11T23:00:00-05:00"),
    ),
    "test_usage_data_2": (
        ("9B6C7066/5446AF3F", "electricity-import", "Wh"),
        (860, "879978", {"actual": 860}),
        ("2012-03-06T00:00:00-05:00", "2012-03-14T23:00:00-05:00"),
    ),
}


def _read(shared_data: Path, name: str) -> tuple[FeedFile, list[dict[str, Any]]]:
    feed = read_feed(shared_data / "feeds" / "greenbutton" / f"{name}.xml")
    [file] = inspection([feed])["files"]
    return feed, file["channels"]


def test_every_file_is_known(shared_data: Path) -> None:
    found = {path.stem for path in (shared_data / "feeds" / "greenbutton").glob("*.xml")}
    assert found == set(KNOWN)


@pytest.mark.parametrize("name", KNOWN)
def test_a_file_is_read_to_its_known_answer(shared_data: Path, name: str) -> None:
    feed, [channel] = _read(shared_data, name)
    names, counted, span = KNOWN[name]
    assert feed.format == "greenbutton"
    assert (channel["service_point"], channel["channel"], channel["unit"]) == names
    assert (channel["readings"], channel["total"], channel["quality"]) == counted
    assert (channel["starts_at"], channel["ends_before"]) == span
    overlaps = [62, 79] if name == "gas_containerized" else []
    assert [(problem.code, problem.line) for problem in feed.problems] == [
        ("overlapping_readings", line) for line in overlaps
    ]


def test_the_day_the_clock_went_forward_has_23_hours_of_local_time(shared_data: Path) -> None:
    feed, [channel] = _read(shared_data, "test_usage_data_11")
    assert [block.present.sum() for block in feed.blocks] == [92]
    assert (channel["interval_minutes"], channel["missing"]) == (15, 0)
    assert feed.blocks[0].line == 120 and feed.blocks[0].values[:2].tolist() == [327_000, 309_000]
    assert (feed.blocks[0].values[92:] == MISSING).all()


def test_costs_and_estimates_are_remarked(shared_data: Path) -> None:
    feed, _ = _read(shared_data, "test_usage_data_01")
    [block] = feed.blocks
    said = [(one.first, one.end, one.method, one.reason_code, one.reason) for one in block.remarks]
    assert said == [
        (0, 1, "8", None, "estimated by a reference day"),
        (1, 2, "7", None, "replaced or approved by a person"),
        (0, 96, None, "cost", "the feed says a cost of 11.48274 USD"),
    ]


def test_a_year_of_days_over_two_clock_changes_is_consumption(shared_data: Path) -> None:
    feed, _ = _read(shared_data, "TestGBDataOneYearDailyBinnedMonthly")
    hours = Counter((one.ends_before - one.starts_at).total_seconds() / 3600 for one in feed.accumulated)
    assert (hours, feed.blocks) == ({24.0: 441, 23.0: 2, 25.0: 1}, ())


def test_the_public_reader_agrees(shared_data: Path) -> None:
    """greenbutton_objects 2024.7.11 reads all but one, in which elements are empty."""
    parse = pytest.importorskip("greenbutton_objects.parse")
    read = 0
    for name in KNOWN:
        try:
            points = parse.parse_feed(shared_data / "feeds" / "greenbutton" / f"{name}.xml")
        except TypeError:
            continue
        theirs = [
            one for point in points for series in point.meterReadings for one in series.intervalReadings
        ]
        _, [channel] = _read(shared_data, name)
        total = sum(Decimal(str(round(one.value, 6))) for one in theirs)
        assert (channel["readings"], Decimal(channel["total"])) == (len(theirs), total), name
        read += 1
    assert read == 9
