"""Lines of a text stream, one or many at a time, in bounded memory: what every reader of lines reads by.

A plain `for line in stream` holds a line of any length. These do not: a line above LONGEST raises Unreadable,
which `meters.feeds.reading` turns into the refusing problem it carries; a reader need not catch it. A reader
may raise Unreadable itself, from wherever it finds that a file cannot be trusted.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from typing_extensions import Buffer

from meters.domain.problems import Problem, refusal

LONGEST = 2**20
"""Bytes of a line. A NEM12 day of 1,440 readings of 12 characters takes a sixtieth of it."""

CHUNK_BYTES = 2**18


class Unreadable(Exception):
    """Carries the refusing problem out of a stream that cannot be read on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Returns(io.RawIOBase):
    """A stream whose lines end with a carriage return alone, with line feeds in their place."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, into: Buffer) -> int:
        view = memoryview(into).cast("B")
        data = self._stream.read(len(view)).replace(b"\r", b"\n")
        view[: len(data)] = data
        return len(data)


def line_ends_told(stream: BinaryIO, head: bytes) -> BinaryIO:
    r"""The stream, with "\n" for "\r" where its head has no other line end, as old Macs wrote them."""
    if b"\r" not in head or b"\n" in head or head.startswith(b"PK"):
        return stream
    return io.BufferedReader(_Returns(stream), CHUNK_BYTES)


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
