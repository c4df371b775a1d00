"""Days on disk come back as they would from memory: the last word on each, parts laid over each other."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meters.domain.blocks import MISSING, Block, BlockKey, BlockRun, Remark, overlay
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.domain.units import parse_unit
from meters.feeds import settling
from meters.feeds import spool as module
from meters.feeds.feed_file import FeedFile, feed_file
from meters.feeds.problem_list import ProblemList
from meters.feeds.spool import Spool
from meters.inspection import inspection, summarise

FIRST = date(2024, 1, 1)
UNITS = ("kWh", "Wh", "m3")


def block(
    point: int, day: int, values: list[int | None], unit: str = "kWh", replaces: bool = True,
    quality: int | list[int] = 1, line: int = 1, remarks: tuple[Remark, ...] = (),
) -> Block:  # fmt: skip
    micro = np.array([MISSING if value is None else value for value in values], dtype=np.int64)
    codes: int | np.ndarray = int(quality) if isinstance(quality, int) else np.array(quality, dtype=np.uint8)
    if isinstance(codes, np.ndarray):
        codes[micro == MISSING] = Quality.MISSING
    return Block(
        f"P{point}", "E1", parse_unit(unit), "import", 600, FIRST + timedelta(days=day),
        1440 // micro.size, micro, codes, replaces, line, remarks,
    )  # fmt: skip


VALUE = st.one_of(st.none(), st.integers(0, 50), st.just(2**31), st.just(10**15))


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    size = draw(st.sampled_from([2, 3]))
    values = draw(st.lists(VALUE, min_size=size, max_size=size).filter(lambda made: any(made)))
    quality = draw(st.one_of(st.integers(1, 3), st.lists(st.integers(1, 3), min_size=size, max_size=size)))
    return block(
        draw(st.integers(0, 2)), draw(st.integers(0, 2)), values, draw(st.sampled_from(UNITS)),
        draw(st.booleans()), quality, draw(st.integers(1, 99)),
        draw(st.sampled_from([(), (Remark(0, 1, "M"),), (Remark(1, 2, None, "51"),)])),
    )  # fmt: skip


@st.composite
def runs(draw: st.DrawFn) -> BlockRun:
    days = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True))
    values = [draw(st.lists(st.integers(0, 9), min_size=2, max_size=2)) for _ in days]
    return BlockRun(
        f"P{draw(st.integers(0, 2))}", "E1", parse_unit(draw(st.sampled_from(UNITS))), "import", 600,
        np.array([FIRST.toordinal() + day for day in days], dtype=np.int64),
        np.array(values, dtype=np.int64), np.full(len(days), 1, dtype=np.int16), draw(st.booleans()),
        np.arange(1, len(days) + 1, dtype=np.int64),
    )  # fmt: skip


KEYS = st.tuples(st.integers(0, 2), st.integers(0, 2)).map(
    lambda key: (f"P{key[0]}", "E1", FIRST + timedelta(days=key[1]))
)
MEMBERS = st.lists(
    st.tuples(st.lists(st.one_of(blocks(), runs(), KEYS), max_size=8), st.booleans()), max_size=4
)


class Plainly:
    """The same by the words of the rule, a dictionary and nothing else."""

    def __init__(self) -> None:
        self.blocks: dict[BlockKey, Block] = {}
        self.kinds: dict[tuple[str, str], tuple[str | None, str]] = {}
        self.changed: list[tuple[BlockKey, int | None]] = []

    def say(self, said: Block | BlockRun | BlockKey) -> None:
        if isinstance(said, tuple):
            self.blocks.pop(said, None)
            return
        for one in said.blocks() if isinstance(said, BlockRun) else [said]:
            kind = (one.unit.base, one.direction)
            if self.kinds.setdefault(one.key[:2], kind) != kind:
                self.changed.append((one.key, one.line))
                self.blocks.pop(one.key, None)
                continue
            earlier = self.blocks.get(one.key)
            merged = one if earlier is None else overlay(earlier, one)
            if earlier is not None and merged is not one:
                merged = Block(
                    **{name: getattr(merged, name) for name in Block.__slots__ if name != "remarks"},
                    remarks=(*earlier.remarks, *one.remarks),
                )
            self.blocks[one.key] = merged


def said_of(one: Block) -> tuple[object, ...]:
    return (
        one.key, one.unit, one.direction, one.offset_minutes, one.interval_minutes, one.values.tolist(),
        one.qualities().tolist(), isinstance(one.quality, int), one.replaces, one.line, one.remarks,
    )  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(members=MEMBERS, budget=st.sampled_from([1, 1200, 2**25]), part_bytes=st.sampled_from([1, 2**24]))
def test_a_spool_is_a_dictionary_of_any_size(members, budget: int, part_bytes: int) -> None:
    spool, plainly, refused = Spool(budget), Plainly(), set()
    for number, (items, refuses) in enumerate(members, 1):
        for item in items:
            if isinstance(item, tuple):
                spool.take_back(item, number)
            else:
                spool.add(item, number)
            if not refuses:
                plainly.say(item)
        if refuses:
            refused.add(number)
    problems = ProblemList()
    names = [f"m{number}" for number in range(1, len(members) + 1)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(settling, "PART_BYTES", part_bytes)
        file = feed_file("x", "made", spool, problems, names, refused)
        found = {one.key: said_of(one) for one in file.blocks}
        assert len(found) == len(file.blocks)
        assert found == {key: said_of(one) for key, one in plainly.blocks.items()}
        assert list(file.days) == sorted({key[2].toordinal() for key in plainly.blocks})
        channels = [channel for some in file.channels() for channel in some]
        assert sorted(one.name for one in channels) == sorted({key[:2] for key in plainly.blocks})
        if plainly.blocks and not plainly.changed:
            assert inspection([file])["files"][0]["channels"] == [
                one.document() for one in summarise(file.blocks)
            ]
    # Made runs may stand in one line: what is wrong with a day of a line is told once.
    told = sorted({(one.dropped, one.line) for one in file.problems if one.code == "channel_changed"})
    assert told == sorted(set(plainly.changed))
    assert file.status == ("ok" if not plainly.changed else "partial" if plainly.blocks else "rejected")


def test_nothing_grows_while_a_day_is_said_again_and_again() -> None:
    spool = Spool(20_000)
    for turn in range(2_000):
        spool.add(block(0, turn % 3, [turn] * 48, line=turn))
    assert spool._end < 400_000, "what is replaced before it goes to disk does not go there"
    assert [(one.line, one.values[0]) for one in feed_file("x", None, spool, ProblemList()).blocks] == [
        (1998, 1998), (1999, 1999), (1997, 1997),
    ]  # fmt: skip


def test_a_budget_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(100_000)
    for point in range(400):
        spool.add(block(point, 0, [point] * 480))
        assert spool._held < 100_000 + 480 * 8 + 500
    monkeypatch.setattr(settling, "PART_BYTES", 50_000)
    file = feed_file("x", None, spool, ProblemList())
    sizes = [sum(table.values.nbytes for table in part.tables) for part in file.parts()]
    assert max(sizes) < 50_000 + 480 * 8 * 2 and sum(sizes) == 400 * 480 * 8


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def seek(self, _offset: int) -> None: ...

        def write(self, _data: bytes) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None: ...

    monkeypatch.setattr(module.tempfile, "TemporaryFile", lambda **_more: Full())
    spool = Spool(1)
    with pytest.raises(module.Unreadable) as raised:
        spool.add(block(0, 0, [1, 1]))
    assert "No space left" in raised.value.problem.message


def test_the_first_thousand_problems_are_told_and_the_rest_counted() -> None:
    problems = ProblemList()
    problems.extend(Problem("x", "A.", line) for line in range(1_000))
    mark = problems.mark()
    problems.extend(Problem("x", "B.", line) for line in range(2_345))
    assert len(problems.listed()) == 1_001
    assert (problems.listed()[-1].code, problems.listed()[-1].message[:5]) == ("more_problems", "2,345")
    problems.extend(problems.listed())
    assert problems.listed()[-1].message.startswith("5,690 more problems are not listed")
    problems.rewind(mark)
    assert [problem.line for problem in problems.listed()] == list(range(1_000))


def test_a_file_is_frozen() -> None:
    file = feed_file("x", None, Spool(), ProblemList())
    assert isinstance(file, FeedFile) and file.status == "ok" and file.blocks == ()
