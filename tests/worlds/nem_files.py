"""NEM12 files made up by rule, and what they say, worked out the slow way."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from hypothesis import strategies as st

from meters.domain.blocks import MISSING, Block, BlockRun, Remark
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.feeds.format import Item, ReadOptions
from meters.feeds.nem import nem12

FLAGS = {
    "A": Quality.ACTUAL,
    "E": Quality.FORWARD,
    "F": Quality.FINAL,
    "N": Quality.MISSING,
    "S": Quality.SUBSTITUTED,
}
UNITS = {"kWh": 0, "KWH": 0, "Wh": -3, "MWh": 3, "kVArh": 0, "VARH": -3}

Key = tuple[str, str, date]


@dataclass(frozen=True)
class Said:
    """What is said of one day."""

    interval_minutes: int
    values: tuple[int, ...]
    qualities: tuple[int, ...]
    remarks: tuple[Remark, ...]


@dataclass
class MadeFile:
    """The lines of a file, and the days they say, a later one in place of an earlier one."""

    lines: list[str] = field(default_factory=list)
    days: dict[Key, Said] = field(default_factory=dict)
    index_reads: list[tuple[str, str, int]] = field(default_factory=list)
    line_end: str = "\n"

    @property
    def data(self) -> bytes:
        return "".join(line + self.line_end for line in self.lines).encode()


def items_of(data: bytes) -> list[Item]:
    """What the reader yields, runs as their blocks."""
    items: list[Item] = []
    for item in nem12.read(io.BytesIO(data), "stem", ReadOptions()):
        items += item.blocks() if isinstance(item, BlockRun) else [item]
    return items


def said_by(items: Iterable[Item]) -> dict[Key, Said]:
    """The days, later ones in place of earlier ones."""
    return {item.key: said_of(item) for item in items if isinstance(item, Block)}


def said_of(block: Block) -> Said:
    codes = tuple(block.qualities().tolist())
    return Said(block.interval_minutes, tuple(block.values.tolist()), codes, block.remarks)


def comparable(items: Iterable[Item]) -> list[object]:
    """The same items as values that can be compared."""
    return [
        (item.key, item.unit, item.direction, item.line, item.replaces, said_of(item))
        if isinstance(item, Block)
        else item
        for item in items
    ]


def refused(items: Iterable[Item]) -> bool:
    return any(isinstance(item, Problem) and item.refuses for item in items)


_digits = st.text("0123456789", min_size=1, max_size=5)
_plain = st.one_of(
    _digits,
    st.builds("{}.{}".format, _digits, st.text("0123456789", min_size=1, max_size=9)),
    st.builds(".{}".format, _digits),
    st.builds("{}.".format, _digits),
)
value_texts = st.one_of(
    _plain,
    _plain,
    st.builds("{}e{}".format, _digits, st.integers(-4, 1)),
    st.builds(" {} ".format, _plain),
)
_methods = st.sampled_from(["A", "A", "A", "A79", "S14", "S", "F70", "E52", "F", "E"])
_reasons = st.sampled_from([("", ""), ("", ""), ("79", ""), ("0", "Blown fuse"), ("32", "No access")])


def micro(text: str, exponent: int) -> int:
    shifted = Decimal(text.strip()).scaleb(6 + exponent)
    return int(shifted.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def _remark(first: int, end: int, flag: str, code: str, reason: str) -> tuple[Remark, ...]:
    method = flag[1:] or None
    if not (method or code or reason):
        return ()
    return (Remark(first, end, method, code or None, reason or None),)


@st.composite
def nem12_files(draw: st.DrawFn) -> MadeFile:
    """Several meters and channels, intervals, units, qualities, methods, blanks, quotes and line ends."""
    made = MadeFile(line_end=draw(st.sampled_from(["\n", "\r\n"])))
    made.lines.append("100,NEM12,202402010000,MDP1,RET1")
    names = st.tuples(
        st.sampled_from(["6001234567", "NCDE001111"]), st.sampled_from(["E1", "E2", "B1", "Q1"])
    )
    for nmi, suffix in draw(st.lists(names, min_size=1, max_size=4)):
        _channel(draw, made, nmi, suffix)
    made.lines.append("900")
    return made


def _channel(draw: st.DrawFn, made: MadeFile, nmi: str, suffix: str) -> None:
    unit, minutes = draw(st.sampled_from(sorted(UNITS))), draw(st.sampled_from([30, 30, 30, 15, 5]))
    named = ["200", nmi, "E1", "1", suffix, "N1", "M77", unit, str(minutes), ""]
    _line(draw, made, named)
    first = date(2024, 2, 26) + timedelta(days=draw(st.integers(0, 3)))
    for offset in draw(st.lists(st.integers(0, 6), max_size=5)):
        _day(draw, made, (nmi, suffix, first + timedelta(days=offset)), 1440 // minutes, UNITS[unit])
        if draw(st.integers(0, 2)) == 0:
            _line(draw, made, named)


def _day(draw: st.DrawFn, made: MadeFile, key: Key, count: int, exponent: int) -> None:
    few = draw(st.lists(value_texts if draw(st.booleans()) else _plain, min_size=1, max_size=5))
    texts = [few[place % len(few)] for place in range(count)]
    values, codes = [micro(text, exponent) for text in texts], [int(Quality.ACTUAL)] * count
    remarks: tuple[Remark, ...] = ()
    parts = _parts(draw, count) if draw(st.integers(0, 3)) == 0 else []
    flag, (code, reason) = draw(_methods), draw(_reasons)
    for first, end, flag_of, code_of, reason_of in parts or [(0, count, flag, code, reason)]:
        remarks += _remark(first, end, flag_of, code_of, reason_of)
        for place in range(first, end):
            codes[place] = int(FLAGS[flag_of[0]])
            if flag_of == "N":
                values[place] = MISSING
                texts[place] = draw(st.sampled_from(["", "0"])) if place == first else texts[first]
    behind = ["V", "", ""] if parts else [flag, code, reason]
    stamps = draw(st.sampled_from([["20240301000000", ""], ["20240301000000", "20240302000000"], []]))
    _line(draw, made, ["300", f"{key[2]:%Y%m%d}", *texts, *behind, *stamps])
    for first, end, flag_of, code_of, reason_of in parts:
        _line(draw, made, ["400", str(first + 1), str(end), flag_of, code_of, reason_of])
    if draw(st.integers(0, 4)) == 0:
        figure = draw(st.integers(0, 10**6))
        _line(draw, made, ["500", "N", "SO1", "20240301101010", f"{figure}.5"])
        made.index_reads.append((*key[:2], figure * 10**6 + 500_000))
        remarks += (Remark(0, count, None, "N", "service order SO1, read at 2024-03-01 10:10:10"),)
    made.days[key] = Said(1440 // count, tuple(values), tuple(codes), remarks)


def _parts(draw: st.DrawFn, count: int) -> list[tuple[int, int, str, str, str]]:
    cuts = sorted(draw(st.sets(st.integers(1, count - 1), min_size=1, max_size=3)))
    bounds = zip([0, *cuts], [*cuts, count], strict=True)
    flags = st.one_of(_methods, st.just("N"))
    return [(first, end, draw(flags), *draw(_reasons)) for first, end in bounds]


def _line(draw: st.DrawFn, made: MadeFile, fields: list[str]) -> None:
    """One record, now and then in quotes or with a blank line before it."""
    if draw(st.integers(0, 9)) == 0:
        made.lines.append(draw(st.sampled_from(["", "  "])))
    quoted = draw(st.integers(0, 9)) == 0
    made.lines.append(",".join(f'"{text}"' for text in fields) if quoted else ",".join(fields))
