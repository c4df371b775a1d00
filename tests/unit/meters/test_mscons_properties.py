"""Made-up MSCONS files read back exactly; damaged ones never crash, hang or lose in silence."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mscons_files import interchange, location, message, position, values

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.blocks import MISSING, Block
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.feeds.format import ReadOptions
from meters.feeds.mscons import reader as mscons

START = datetime(2023, 3, 25, 22, tzinfo=UTC)
STATUSES = {"220": 1, "67": 4, "201": 2, "187": 3}
Told = dict[tuple[str, str], dict[datetime, tuple[int, int]]]

quantities = st.integers(0, 10**10).map(lambda thousandths: f"{thousandths // 1000}.{thousandths % 1000:03}")
channels = st.sampled_from(["1-1:1.29.0", "1-1:2.29.0*255", "1-1:3.29.0", "7-20:99.33.17"])
series = st.tuples(
    st.sampled_from([5, 15, 30, 60]),
    st.integers(0, 400),
    st.lists(st.tuples(quantities, st.sampled_from(sorted(STATUSES))), min_size=1, max_size=40),
)
points = st.lists(
    st.tuples(st.text("ABC0123", min_size=1, max_size=11), st.dictionaries(channels, series, min_size=1)),
    min_size=1,
    max_size=4,
    unique_by=lambda pair: pair[0],
)


def read(text: str | bytes) -> list[Block | Consumption | RegisterRead | Problem]:
    data = text.encode() if isinstance(text, str) else text
    return list(mscons.read(io.BytesIO(data), "file", ReadOptions()))


def held(items) -> Told:
    """Every reading by channel and instant, the later block over the earlier."""
    found: Told = {}
    for block in items:
        if isinstance(block, Block):
            of = found.setdefault((block.service_point, block.channel), {})
            for place in block.present.nonzero()[0].tolist():
                at = block.starts_at + timedelta(minutes=place * block.interval_minutes)
                of[at.astimezone(UTC)] = (int(block.values[place]), int(block.qualities()[place]))
    return found


@settings(deadline=None, max_examples=150)
@given(
    drawn=points,
    shape=st.sampled_from([("UNA:+.? '", ""), ("", ""), ("UNA:+,? '", "\n"), ("UNA:+,? '", "\r\n")]),
    many=st.booleans(),
)
def test_made_files_read_back_exactly(drawn, shape: tuple[str, str], many: bool) -> None:
    una, between = shape
    expected: Told = {}
    bodies = []
    for point, by_channel in drawn:
        body = location(point)
        for obis, (minutes, skipped, told) in by_channel.items():
            first = START + timedelta(minutes=minutes * skipped)
            segments = []
            for place, (quantity, status) in enumerate(told):
                at = first + timedelta(minutes=minutes * place)
                shown = quantity.replace(".", ",") if "," in una else quantity
                segments += values(at, [shown], minutes, status)
                value = int(Decimal(quantity) * 10**6)
                expected.setdefault((point, obis), {})[at] = (value, STATUSES[status])
            body += position(obis, *segments)
        bodies.append(body)
    if many:
        messages = [message(*body, reference=str(number)) for number, body in enumerate(bodies)]
    else:
        messages = [message(*(segment for body in bodies for segment in body))]
    items = read(interchange(*messages, una=una, between=between))
    too_large = {
        key for key, told in expected.items() for value, _quality in told.values() if value >= 10**15
    }
    problems = [item for item in items if isinstance(item, Problem)]
    assert {problem.code for problem in problems} <= {"value_too_large"}
    assert bool(problems) == bool(too_large)
    found = held(items)
    for key, told in expected.items():
        if key not in too_large:
            assert found[key] == told


WHOLE = interchange(
    message(
        *location("P1", "RFF+MG:77"),
        *position("1-1:1.29.0", *values(START, [f"{n}.5" for n in range(30)])),
        *position("1-1:1.8.0", "QTY+220:4711", "DTM+7:202401312300?+00:303"),
    ),
    message(*location("P2"), *position("1-1:2.29.0", *values(START, ["7"] * 30, status="67")), reference="2"),
)
SEGMENTS = WHOLE.removeprefix("UNA:+.? '").split("'")[:-1]
ALL = held(read(WHOLE))


def accounted(items) -> None:
    """Whatever was done to WHOLE: refused, or every value is there, or something says that one is not."""
    problems = [item for item in items if isinstance(item, Problem)]
    for problem in problems:
        assert problem.message.endswith(".") and len(problem.message.split()) >= 4
        assert "\0" not in problem.message and len(problem.message) < 700
    if any(problem.refuses for problem in problems):
        assert items[-1] is problems[-1] and problems[-1].refuses
        return
    if not problems:
        found = held(items)
        readings = sum(map(len, found.values())) + sum(isinstance(item, RegisterRead) for item in items)
        assert readings + sum(isinstance(item, Consumption) for item in items) == 61
    for block in items:
        if isinstance(block, Block):
            assert block.values.size == 1440 // block.interval_minutes
            assert ((block.values >= 0) | (block.values == MISSING)).all()
            assert (block.qualities()[~block.present] == Quality.MISSING).all()


def test_whole() -> None:
    accounted(read(WHOLE))
    assert sum(map(len, ALL.values())) == 60


@settings(deadline=None, max_examples=300)
@given(
    changes=st.lists(
        st.tuples(
            st.sampled_from(["cut", "double", "swap"]),
            st.integers(0, len(SEGMENTS) - 1),
            st.integers(0, len(SEGMENTS) - 1),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_cut_doubled_and_swapped_segments(changes) -> None:
    segments = list(SEGMENTS)
    for change, first, second in changes:
        first, second = first % len(segments), second % len(segments)
        if change == "cut":
            del segments[first]
        elif change == "double":
            segments.insert(first, segments[first])
        else:
            segments[first], segments[second] = segments[second], segments[first]
    items = read("UNA:+.? '" + "".join(f"{segment}'" for segment in segments))
    accounted(items)


@settings(deadline=None, max_examples=300)
@given(
    hits=st.lists(
        st.tuples(st.floats(0, 0.999), st.binary(max_size=6), st.integers(0, 40)), min_size=1, max_size=4
    )
)
def test_random_bytes(hits) -> None:
    damaged = WHOLE.encode()
    for place, put, cut in hits:
        at = int(place * len(damaged))
        damaged = damaged[:at] + put + damaged[at + cut :]
    items = read(damaged)
    assert items
    for problem in items:
        if isinstance(problem, Problem):
            assert problem.message.endswith(".") and len(problem.message) < 700


@settings(deadline=None, max_examples=200)
@given(noise=st.binary(max_size=300), head=st.sampled_from([b"", b"UNA:+.? '", b"UNB+UNOC:3+1+2+3'", b"UNA"]))
def test_noise(noise: bytes, head: bytes) -> None:
    items = read(head + noise)
    assert items and all(isinstance(item, Problem) for item in items) and items[-1].refuses


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(end=st.integers(0, len(WHOLE) - 1))
def test_cut_off_anywhere_is_refused(end: int) -> None:
    items = read(WHOLE[:end])
    assert items[-1].refuses, "a value of the part before may have been a part of a value"


class Endless(io.RawIOBase):
    """A stream of `size` bytes, made as it is read."""

    def __init__(self, head: bytes, filler: bytes, size: int) -> None:
        self._parts = self._made(head, filler, size)

    def _made(self, head: bytes, filler: bytes, size: int) -> Iterator[bytes]:
        yield head
        chunk = filler * (65_536 // len(filler))
        for _ in range(size // len(chunk)):
            yield chunk

    def read(self, size: int = -1) -> bytes:
        return next(self._parts, b"")


@pytest.mark.parametrize("filler", [b"A", b"?", b"+", b":", b"\n", b" "])
def test_a_segment_of_200_megabytes_is_refused_in_bounded_memory(filler: bytes) -> None:
    stream = Endless(b"UNB+UNOC:3+1+2+3+4'UNH+1+MSCONS:D:04B'FTX+", filler, 200_000_000)
    tracemalloc.start()
    try:
        items = list(mscons.read(stream, "file", ReadOptions()))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [item.code for item in items] == ["no_end" if filler == b"\n" else "no_segments"]
    assert peak < 10_000_000


def test_nuls_and_wrong_encodings() -> None:
    for put, code in ((b"\0", "binary"), (b"\xff", "encoding"), (b"\x1b", "binary")):
        text = WHOLE.replace("UNOC", "UNOY").encode()
        at = text.index(b"LIN+1")
        [problem] = [item for item in read(text[:at] + put + text[at:]) if isinstance(item, Problem)]
        assert (problem.code, problem.refuses, problem.line) == (code, True, text[:at].count(b"'") + 1)
