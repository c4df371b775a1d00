"""Made-up 80020 messages read back exactly; damaged ones never crash, hang or lose in silence."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from market_messages import area, channel, market_message, periods, point

from meters.domain.blocks import MISSING, Block
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.feeds import xml_stream
from meters.feeds.format import ReadOptions
from meters.feeds.p80020 import reader as p80020

Told = dict[tuple[str, str, date], tuple[list[int], list[int]]]

quantities = st.integers(0, 10**8).map(lambda tenths: f"{tenths // 10}.{tenths % 10}")
told_period = st.one_of(
    st.none(),
    st.tuples(quantities, st.sampled_from(["0", "1", "3"])),
    st.just(("", "1")),
)
days = st.sampled_from([30, 60]).flatmap(
    lambda minutes: st.tuples(
        st.just(minutes), st.lists(told_period, min_size=1440 // minutes, max_size=1440 // minutes)
    )
)
points = st.dictionaries(
    st.text("0123456789АБ", min_size=1, max_size=16),
    st.dictionaries(st.sampled_from(["01", "02", "03", "04"]), days, min_size=1, max_size=2),
    min_size=1,
    max_size=4,
)


def read(data: bytes) -> list[Block | Problem]:
    return list(p80020.read(io.BytesIO(data), "file", ReadOptions()))


@settings(deadline=None, max_examples=60)
@given(
    drawn=points,
    comma=st.booleans(),
    encoding=st.sampled_from(["windows-1251", "utf-8"]),
    day=st.dates(date(2014, 10, 27), date(2040, 1, 1)),
    kind=st.sampled_from(["measuringpoint", "accountpoint", "deliverygroup"]),
    in_one_area=st.booleans(),
)
def test_made_messages_read_back_exactly(drawn, comma, encoding, day, kind, in_one_area) -> None:
    expected: Told = {}
    places = []
    for code, by_channel in drawn.items():
        inner = ""
        for name, (minutes, told) in by_channel.items():
            values, qualities, body = [], [], ""
            for place, one in enumerate(told):
                text, status = one or ("", "")
                if one is not None:
                    shown = text.replace(".", ",") if comma else text
                    body += periods([shown], minutes, place * minutes, f'status="{status}"')
                values.append(int(Decimal(text) * 10**6) if text else MISSING)
                qualities.append((1 if status == "0" else 2) if text else 0)
            inner += channel(body, name)
            if body:
                expected[code, name, day] = (values, qualities)
        places.append(point(inner, code, kind))
    areas = area("".join(places)) if in_one_area else [area(place) for place in places]
    items = read(market_message(areas, day=day, encoding=encoding))
    assert {item.code for item in items if isinstance(item, Problem)} <= {"no_readings"}
    found: Told = {
        block.key: (block.values.tolist(), block.qualities().tolist())
        for block in items
        if isinstance(block, Block)
    }
    assert found == expected


WHOLE = market_message(
    area(
        point(channel(periods([f"{n},5" for n in range(48)])) + channel(periods(["0"] * 48), "02"), "A")
        + point(channel(periods(["7"] * 24, 60, attributes='status="1"'), "03"), "B")
    )
)
LINES = WHOLE.split(b"\n")


def accounted(items: list[Block | Problem]) -> None:
    """Refused, or every value is there, or something says that one is not."""
    problems = [item for item in items if isinstance(item, Problem)]
    for problem in problems:
        assert (
            problem.message.endswith(".") and len(problem.message.split()) >= 4 and len(problem.message) < 700
        )
    if any(problem.refuses for problem in problems):
        assert items[-1] is problems[-1]
        return
    for block in items:
        if isinstance(block, Block):
            assert block.values.size == 1440 // block.interval_minutes
            assert ((block.values >= 0) | (block.values == MISSING)).all()
            assert (block.qualities()[~block.present] == Quality.MISSING).all()


def test_whole() -> None:
    items = read(WHOLE)
    accounted(items)
    assert [int(block.present.sum()) for block in items if isinstance(block, Block)] == [48, 48, 24]


@settings(deadline=None, max_examples=200)
@given(
    changes=st.lists(
        st.tuples(
            st.sampled_from(["cut", "double", "swap"]),
            st.integers(0, len(LINES) - 1),
            st.integers(0, len(LINES) - 1),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_cut_doubled_and_swapped_lines(changes) -> None:
    lines = list(LINES)
    for change, first, second in changes:
        first, second = first % len(lines), second % len(lines)
        if change == "cut":
            del lines[first]
        elif change == "double":
            lines.insert(first, lines[first])
        else:
            lines[first], lines[second] = lines[second], lines[first]
    items = read(b"\n".join(lines))
    accounted(items)
    periods_left = sum(b"<period" in line for line in lines)
    if not any(isinstance(item, Problem) for item in items):
        readings = sum(int(block.present.sum()) for block in items if isinstance(block, Block))
        assert readings == periods_left


@settings(deadline=None, max_examples=250)
@given(
    hits=st.lists(
        st.tuples(st.floats(0, 0.999), st.binary(max_size=6), st.integers(0, 40)), min_size=1, max_size=4
    )
)
def test_random_bytes(hits) -> None:
    damaged = WHOLE
    for place, put, cut in hits:
        at = int(place * len(damaged))
        damaged = damaged[:at] + put + damaged[at + cut :]
    items = read(damaged)
    assert items
    accounted(items)


@settings(deadline=None, max_examples=150)
@given(noise=st.binary(max_size=300), head=st.sampled_from([b"", WHOLE[:45], WHOLE[:120], WHOLE[:400]]))
def test_noise(noise: bytes, head: bytes) -> None:
    items = read(head + noise)
    assert items and all(isinstance(item, Problem) for item in items)
    assert items[-1].refuses


@settings(deadline=None, max_examples=100)
@given(end=st.integers(0, len(WHOLE) - 12))
def test_cut_off_anywhere_is_refused(end: int) -> None:
    assert read(WHOLE[:end])[-1].refuses


def test_entity_bombs_are_refused_unread() -> None:
    bomb = (
        '<!DOCTYPE m [<!ENTITY a "'
        + "x" * 1000
        + '">'
        + "".join(
            f'<!ENTITY {after} "{f"&{before};" * 10}">'
            for before, after in zip("abcdefg", "bcdefgh", strict=True)
        )
        + "]>\n"
    )
    inner = area(point(channel(periods(["&h;"]))))
    [problem] = read(market_message(inner, head=bomb))
    assert (problem.code, problem.refuses) == ("doctype", True)
    [problem] = read(market_message(inner))
    assert (problem.code, problem.refuses) == ("bad_xml", True)


class Endless(io.RawIOBase):
    """A stream of `size` bytes, made as it is read."""

    def __init__(self, head: bytes, filler: bytes, size: int) -> None:
        self._parts = self._made(head, filler, size)

    def _made(self, head: bytes, filler: bytes, size: int) -> Iterator[bytes]:
        yield head
        chunk = filler * (65_536 // len(filler) + 1)
        for _ in range(size // len(chunk)):
            yield chunk

    def read(self, size: int = -1) -> bytes:
        return next(self._parts, b"")


@pytest.mark.parametrize(
    ("opening", "filler"),
    [
        (b"<period>", b"A"),
        (b'<period start="', b"0"),
        (b"", b'<period start="0000" end="0030"><value>1</value></period>'),
        (b"", b"<other>1</other>"),
        (b"<!--", b"-x"),
        (b"", b"<deeper>"),
        (b"\0", b"\0"),
    ],
)
def test_200_megabytes_of_one_element_are_refused_in_bounded_memory(opening: bytes, filler: bytes) -> None:
    head = WHOLE[: WHOLE.index(b"<period")] + opening
    tracemalloc.start()
    try:
        items = read_stream(Endless(head, filler, 200_000_000))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert items[-1].refuses and all(isinstance(item, Problem) for item in items)
    assert peak < 40_000_000


def read_stream(stream: io.RawIOBase) -> list[Block | Problem]:
    return list(p80020.read(stream, "file", ReadOptions()))


def test_what_was_read_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a message of very many points would be refused for the weight of its tree."""
    monkeypatch.setattr(xml_stream, "MOST_HELD", 40_000)
    monkeypatch.setattr(xml_stream, "CHUNK_BYTES", 16_384)
    places = [point(channel(periods(["1"] * 24, 60)), f"P{number}") for number in range(800)]
    items = read(market_message([area("".join(places[:400])), area("".join(places[400:]))]))
    assert sum(isinstance(item, Block) for item in items) == len(items) == 800
