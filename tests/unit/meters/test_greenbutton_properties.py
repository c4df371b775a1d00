"""Green Button feeds made at random: read back exactly, however they are written, cut or broken."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise

import pytest
from green_buttons import EPOCH, LOCAL, ROOT, Feed, Reading, Reads, Style, intervals, items, plainly, problems
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.feeds import xml_stream
from meters.feeds.format import Item
from meters.feeds.greenbutton import reader as greenbutton
from meters.feeds.greenbutton import rows as greenbutton_rows

STYLES = st.builds(
    Style,
    atom=st.sampled_from(["", "atom:", "a1:"]),
    espi=st.sampled_from(["", "espi:", "ns0:", "ns-2.1:"]),
    blank=st.sampled_from(["\n  ", "", " ", "\r\n\t", "\n<!-- 1/1/2011 8:00:00 AM -->\n"]),
    value_first=st.booleans(),
    start_first=st.booleans(),
)
QUALITIES = {
    (): Quality.ACTUAL,
    (0,): Quality.ACTUAL,
    (8,): Quality.ESTIMATED,
    (17, 7): Quality.SUBSTITUTED,
    (12,): Quality.FORWARD,
    (7, 19): Quality.FINAL,
}
OFFSETS = (0, -5 * 3600, 3600, 19_800, -34_200)
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=_SLOW)
SELDOM = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=_SLOW,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
CHANGES = (1_331_449_200, 1_352_008_800, 0)
"""The American clock forward and back in 2012, and the beginning of time."""


@st.composite
def values(draw: st.DrawFn) -> str:
    whole = str(draw(st.integers(-9_999, 99_999)))
    return whole + draw(st.sampled_from(["", "", "", ".5", ".0", ".125", "."]))


@st.composite
def feeds(draw: st.DrawFn) -> tuple[bytes, Reads]:
    """A feed of a few series, its entries in any order, and what it says."""
    style, told = draw(STYLES), Reads()
    offset = draw(st.sampled_from(OFFSETS))
    feed = Feed(style).local(offset)
    for number in range(draw(st.integers(1, 3))):
        point = f"{ROOT}/RetailCustomer/9/UsagePoint/{number}"
        feed.point(point)
        for flow in draw(st.sampled_from([(1,), (19,), (1, 19)])):
            power = draw(st.integers(-8, 5))
            kind, own = f"{ROOT}/ReadingType/{number}-{flow}", f"{point}/MeterReading/{flow}"
            feed.series(own, kind).type(kind, flowDirection=flow, powerOfTenMultiplier=power)
            name = (f"9/{number}", f"electricity-{'import' if flow == 1 else 'export'}")
            _series(draw, feed, own, name, power, told)
    order = draw(st.permutations(feed.entries))
    return Feed(style, list(order)).xml(), told


def _series(draw: st.DrawFn, feed: Feed, own: str, name: tuple[str, str], power: int, told: Reads) -> None:
    """Readings of one length around an instant, some left out, cut into blocks at random."""
    length = draw(st.sampled_from([300, 900, 1800, 3600, 7200]))
    start = draw(st.sampled_from(CHANGES)) // 86_400 * 86_400 + draw(st.integers(0, 40)) * length
    start += draw(st.sampled_from([0, 0, 0, 420]))
    count = draw(st.integers(1, 60))
    gaps = draw(st.sets(st.integers(0, 59)))
    readings = []
    for place in [place for place in range(count) if place not in gaps]:
        value, codes = draw(values()), draw(st.sampled_from(list(QUALITIES)))
        begins = start + place * length
        written = draw(st.sampled_from([str(begins), f"{begins}.0"]))
        readings.append(Reading(written, length, value, codes))
        first = EPOCH + timedelta(seconds=begins)
        exact = Decimal(value).scaleb(power + 3)
        micro = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
        told[(*name, first, first + timedelta(seconds=length))] = (micro, int(QUALITIES[codes]))
    cuts = sorted(draw(st.sets(st.integers(0, len(readings)), max_size=3)) | {0, len(readings)})
    for number, (begin, end) in enumerate(pairwise(cuts)):
        feed.block(*readings[begin:end], own=f"{own}/IntervalBlock/{number}")


@OFTEN
@given(feeds())
def test_a_feed_is_read_back_exactly(made: tuple[bytes, Reads]) -> None:
    xml, told = made
    found = items(xml)
    assert problems(found) == []
    assert intervals(found) == told


class _NoRuns(greenbutton.Runs):
    """Leaves every reading to the XML parser."""

    def spliced(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        return chunks


def read_as_xml(xml: bytes, monkeypatch: pytest.MonkeyPatch) -> list[Item]:
    with monkeypatch.context() as patched:
        patched.setattr(greenbutton, "Runs", _NoRuns)
        return items(xml)


def alike(xml: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in bulk and read as XML come to the same, line by line; words of a refusal may differ."""
    fast, slow = items(xml), read_as_xml(xml, monkeypatch)
    refused = [one for found in (fast, slow) for one in found if isinstance(one, Problem) and one.refuses]
    if refused:
        assert len(refused) == 2 and {len(fast), len(slow)} == {1}
        assert len({one.code for one in refused}) == 1
        assert len({one.line for one in refused}) == 1
    else:
        assert sorted(map(repr, plainly(fast))) == sorted(map(repr, plainly(slow)))


@SELDOM
@given(made=feeds(), seed=st.integers(0, 2**32))
def test_reading_in_bulk_is_reading_as_xml(
    made: tuple[bytes, Reads], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is done to the bytes: pieces cut, doubled, swapped, tags and numbers replaced."""
    chance, xml = random.Random(seed), made[0]
    alike(xml, monkeypatch)
    for _ in range(3):
        alike(broken(xml, chance), monkeypatch)


PIECES = [b"", b" ", b"\n", b"<!-- 5 -->", b"<!-- -5 -->", b"<!-- 5 --->", b"<!-- \x01 -->", b"<!-- \n -->"]
PIECES += b"<value> </value> <start> 5 - . + 1e3 < > &#53; <!-- --> <![CDATA[ ]]> <IntervalReading>".split()
PIECES += b"</IntervalReading> </IntervalBlock> <duration></duration> <value/> <cost>7</cost> \0 \xff".split()
PIECES += b"\x01 99999999999999999999 <quality>8</quality> <timePeriod> </timePeriod> <x>5</x> <?x ?>".split()


def broken(xml: bytes, chance: random.Random) -> bytes:
    """One of the ways in which a file goes wrong; most often inside a reading, at the edge of a tag."""
    edges = [place for place in range(len(xml)) if xml[place : place + 1] in b"<>"]
    at, to = sorted(chance.choice(edges) + chance.randrange(2) for _ in range(2))
    way = chance.randrange(6)
    if way == 0:
        return xml[:at] + chance.choice(PIECES) + xml[at:]
    if way == 1:
        return xml[:at] + chance.choice(PIECES) + xml[at + chance.randrange(1, 8) :]
    if way == 2:
        return xml[:at] + xml[min(to, at + 400) :]
    if way == 3:
        return xml[:at] + xml[at : at + chance.randrange(400)] + xml[at:]
    if way == 4:
        return xml[:to]
    place = chance.randrange(len(xml))
    return xml[:place] + bytes([chance.randrange(256)]) + xml[place + 1 :]


@SELDOM
@given(made=feeds(), size=st.integers(40, 3_000), held=st.integers(10, 500))
def test_it_does_not_matter_where_a_chunk_ends(
    made: tuple[bytes, Reads], size: int, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(xml_stream, "CHUNK_BYTES", size)
        patched.setattr("meters.feeds.greenbutton.runs._HELD_BACK", held)
        patched.setattr(greenbutton_rows, "_FLUSH_ROWS", 7)
        patched.setattr(greenbutton_rows, "SPAN", 86_400_000_000)
        found = items(made[0])
    assert problems(found) == []
    assert sorted(_readings(found)) == sorted((*key, *value) for key, value in made[1].items())


def _readings(found: list[Item]) -> list[tuple[object, ...]]:
    """As `intervals`, a day may come in parts."""
    return [(*key, *value) for one in found for key, value in intervals([one]).items()]


@OFTEN
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_or_read(noise: bytes) -> None:
    for xml in (
        noise,
        b'<feed xmlns="http://naesb.org/espi">' + noise,
        b"<feed><entry>" + noise + b"</entry></feed>",
    ):
        found = items(xml)
        assert all(not (isinstance(one, Problem) and one.refuses) for one in found[:-1])


@OFTEN
@given(
    st.lists(
        st.builds(
            Reading,
            start=st.one_of(st.integers(0, 10_000), st.text(max_size=5)),
            duration=st.one_of(st.sampled_from([0, 900, 1800]), st.none(), st.text(max_size=5)),
            value=st.one_of(st.integers(-5, 5), st.none(), st.text(max_size=5)),
            qualities=st.lists(st.one_of(st.integers(-2, 40), st.text(max_size=3)), max_size=3),
            cost=st.one_of(st.none(), st.integers(0, 9), st.text(max_size=3)),
        ),
        max_size=12,
    )
)
def test_no_reading_is_lost_in_silence(readings: list[Reading]) -> None:
    """Each is told, or named in a problem by its line, or one of those that fell with their day."""
    clean = [reading for reading in readings if _is_xml(reading)]
    feed = Feed().local().point(local=LOCAL).type().series().block(*clean)
    found = items(feed.xml())
    told = {line for one in found if isinstance(one, Problem) for line in [one.line]}
    days = {one.dropped for one in found if isinstance(one, Problem)} - {None}
    holes = sum(1 for one in clean if one.value is None or not str(one.value).strip())
    assert len(intervals(found)) + len(told) + holes >= (0 if days else len(clean) - _repeats(clean))


def _is_xml(reading: Reading) -> bool:
    text = "".join(
        map(str, [reading.start, reading.duration, reading.value, reading.cost, *reading.qualities])
    )
    return all(" " <= sign <= "~" and sign not in "<&" for sign in text)


def _repeats(readings: list[Reading]) -> int:
    return len(readings) - len({(str(one.start).strip(), str(one.duration).strip()) for one in readings})


@pytest.mark.parametrize("espi", ["", "espi:", "ns0:"])
@pytest.mark.parametrize("blank", ["", "\n  ", "\r\n\t", "\n<!-- 1/1/2011 8:00:00 AM -->"])
@pytest.mark.parametrize("more", [{}, {"cost": 5}, {"qualities": [17, 8]}])
def test_what_looks_alike_never_meets_the_xml_parser(espi: str, blank: str, more: dict[str, object]) -> None:
    readings = [Reading(place * 1800, 1800, place - 3, **more) for place in range(48)]  # type: ignore[arg-type]
    xml = Feed(Style(espi=espi, blank=blank, value_first=bool(more))).block(*readings).xml()
    runs = greenbutton.Runs()
    left = b"".join(runs.spliced(iter([xml])))
    assert (left.count(b"IntervalReading"), left.count(b"\n")) == (1, xml.count(b"\n"))


def test_an_entry_may_be_larger_than_what_is_held() -> None:
    """A year of quarters in one block, its type and its links behind it."""
    readings = [Reading(place * 900, 900, place % 7) for place in range(35_040)]
    feed = Feed().block(*readings).series().type().point().local()
    found = items(feed.xml())
    assert problems(found) == []
    told = intervals(found)
    assert len(told) == 35_040
    assert sum(value for value, _ in told.values()) == sum(place % 7 for place in range(35_040)) * 1_000


def test_a_stream_may_drip() -> None:
    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(97)

    xml = Feed().local().point().type().series().block(*[Reading(n * 1800, 1800, n) for n in range(48)]).xml()
    found = list(greenbutton.FORMAT.read(Dripping(xml), "stem", greenbutton.ReadOptions()))
    assert intervals(found) == intervals(items(xml))
