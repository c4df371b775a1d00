"""NEM12 files made up by rule are read back exactly, by the fast way and by the careful one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, timedelta
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nem_files import MadeFile, comparable, items_of, nem12_files, refused, said_by

from meters.domain.accumulated import RegisterRead
from meters.domain.blocks import Block, BlockRun
from meters.domain.problems import Problem
from meters.feeds.format import Item, ReadOptions
from meters.feeds.nem import nem12
from meters.feeds.nem.runs import Line
from meters.feeds.nem.streams import Stream

quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def with_care(first: int, data: bytes, _stream: Stream | None) -> Iterator[tuple[int, Line]]:
    """Every line by itself, as if nothing in it were plain."""
    for number, raw in enumerate(data.split(b"\n"), first):
        yield number, Line(raw)


@quick
@given(nem12_files())
def test_a_made_file_is_read_back(made: MadeFile) -> None:
    items = items_of(made.data)
    assert not [item for item in items if isinstance(item, Problem)]
    assert said_by(items) == made.days
    reads = [
        (item.service_point, item.register, item.figure) for item in items if isinstance(item, RegisterRead)
    ]
    assert reads == made.index_reads


@quick
@given(nem12_files(), st.sampled_from([1, 7, 64, 1000]))
def test_where_a_file_is_cut_into_parts_makes_no_difference(made: MadeFile, size: int) -> None:
    with patch.object(nem12, "_CHUNK_BYTES", size):
        parts = comparable(items_of(made.data))
    assert parts == comparable(items_of(made.data))


def assert_alike(items: list[Item], data: bytes) -> None:
    """That a careful reading says the same. Of a file that is refused nothing but the problems counts: the
    fast way knows a line sooner that a plain day is whole."""
    with patch.object(nem12, "pieces", with_care):
        careful = items_of(data)
    if refused(items):
        assert _problems(careful) == _problems(items)
    else:
        assert comparable(careful) == comparable(items)


def _problems(items: list[Item]) -> list[Problem]:
    return [item for item in items if isinstance(item, Problem)]


edits = st.lists(
    st.tuples(
        st.sampled_from(["cut", "swap", "double", "drop", "join", "byte", "blank", "end"]),
        st.integers(0, 10**6),
        st.sampled_from([b"\0", b"\xff", b'"', b",", b" ", b"\r", b".", b"-", b"e", b"9", b"V", b"\x1c"]),
    ),
    min_size=1,
    max_size=4,
)


def edited(lines: list[bytes], changes: list[tuple[str, int, bytes]]) -> list[bytes]:
    """The lines after some accidents."""
    lines = list(lines)
    for kind, where, byte in changes:
        at = where % len(lines)
        inside = where // 7 % (len(lines[at]) + 1)
        if kind == "cut":
            lines[at] = lines[at][:inside]
        elif kind == "swap":
            other = where // 3 % len(lines)
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "drop" and len(lines) > 1:
            del lines[at]
        elif kind == "join" and at + 1 < len(lines):
            lines[at : at + 2] = [lines[at] + lines[at + 1]]
        elif kind == "byte":
            lines[at] = lines[at][:inside] + byte + lines[at][inside:]
        elif kind == "blank":
            lines.insert(at, b"")
        elif kind == "end":
            del lines[at + 1 :]
    return lines


@quick
@given(nem12_files(), edits)
def test_accidents_are_told_alike_by_both_ways_and_no_day_is_lost(made: MadeFile, changes) -> None:
    before = made.data.split(b"\n")[:-1]
    after = edited(before, changes)
    data = b"".join(line + b"\n" for line in after)
    items = items_of(data)
    assert_alike(items, data)
    if refused(items):
        assert isinstance(items[-1], Problem) and items[-1].refuses
        return
    told = {item.line for item in items if isinstance(item, Block | Problem)}
    dropped = {item.dropped[2] for item in items if isinstance(item, Problem) and item.dropped}
    whole = set(before)
    for number, line in enumerate(after, 1):
        if line in whole and line.startswith(b"300,"):
            day = date.fromisoformat(line[4:12].decode())
            assert number in told or day in dropped, (number, line)


_RECORDS = b"""\
100,NEM12,
200,6001234567,E1,E1,E1,N1,M77,kWh,720,
300,20240101,1,2,A,,,
300,20240102,1,2,V,,,
400,1,1,S14,,
400,2,2,A,,
500,N,,20240101000000,1

300
900""".split(b"\n")
_PLAIN = b"300,20240103," + b"0.125," * 48 + b"A,,,20240104000000,\n"


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        (_PLAIN.replace(b"0000,", b"00\x0000,"), "binary"),
        (_PLAIN.replace(b"0000,", b"00\xff00,"), "encoding"),
        (_PLAIN.replace(b"A,,,", b'A,"x,y",,'), "ok"),
        (_PLAIN.replace(b"A,,,", b"A,,no code,"), "ok"),
        (_PLAIN.replace(b"A,,,", b"A,79,,"), "ok"),
        (_PLAIN.replace(b"A,,,", b"E52,,,"), "ok"),
        (_PLAIN.replace(b"A,,,20240104000000,\n", b"A\n"), "ok"),
        (_PLAIN.replace(b"A,,,20240104000000,\n", b"A\r\n"), "ok"),
        (_PLAIN.replace(b"A,,,20240104000000,\n", b"A\r\r\n"), "ok"),
        (_PLAIN.replace(b"A,,,20240104000000,\n", b"A ,,\n"), "ok"),
        (_PLAIN.replace(b"A,,,20240104000000,\n", b"A1\n"), "wrong_count"),
        (_PLAIN.replace(b"A,,,20240104000000,\n", b"\n"), "wrong_count"),
        (_PLAIN.replace(b"\n", b"") + _PLAIN.replace(b"0103", b"0104"), "too_many_fields"),
        (_PLAIN + b"400,1,48,A,,\n", "unexpected_quality"),
        (_PLAIN + b"\n\r\n400,1,48,A,,\n", "unexpected_quality"),
        (_PLAIN + b"   \n400,1,48,A,,\n", "unexpected_quality"),
        (_PLAIN + b"500,N,,20240104000000,7\n", "ok"),
        (_PLAIN.replace(b"0103", b"0230"), "bad_date"),
        (_PLAIN.replace(b"0103", b" 0103"), "bad_date"),
        (_PLAIN.replace(b"20240103", b" 20240103 "), "ok"),
        (_PLAIN.replace(b"0.125", b"0.12E", 1), "not_a_number"),
        (_PLAIN.replace(b"0.125", b"0-125", 1), "not_a_number"),
        (_PLAIN.replace(b"0.125", b"0.125000000000000000001", 1), "ok"),
        (_PLAIN.replace(b"0.125,", b"", 1), "wrong_count"),
        (_PLAIN.replace(b"0.125,", b"0.125,7,", 1), "wrong_count"),
        (_PLAIN.replace(b"0.125,", b",", 1), "no_value"),
        (_PLAIN.replace(b"300,", b'"300",'), "ok"),
        (_PLAIN.replace(b"300,", b" 300,"), "ok"),
        (b'"200","6009999999",E1,E1,E1,N1,M77,kWh,30,\n' + _PLAIN, "ok"),
        (b"200,6009999999,E1,E1,E1,N1,M77,kWh,15,\n" + _PLAIN, "wrong_count"),
        (b"200,6009999999,E1,E1,E1,N1,M77,kWh,7,\n" + _PLAIN, "bad_interval"),
        (b"900\n" + _PLAIN, "after_end"),
        (b"901\n" + _PLAIN, "unknown_record"),
    ],
)
def test_one_odd_record_among_plain_ones(odd: bytes, told: str) -> None:
    head = b"100,NEM12,202402010000,MDP1,RET1\n200,6001234567,E1,E1,E1,N1,M77,kWh,30,\n"
    plain = [_PLAIN.replace(b"0103", stamp) for stamp in (b"0101", b"0102", b"0104", b"0105")]
    data = b"".join([head, *plain[:2], odd, *plain[2:], b"900\n"])
    items = items_of(data)
    assert_alike(items, data)
    codes = {problem.code for problem in _problems(items)}
    assert codes == (set() if told == "ok" else {told})
    if told == "ok":
        assert len([item for item in items if isinstance(item, Block)]) == 5


noise = st.one_of(
    st.binary(max_size=300),
    st.text('0123456789,.AENSV"\r\n -', max_size=300).map(str.encode),
    st.lists(st.sampled_from(_RECORDS), max_size=12).map(b"\n".join),
    st.lists(st.sampled_from(_RECORDS), max_size=12).map(lambda lines: b"\n".join([*_RECORDS[:2], *lines])),
)


@settings(max_examples=300, deadline=None)
@given(noise)
def test_noise_is_read_to_its_end_or_refused(data: bytes) -> None:
    items = items_of(data)
    assert all(not (isinstance(item, Problem) and item.refuses) for item in items[:-1])
    assert_alike(items, data)


class Endless(io.RawIOBase):
    """A stream of one byte over and over, and how much of it was asked for."""

    def __init__(self, byte: bytes) -> None:
        self.byte, self.given = byte, 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "a reader asks for a bounded part"
        self.given += size
        return self.byte * size


@pytest.mark.parametrize("byte", [b"1", b",", b"\0"])
def test_a_line_without_end_is_refused_where_it_passes_a_megabyte(byte: bytes) -> None:
    stream = Endless(byte)
    [problem] = nem12.read(stream, "stem", ReadOptions())  # type: ignore[arg-type]
    assert isinstance(problem, Problem) and problem.refuses
    assert (problem.code, problem.line) == ("line_too_long", 1)
    assert stream.given < 4 * 2**20


def test_plain_days_come_as_one_run_a_channel() -> None:
    """What makes the reader fast is not lost unseen."""
    lines = ["100,NEM12,202402010000,MDP1,RET1"]
    for nmi in ("6001234567", "6001234568"):
        lines.append(f"200,{nmi},E1,E1,E1,N1,M77,kWh,30,")
        for number in range(40):
            day = date(2024, 1, 1) + timedelta(days=number)
            lines.append(f"300,{day:%Y%m%d}," + "0.125," * 48 + "A,,,20240102000000,")
    data = "\n".join([*lines, "900", ""]).encode()
    items = list(nem12.read(io.BytesIO(data), "stem", ReadOptions()))
    assert [type(item) for item in items] == [BlockRun, BlockRun]
    assert [item.days.size for item in items if isinstance(item, BlockRun)] == [40, 40]


def test_a_day_that_comes_again_begins_another_run() -> None:
    day = "300,{}," + "0.125," * 48 + "{},,,20240102000000,"
    stamps = ["20240101", "20240102", "20240102", "20240103", "20240101"]
    lines = ["100,NEM12,202402010000,MDP1,RET1", "200,6001234567,E1,E1,E1,N1,M77,kWh,30,"]
    lines += [day.format(stamp, "AEFS"[place % 4]) for place, stamp in enumerate(stamps)]
    data = "\n".join([*lines, "900", ""]).encode()
    for item in nem12.read(io.BytesIO(data), "stem", ReadOptions()):
        if isinstance(item, BlockRun):
            assert len(set(item.days.tolist())) == item.days.size
    blocks = [item for item in items_of(data) if isinstance(item, Block)]
    assert [f"{block.day:%Y%m%d}" for block in blocks] == stamps
    assert [block.line for block in blocks] == [3, 4, 5, 6, 7]
