"""Green Button exports: a valid feed, read back to the same readings, qualities, directions and names."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from green_buttons import Reads, blocks, intervals, items, problems
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from meters.domain.blocks import Block, one_code
from meters.domain.decimals import MISSING
from meters.domain.quality import Quality
from meters.domain.units import parse_unit
from meters.writing.greenbutton import WRITER
from meters.writing.writer import ChannelToWrite
from utility_crm.kit.errors import Invalid

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
HELD = [int(quality) for quality in Quality if quality != Quality.MISSING]


def written(*channels: ChannelToWrite) -> bytes:
    out = io.BytesIO()
    WRITER.write(channels, NOW, out)
    return out.getvalue()


def day(number: int, values: list[int], qualities: list[int], like: ChannelToWrite) -> Block:
    """A day of as many intervals as values."""
    array = np.array(values, dtype=np.int64)
    quality = one_code(np.array(qualities, dtype=np.uint8), array)
    at = date(2026, 3, 1) + timedelta(days=number)
    length = 1440 // len(values)
    return Block(
        like.service_point, like.channel, like.unit, like.direction, like.offset_minutes, at, length, array,
        quality, True,
    )  # fmt: skip


def channel(
    service_point: str = "SP 1",
    name: str = "E1",
    unit: str = "kWh",
    direction: str = "import",
    offset: int = 0,
    meter: str | None = None,
    days: Iterator[tuple[list[int], list[int]]] | list[tuple[list[int], list[int]]] = (),  # type: ignore[assignment]
) -> ChannelToWrite:
    like = ChannelToWrite(service_point, name, parse_unit(unit), direction, offset, meter, ())
    made = [day(number, values, qualities, like) for number, (values, qualities) in enumerate(days)]
    return ChannelToWrite(service_point, name, parse_unit(unit), direction, offset, meter, made)


def told(channels: list[ChannelToWrite]) -> Reads:
    """What the channels hold."""
    found = Reads()
    for one in channels:
        for block in one.blocks:
            codes, step = block.qualities(), timedelta(minutes=block.interval_minutes)
            for place in block.present.nonzero()[0].tolist():
                start = (block.starts_at + place * step).astimezone(UTC)
                key = (one.service_point, one.channel, start, start + step)
                found[key] = (int(block.values[place]), int(codes[place]))
    return found


@st.composite
def days(draw: st.DrawFn) -> list[tuple[list[int], list[int]]]:
    """Days of one channel, some in another interval, with holes."""
    made = []
    for _ in range(draw(st.integers(0, 3))):
        size = draw(st.sampled_from([1, 24, 48, 96]))
        values = draw(
            st.lists(
                st.one_of(
                    st.just(MISSING), st.integers(-(10**15) + 1, 10**15 - 1), st.integers(-9, 9_999_999)
                ),
                min_size=size,
                max_size=size,
            )
        )
        made.append((values, [draw(st.sampled_from(HELD)) for _ in values]))
    return made


NAMES = st.text(min_size=1, max_size=12) | st.sampled_from(
    [
        "1-1:1.29.0*255",
        "a/b",
        "IntervalBlock",
        "UsagePoint",
        "channel=x",
        "..",
        "%2F",
        " ",
        "<&'\"",
        "\x01",
        "É🔥",
    ]
)
CHANNELS = st.lists(
    st.builds(
        channel,
        service_point=NAMES,
        name=NAMES,
        unit=st.sampled_from(["kWh", "kVArh", "m3"]),
        direction=st.sampled_from(["import", "export"]),
        offset=st.sampled_from([0, 60, -300, 345, 600]),
        meter=st.none() | NAMES,
        days=days(),
    ),
    max_size=4,
    unique_by=lambda one: (one.service_point, one.channel),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(CHANNELS)
def test_an_export_is_read_back_exactly(channels: list[ChannelToWrite]) -> None:
    found = items(written(*channels))
    assert problems(found) == []
    assert intervals(found) == told(channels)
    kinds = {
        (one.service_point, one.channel): (one.unit.base, one.direction, one.offset_minutes)
        for one in channels
    }
    for block in blocks(found):
        key = (block.service_point, block.channel)
        assert (block.unit.base, block.direction, block.offset_minutes) == kinds[key]


def test_it_is_atom_with_an_entry_before_what_depends_on_it() -> None:
    half_hours = [([500_000] * 48, [1] * 48)]
    xml = written(
        channel("A", "E1", days=half_hours, meter="M <1>"),
        channel("A", "B1", direction="export", days=half_hours),
    )
    feed = etree.fromstring(xml)
    atom, espi = "{http://www.w3.org/2005/Atom}", "{http://naesb.org/espi}"
    assert feed.tag == f"{atom}feed" and [feed.findtext(f"{atom}{one}") for one in ("title", "updated")] == [
        "Green Button readings",
        "2026-11-20T14:42:00Z",
    ]
    kinds = [content[0].tag.removeprefix(espi) for content in feed.iter(f"{atom}content")]
    assert kinds == [
        "LocalTimeParameters", "UsagePoint",
        "ReadingType", "MeterReading", "IntervalBlock",
        "ReadingType", "MeterReading", "IntervalBlock",
    ]  # fmt: skip
    for entry in feed.iter(f"{atom}entry"):
        tags = [child.tag.removeprefix(atom) for child in entry]
        assert {"id", "link", "title", "content", "published", "updated"} == set(tags)
        assert (entry.findtext(f"{atom}id") or "").startswith("urn:uuid:")
    ids = [one.text for one in feed.iter(f"{atom}id")]
    assert len(ids) == len(set(ids)) == 9
    [first, second] = feed.iter(f"{espi}ReadingType")
    said = {child.tag.removeprefix(espi): child.text for child in first}
    assert said == {
        "accumulationBehaviour": "4", "commodity": "1", "dataQualifier": "12", "defaultQuality": "0",
        "flowDirection": "1", "intervalLength": "1800", "kind": "12", "powerOfTenMultiplier": "-3",
        "uom": "72",
    }  # fmt: skip
    assert list(said) == sorted(said), "the schema is a sequence in order of the alphabet"
    assert second.findtext(f"{espi}flowDirection") == "19"


def test_another_unit_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match=r"channel T of SP 1 is import in therm") as caught:
        written(channel(name="T", unit="therm", days=[([1], [1])]))
    assert caught.value.code == "no_unit_in_greenbutton"


def test_channels_are_taken_one_after_the_other() -> None:
    """A writer that looked ahead would hold more than one."""
    out, seen = io.BytesIO(), list[int]()

    def made() -> Iterator[ChannelToWrite]:
        for number in range(3):
            seen.append(out.tell())
            yield channel(f"SP {number}", days=[([1] * 48, [1] * 48)])

    WRITER.write(made(), NOW, out)
    assert all(later - earlier > 3_000 for earlier, later in pairwise(seen))


def test_the_public_reader_reads_an_export(tmp_path: Path) -> None:
    parse = pytest.importorskip("greenbutton_objects.parse")
    channels = [
        channel("A", "E1", days=[([1_234_567] * 48, [1] * 48), ([7] * 48, [4] * 48)]),
        channel("A", "B1", direction="export", days=[([5, MISSING, 6] * 16, [1] * 48)]),
        channel("B", "E1", offset=600, days=[([1_000_000] * 96, [2] * 96)]),
    ]
    path = tmp_path / "export.xml"
    path.write_bytes(written(*channels))
    totals = {}
    for point in parse.parse_feed(str(path)):
        for series in point.meterReadings:
            readings = list(series.intervalReadings)
            flow = series.readingType.flowDirection.name
            totals[point.title, flow] = (len(readings), round(sum(one.value for one in readings) * 1000))
    assert totals == {
        ("A", "forward"): (96, 48 * 1_234_574),
        ("A", "reverse"): (32, 16 * 11),
        ("B", "forward"): (96, 96_000_000),
    }
