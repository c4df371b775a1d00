"""The real files beside the project, against their known answers."""

from __future__ import annotations

import csv
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from meters.feeds.format import ReadOptions
from meters.feeds.reading import read_feed
from meters.inspection import summarise

pytestmark = pytest.mark.shared
WORDS = {"A": "actual", "E": "forward", "F": "final", "S": "substituted"}


def test_london_all_the_files(shared_data: Path) -> None:
    folder = shared_data / "readings" / "london"
    options = ReadOptions(zone=ZoneInfo("UTC"))
    with (folder / "expected_2013.csv").open() as file:
        known = list(csv.DictReader(file))
    assert len(known) == 19
    for household in known:
        path = folder / f"{household['LCLid']}.csv"
        feed = read_feed(path, options=options)
        [channel] = summarise(feed.blocks)
        with path.open() as file:
            values = [row["energy(kWh/hh)"] for row in csv.DictReader(file)]
        exact = sum(round(Decimal(value.strip()), 6) for value in values)
        assert (feed.status, channel.unit.declared, channel.interval_minutes) == ("ok", "kWh", (30,))
        assert channel.readings == int(household["rows"]) == len(values)
        assert channel.missing == int(household["missing_hh"])
        assert Decimal(channel.document()["total"]) == exact
        assert round(exact, 3) == Decimal(household["kwh_2013"])
        assert channel.starts_at is not None and channel.starts_at.isoformat() == "2013-01-01T00:00:00+00:00"


def _expected(shared_data: Path, valid: bool) -> list[tuple[Path, dict]]:
    folder = shared_data / "feeds" / "nem12"
    known = json.loads((folder.parent / "expected_nemreader.json").read_text())
    held = {path.name for path in (folder if valid else folder / "invalid").iterdir()}
    return [
        ((folder if valid else folder / "invalid") / each["file"], each)
        for each in known
        if each["file"] in held
    ]


def test_every_valid_nem12_file_is_as_the_public_reader_has_it(shared_data: Path) -> None:
    known = _expected(shared_data, valid=True)
    assert len(known) >= 25
    for path, answer in known:
        feed = read_feed(path)
        assert (feed.format, feed.status, feed.problems) == ("nem12", "ok", ()), path.name
        found = {f"{each.service_point}/{each.channel}": each.document() for each in summarise(feed.blocks)}
        assert set(found) == set(answer["channels"]), path.name
        for name, channel in answer["channels"].items():
            quality: Counter[str] = Counter()
            for flag, count in channel["quality"].items():
                quality[WORDS[flag[0]]] += count
            document = found[name]
            assert document["readings"] == channel["n"] and document["missing"] == 0
            assert round(Decimal(document["total"]), 3) == round(Decimal(str(channel["sum"])), 3), (
                path.name,
                name,
            )
            assert (document["unit"] or "") == channel["uom"]
            assert document["starts_at"] == channel["first"].replace(" ", "T") + "+10:00"
            assert document["ends_before"] == channel["last"].replace(" ", "T") + "+10:00"
            assert document["quality"] == quality


def test_every_awkward_file_is_refused_or_partial_with_its_line(shared_data: Path) -> None:
    expected = {
        "Example_NEM12_15min_200_30min_300.csv": ("rejected", 3),
        "Example_NEM12_incomplete_interval.csv": ("partial", 3),
        "Example_NEM12_missing_header.csv": ("rejected", 2),
        "Example_NEM12_powercor_missing_fields.csv": ("rejected", 2),
        "Example_empty_file.csv": ("rejected", None),
    }
    paths = sorted((shared_data / "feeds" / "nem12" / "invalid").iterdir())
    assert {path.name for path in paths} == set(expected)
    for path in paths:
        feed = read_feed(path)
        assert (feed.status, feed.problems[0].line) == expected[path.name], path.name
        assert len(feed.problems[0].message.split()) >= 4
