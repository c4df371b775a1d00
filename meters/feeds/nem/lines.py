"""The lines of a part of a NEM12 file as arrays, and the channel each one belongs to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import IntArray
from meters.domain.plain_decimals import LEAD
from meters.feeds.lines import Unreadable
from meters.feeds.nem.streams import Stream, stream_of

BoolArray = npt.NDArray[np.bool_]

COMMA, _QUOTE, _RETURN, _NEWLINE = 44, 34, 13, 10


def _head(kind: bytes) -> int:
    return int.from_bytes(kind, "little")


DAY_RECORD, CHANNEL_RECORD = _head(b"300,"), _head(b"200,")
THREE_BYTES = 0xFFFFFF
AFTER_A_DAY = [_head(kind) for kind in (b"300", b"200", b"900")]
"""What may stand behind a day that no 400 or 500 record tells of."""
_OF_A_DAY = [_head(kind) for kind in (b"300", b"400", b"500")]
_USUAL = [*AFTER_A_DAY, *_OF_A_DAY]


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Lines that are not blank: starts, ends (without line ends), numbers: int64 (l,).

    heads: their first four bytes as a number; clean: those of ASCII without quotes and NULs. `text` is the
    same bytes as `buffer`, `commas` the places of all its commas. `of`, int64 (l,), is the place of a line's
    channel in `streams`, where None stands for one that is not known before its record is read with care.
    """

    text: bytes
    buffer: npt.NDArray[np.uint8]
    commas: IntArray
    starts: IntArray
    ends: IntArray
    numbers: IntArray
    heads: npt.NDArray[np.uint32]
    clean: BoolArray
    streams: list[Stream | None]
    of: IntArray


def lines_of(first: int, data: bytes, stream: Stream | None) -> Lines:
    """Whole lines, the first of which has the number `first` and belongs to `stream`."""
    text = b"".join((b" " * LEAD, data, b"" if data.endswith(b"\n") else b"\n", b" " * LEAD))
    buffer = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero(buffer == _NEWLINE)
    starts = np.concatenate(([LEAD], ends[:-1] + 1))
    ends = ends - (buffer[ends - 1] == _RETURN)
    clean = np.ones(starts.size, dtype=np.bool_)
    if not data.isascii() or b"\0" in data or b'"' in data:
        dirt = np.flatnonzero((buffer >= 128) | (buffer == 0) | (buffer == _QUOTE))
        clean[np.searchsorted(starts, dirt, "right") - 1] = False
    held = ends > starts
    numbers = np.arange(first, first + starts.size, dtype=np.int64)
    starts, ends = starts[held], ends[held]
    heads = np.ndarray((len(text) - 3,), dtype="<u4", buffer=text, strides=(1,))[starts]
    commas = np.flatnonzero(buffer == COMMA)
    streams, of = _channels(text, starts, ends, heads, stream)
    lines = Lines(text, buffer, commas, starts, ends, numbers[held], heads, clean[held], streams, of)
    return _without_repeats(lines)


def _without_repeats(lines: Lines) -> Lines:
    """Without the 200 records that only name their channel once more, between what belongs to one day of it
    and its next day: it ends at that one, too."""
    inner = np.flatnonzero(lines.heads[1:-1] == CHANNEL_RECORD) + 1
    between = np.isin(lines.heads[inner - 1] & THREE_BYTES, _OF_A_DAY) & (
        lines.heads[inner + 1] == DAY_RECORD
    )
    inner = inner[between]
    named, before = lines.of[inner].tolist(), lines.of[inner - 1].tolist()
    streams = lines.streams
    same = [
        streams[one] is not None and streams[one] is streams[other]
        for one, other in zip(named, before, strict=True)
    ]
    repeats = inner[same]
    if not repeats.size:
        return lines
    stays = np.ones(lines.starts.size, dtype=np.bool_)
    stays[repeats] = False
    first_named = np.arange(len(streams))
    first_named[lines.of[repeats]] = 0
    return replace(
        lines,
        starts=lines.starts[stays],
        ends=lines.ends[stays],
        numbers=lines.numbers[stays],
        heads=lines.heads[stays],
        clean=lines.clean[stays],
        of=np.maximum.accumulate(first_named)[lines.of[stays]],
    )


def _channels(
    text: bytes, starts: IntArray, ends: IntArray, heads: npt.NDArray[np.uint32], stream: Stream | None
) -> tuple[list[Stream | None], IntArray]:
    """What 200 records say, before anybody knows whether they may say it: a faulty one makes its channel
    unknown, and so does any record that is not of the usual kinds, since it may be a 200 in disguise."""
    named = heads == CHANNEL_RECORD
    changes = np.flatnonzero(named | ~np.isin(heads & THREE_BYTES, _USUAL))
    bounds = zip(named[changes].tolist(), starts[changes].tolist(), ends[changes].tolist(), strict=True)
    streams = [stream, *(_known(text[start:end]) if is_one else None for is_one, start, end in bounds)]
    return streams, np.searchsorted(changes, np.arange(starts.size), "right")


@lru_cache(maxsize=8192)
def _known(raw: bytes) -> Stream | None:
    try:
        return stream_of(raw, 0)
    except Unreadable:
        return None
