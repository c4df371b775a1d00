"""Green Button without a database: a year of half-hours of three usage points, against greenbutton_objects.

Three files of the same readings. `plain` has a time and a value a reading; `of a utility` has costs, prefixes
of namespaces, a quality a reading and now and then another one; `commented` has a comment in every reading,
as samples of the standard have. Both readers give every reading with its time; ours also finds holes and
doubles, rounds exactly and cuts days.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.measurement import Measurement, peer, side_by_side
from meters.domain.blocks import Block, BlockRun
from meters.domain.decimals import MISSING
from meters.feeds.format import ReadOptions
from meters.feeds.greenbutton import reader as greenbutton
from meters.feeds.reading import read_feed
from meters.inspection import inspection

POINTS, DAYS = 3, 365
FIRST = int(datetime(2025, 1, 1, 5, tzinfo=UTC).timestamp())
_ROOT = "https://utility.example/espi/1_1/resource"
_ATOM, _ESPI = 'xmlns="http://www.w3.org/2005/Atom"', "http://naesb.org/espi"

Words = Callable[[int, int], str]
"""A reading of a start and a value."""


def measurements() -> Iterator[Measurement]:
    """The reader by itself, from bytes to days, and with all that `meters inspect` does."""
    watt_hours = np.random.default_rng(7).integers(0, 2_000, (POINTS, DAYS, 48))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.xml"
        for name, prefix, words, bar in (
            ("Green Button", "", _plain, 10.0),
            ("Green Button of a utility", "espi:", _of_a_utility, 10.0),
            ("Green Button, commented", "", _commented, 10.0),
        ):
            with path.open("w") as file:
                file.writelines(_feed(watt_hours, prefix, words))
            yield from _to_the_peer(name, path, watt_hours, bar)


def _to_the_peer(name: str, path: Path, watt_hours: np.ndarray, bar: float) -> Iterator[Measurement]:
    parse = peer("greenbutton_objects.parse", "greenbutton_objects")
    readings, total = watt_hours.size, int(watt_hours.sum())

    def read_only() -> None:
        found = whole = 0
        with path.open("rb") as file:
            for item in greenbutton.FORMAT.read(file, path.stem, ReadOptions()):
                assert isinstance(item, Block | BlockRun)
                held = item.values[item.values != MISSING]
                found, whole = found + held.size, whole + int(held.sum())
        assert (found, whole) == (readings, total * 1_000)

    def inspected() -> None:
        [file] = inspection([read_feed(path)])["files"]
        assert file["status"] == "ok"
        assert sum(channel["readings"] for channel in file["channels"]) == readings

    def theirs() -> None:
        found = whole = 0
        for point in parse.parse_feed(str(path)):
            for series in point.meterReadings:
                for reading in series.intervalReadings:
                    found, whole = found + 1, whole + reading.value
        assert (found, whole) == (readings, total)

    for what, ours, least in (("read", read_only, bar), ("inspected", inspected, bar / 2)):
        seconds = side_by_side(ours, theirs)
        for clock, one, other in (
            ("CPU", seconds.ours_cpu, seconds.reference_cpu),
            ("wall", seconds.ours, seconds.reference),
        ):
            rates = readings / 1e6 / one, readings / 1e6 / other
            title = f"{name} {what}, M readings/{clock} s, to greenbutton_objects"
            yield Measurement(title, *rates, "higher", least)


def _plain(start: int, value: int) -> str:
    return (
        "        <IntervalReading>\n          <timePeriod>\n            <duration>1800</duration>\n"
        f"            <start>{start}</start>\n          </timePeriod>\n          <value>{value}</value>\n"
        "        </IntervalReading>\n"
    )


def _of_a_utility(start: int, value: int) -> str:
    quality = 8 if value % 97 == 0 else 17
    return (
        f"<espi:IntervalReading><espi:cost>{value * 14}</espi:cost>"
        f"<espi:ReadingQuality><espi:quality>{quality}</espi:quality></espi:ReadingQuality>"
        f"<espi:timePeriod><espi:duration>1800</espi:duration><espi:start>{start}</espi:start></espi:timePeriod>"
        f"<espi:value>{value}</espi:value></espi:IntervalReading>\n"
    )


def _commented(start: int, value: int) -> str:
    return _plain(start, value).replace(
        "</start>", f"</start>\n            <!-- {datetime.fromtimestamp(start, UTC)} -->"
    )


def _feed(watt_hours: np.ndarray, prefix: str, words: Words) -> Iterator[str]:
    """The file, an entry at a time."""
    p, local, kind = prefix, f"{_ROOT}/LocalTimeParameters/1", f"{_ROOT}/ReadingType/1"
    space = f'xmlns{":" + prefix[:-1] if prefix else ""}="{_ESPI}"'
    yield f"<?xml version='1.0' encoding='UTF-8'?>\n<feed {_ATOM}>\n<id>urn:uuid:0</id>\n"
    offset = f"<{p}tzOffset>-18000</{p}tzOffset>"
    yield _entry(local, [], f"<{p}LocalTimeParameters {space}>{offset}</{p}LocalTimeParameters>")
    told = {"flowDirection": 1, "intervalLength": 1800, "powerOfTenMultiplier": 0, "uom": 72}
    fields = "".join(f"<{p}{name}>{value}</{p}{name}>" for name, value in told.items())
    yield _entry(kind, [], f"<{p}ReadingType {space}>{fields}</{p}ReadingType>")
    for number, days in enumerate(watt_hours.tolist()):
        point = f"{_ROOT}/RetailCustomer/1/UsagePoint/{number}"
        series = f"{point}/MeterReading/1"
        category = f"<{p}ServiceCategory><{p}kind>0</{p}kind></{p}ServiceCategory>"
        related = [f"{point}/MeterReading", local]
        yield _entry(point, related, f"<{p}UsagePoint {space}>{category}</{p}UsagePoint>")
        yield _entry(series, [f"{series}/IntervalBlock", kind], f"<{p}MeterReading {space}/>")
        for day, values in enumerate(days):
            midnight = FIRST + day * 86_400
            times = f"<{p}duration>86400</{p}duration><{p}start>{midnight}</{p}start>"
            interval = f"<{p}interval>{times}</{p}interval>\n"
            readings = "".join(words(midnight + place * 1_800, value) for place, value in enumerate(values))
            content = f"<{p}IntervalBlock {space}>\n{interval}{readings}</{p}IntervalBlock>"
            yield _entry(f"{series}/IntervalBlock/{day}", [], content)
    yield "</feed>\n"


def _entry(address: str, related: list[str], content: str) -> str:
    links = [("self", address), ("up", address.rpartition("/")[0]), *(("related", one) for one in related)]
    return (
        f"<entry>\n<id>urn:uuid:{address}</id>\n"
        + "".join(f'<link rel="{rel}" href="{href}"/>\n' for rel, href in links)
        + f"<title/>\n<content>\n{content}\n</content>\n"
        "<published>2026-01-01T00:00:00Z</published>\n<updated>2026-01-01T00:00:00Z</updated>\n</entry>\n"
    )
