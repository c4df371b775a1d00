"""Lines of a text stream, one or many at a time, in bounded memory: what every reader of lines reads by.

A plain `for line in stream` holds a line of any length. These do not: a line above LONGEST raises Unreadable,
which `meters.feeds.reading` turns into the refusing problem it carries; a reader need not catch it. A reader
may raise Unreadable itself, from wherever it finds that a file cannot be trusted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from meters.domain.problems import Problem, refusal

LONGEST = 2**20
"""Bytes of a line. A NEM12 day of 1,440 readings of 12 characters takes a sixtieth of it."""

CHUNK_BYTES = 2**18


class Unreadable(Exception):
    """Carries the refusing problem out of a stream that cannot be read on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    r"""(number, bytes) of each line, counted from 1, without its "\n" (a "\r" before it stays).

    An end without "\n" is a line, too; nothing after the last "\n" is none. Raises Unreadable.
    """
    for first, data in line_chunks(stream):
        pieces = data.split(b"\n")
        if not pieces[-1]:
            pieces.pop()
        yield from enumerate(pieces, first)


def line_chunks(stream: BinaryIO, size: int = CHUNK_BYTES) -> Iterator[tuple[int, bytes]]:
    r"""(number of the first line, whole lines) about `size` bytes at a time, for readers of many lines at
    once.

    Every chunk but the last ends with "\n". Raises Unreadable.
    """
    number, rest = 1, b""
    while read := stream.read(size):
        cut = read.rfind(b"\n") + 1
        if not cut:
            rest += read
            _check(len(rest), number)
            continue
        data, rest = rest + read[:cut], read[cut:]
        _check(data.index(b"\n"), number)  # the others are shorter than `size`
        yield number, data
        number += data.count(b"\n")
        _check(len(rest), number)
    if rest:
        yield number, rest


def _check(length: int, number: int) -> None:
    if length > LONGEST:
        words = (
            f"This line is longer than {LONGEST >> 20} MB, so this is no file of lines; nothing was taken."
        )
        raise Unreadable(refusal("line_too_long", words, number))
