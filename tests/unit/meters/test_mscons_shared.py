"""The real MSCONS files beside the project, against their known answers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from meters.feeds.reading import FeedFile, read_feed
from meters.inspection import summarise

pytestmark = pytest.mark.shared


def read(shared_data: Path, begin: str) -> FeedFile:
    [path] = (shared_data / "feeds" / "mscons").glob(f"{begin}*.txt")
    return read_feed(path)


def test_the_swiss_day_without_una(shared_data: Path) -> None:
    feed = read(shared_data, "ch_")
    assert (feed.format, feed.status, feed.problems) == ("mscons", "ok", ())
    [channel] = summarise(feed.blocks)
    document = channel.document()
    assert (document["channel"], document["readings"], document["total"]) == ("1-1:1.29.0*255", 96, "3719.25")
    assert (document["unit"], document["interval_minutes"], document["missing"]) == ("kWh", 15, 0)
    assert document["starts_at"] == "2019-12-14T00:00:00+01:00"


def test_the_german_month_whose_times_are_partly_wrong(shared_data: Path) -> None:
    """77 of its values say times like 20:00 to 20:16; the series is whole, so none is lost."""
    feed = read(shared_data, "MSCONS_TL")
    assert (feed.format, feed.status) == ("mscons", "partial")
    assert [(problem.code, problem.line) for problem in feed.problems] == [("times_put_right", 256)]
    [channel] = summarise(feed.blocks)
    document = channel.document()
    assert (document["channel"], document["readings"], document["total"]) == ("1-1:1.10.0", 2976, "680.282")
    assert (document["interval_minutes"], document["missing"], document["quality"]) == (
        15,
        0,
        {"actual": 2976},
    )
    assert [block.day for block in feed.blocks] == [date(2015, 12, day) for day in range(1, 32)]
    assert all(block.replaces for block in feed.blocks)
