"""All real NEM12 and NEM13 files beside the project against what the public reader nemreader makes of them.

It records that library's behaviour, not the specification's. Where the two differ:

| file | nemreader | here |
|---|---|---|
| `15min_200_30min_300` | cannot parse it | refused: 400 records behind a day whose count is wrong |
| `incomplete_interval` | skips the short day in silence | the day is left out, and named |
| `missing_header` | assumes NEM12 | refused: a file whose beginning is missing may lack more |
| `powercor_missing_fields` | cannot parse it | refused: it has no header either |
| `empty_file` | a file without meters | refused: empty |
| `different_interval_length` | takes ten minutes | taken, too, though the market knows 5, 15 and 30 |
| NEM13 of registers into the grid | keeps a negative quantity | keeps it, though the specification has none |
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.blocks import MISSING, Block
from meters.domain.quality import Quality
from meters.feeds.reading import read_feed
from meters.inspection import inspection

pytestmark = pytest.mark.shared
LETTERS = {
    Quality.ACTUAL: "A",
    Quality.FORWARD: "E",
    Quality.FINAL: "F",
    Quality.SUBSTITUTED: "S",
    Quality.MISSING: "N",
}


def _known(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    answers = json.loads((folder.parent / "expected_nemreader.json").read_text())
    held = {path.name for path in folder.iterdir() if path.suffix.lower() in (".csv", ".zip")}
    known = [(folder / each["file"], each) for each in answers if each["file"] in held]
    assert {path.name for path, _answer in known} == held, "every file has its answer"
    return known


def _quality_methods(block: Block) -> Counter[str]:
    """`S14` and the like, each as often as it is said in a day."""
    said = [LETTERS[Quality(code)] for code in block.qualities().tolist()]
    for remark in block.remarks:
        for place in range(remark.first, remark.end):
            said[place] += remark.method or ""
    return Counter(said)


def test_nem12_with_every_quality_and_method(shared_data: Path) -> None:
    known = _known(shared_data / "feeds" / "nem12")
    assert len(known) == 32
    for path, answer in known:
        feed = read_feed(path)
        assert (feed.format, feed.status, feed.problems) == ("nem12", "ok", ()), path.name
        counts: dict[str, Counter[str]] = {}
        sums: Counter[str] = Counter()
        for block in feed.blocks:
            name = f"{block.service_point}/{block.channel}"
            counts[name] = counts.get(name, Counter()) + _quality_methods(block)
            sums[name] += int(block.values[block.values != MISSING].sum())
        assert {name: dict(count) for name, count in counts.items()} == {
            name: channel["quality"] for name, channel in answer["channels"].items()
        }, path.name
        for name, channel in answer["channels"].items():
            exponent = next(b.unit.exponent for b in feed.blocks if f"{b.service_point}/{b.channel}" == name)
            declared = Decimal(sums[name]).scaleb(-6 - exponent)
            assert abs(declared - Decimal(str(channel["sum"]))) < Decimal("0.001"), (path.name, name)


def test_nem13(shared_data: Path) -> None:
    known = _known(shared_data / "feeds" / "nem13")
    assert len(known) == 13
    for path, answer in known:
        feed = read_feed(path)
        assert (feed.format, feed.status, feed.problems) == ("nem13", "ok", ()), path.name
        [entry] = inspection([feed])["files"]
        found = {f"{each['service_point']}/{each['channel']}": each for each in entry["channels"]}
        assert found.keys() == answer["channels"].keys()
        for name, channel in answer["channels"].items():
            document = found[name]
            assert Decimal(document["total"]) == Decimal(str(channel["sum"])), path.name
            assert (document["unit"], document["readings"]) == (channel["uom"], channel["n"])
            assert document["starts_at"] == channel["first"].replace(" ", "T") + "+10:00"
            assert document["ends_before"] == channel["last"].replace(" ", "T") + "+10:00"
        said: Counter[str] = Counter()
        for item in feed.accumulated:
            assert isinstance(item, Consumption) and item.start_read and item.end_read
            assert item.start_read.meter == item.end_read.meter and item.start_read.meter
            said[LETTERS[Quality(item.quality)] + (item.method or "")] += 1
        assert said == sum(
            (Counter(channel["quality"]) for channel in answer["channels"].values()), Counter()
        )


def test_the_quarter_of_one_meter(shared_data: Path) -> None:
    feed = read_feed(shared_data / "feeds" / "nem13" / "Example_NEM13_consumption_data.csv")
    [item] = feed.accumulated
    assert isinstance(item, Consumption) and item.start_read and item.end_read
    assert (item.service_point, item.channel, item.direction) == ("VABC005890", "11", "import")
    assert item.micro == 1_312_100_000
    assert (item.starts_at.isoformat(), item.ends_before.isoformat()) == (
        "2003-10-05T09:30:55+10:00",
        "2004-01-07T10:03:33+10:00",
    )
    assert (item.start_read.figure, item.end_read.figure) == (6_342_800_000, 7_654_900_000)
    assert item.end_read.figure - item.start_read.figure == item.micro
    assert (item.start_read.meter, item.start_read.digits) == ("METSER123", 6)


def test_words_transactions_and_index_reads(shared_data: Path) -> None:
    folder = shared_data / "feeds" / "nem12"
    feed = read_feed(folder / "NEM12#NEM1209165Scenario9#GLOBALM#NEMMCO.ZIP")
    remarks = {remark for block in feed.blocks for remark in block.remarks}
    assert {(remark.method, remark.reason_code, remark.reason) for remark in remarks} == {
        ("52", "0", "Scenario 9 test. Nem12.mc"),
        (None, "N", "read at 2004-12-27 17:05:00"),
    }
    [read] = feed.accumulated
    assert isinstance(read, RegisterRead)
    assert (read.service_point, read.register, read.figure) == ("NEM1209165", "E1", 200_000_000_000)
    assert read.read_at.isoformat() == "2004-12-27T17:05:00+10:00"
    feed = read_feed(folder / "NEM12#SCENARIO5#UNITEDDP#NEMMCO.zip")
    last = feed.blocks[-1]
    assert [(remark.reason_code, remark.reason) for remark in last.remarks] == [
        ("A", "service order S05089, read at 2005-03-03 09:24:41")
    ]


@pytest.mark.parametrize(
    ("name", "status", "code", "line"),
    [
        ("Example_NEM12_15min_200_30min_300.csv", "rejected", "wrong_count", 3),
        ("Example_NEM12_incomplete_interval.csv", "partial", "wrong_count", 3),
        ("Example_NEM12_missing_header.csv", "rejected", "no_header", 2),
        ("Example_NEM12_powercor_missing_fields.csv", "rejected", "no_header", 2),
        ("Example_empty_file.csv", "rejected", "empty", None),
    ],
)
def test_what_the_public_reader_lets_pass(
    shared_data: Path, name: str, status: str, code: str, line: int | None
) -> None:
    path = shared_data / "feeds" / "nem12" / "invalid" / name
    assert len(list(path.parent.iterdir())) == 5
    feed = read_feed(path)
    assert feed.status == status
    assert (feed.problems[0].code, feed.problems[0].line) == (code, line)
