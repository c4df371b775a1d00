"""Lines in bounded memory, the same as Python's own."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.feeds import lines as module
from meters.feeds.lines import LONGEST, Unreadable, line_chunks, lines

PIECES = st.lists(st.sampled_from([b"a", b"bcd", b"\n", b"\r\n", b"\xff", b"\0"]), max_size=40).map(b"".join)


@given(content=PIECES, size=st.integers(1, 9))
def test_lines_are_those_of_the_stream(content: bytes, size: int) -> None:
    expected = [line.removesuffix(b"\n") for line in io.BytesIO(content)]
    assert list(lines(io.BytesIO(content))) == list(enumerate(expected, 1))
    chunks = list(line_chunks(io.BytesIO(content), size))
    assert b"".join(data for _number, data in chunks) == content
    assert all(data.endswith(b"\n") for _number, data in chunks[:-1])
    before = 0
    for number, data in chunks:
        assert number == before + 1
        before += data.count(b"\n")


class Endless(io.RawIOBase):
    """A line without end; how much of it was asked for."""

    given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        self.given += len(buffer)
        assert self.given < 8 * LONGEST, "it was read on and on"
        buffer[:] = b"1" * len(buffer)
        return len(buffer)


def test_a_line_without_end_is_refused_where_it_stands() -> None:
    class Begun(Endless):
        begun = False

        def readinto(self, buffer) -> int:
            if self.begun:
                return super().readinto(buffer)
            self.begun = True
            buffer[:4] = b"a\nb\n"
            return 4

    with pytest.raises(Unreadable) as caught:
        list(lines(io.BufferedReader(Begun())))
    problem = caught.value.problem
    assert (problem.code, problem.line, problem.refuses) == ("line_too_long", 3, True)


@pytest.mark.parametrize("more", [0, 1])
def test_the_longest_line(monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    monkeypatch.setattr(module, "LONGEST", 10)
    for content in (b"x" * (10 + more), b"x" * (10 + more) + b"\ny\n", b"y\n" + b"x" * (10 + more)):
        for size in (1, 3, 7):
            chunks = line_chunks(io.BytesIO(content), size)
            if more:
                with pytest.raises(Unreadable):
                    list(chunks)
            else:
                assert b"".join(data for _number, data in chunks) == content
