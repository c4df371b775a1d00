"""Stamps of a CSV as seconds: ISO 8601, with or without an offset. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from meters.domain.days import FIRST_YEAR, LAST_YEAR
from meters.domain.decimals import IntArray

_FIRST, _LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (FIRST_YEAR, LAST_YEAR))
_SUFFIX = re.compile(r"(?:\.0+)?(?:([Zz])|([+-])(\d\d):?(\d\d)?)?", re.ASCII)
_DIGITS = {16: [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15], 19: [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]}
_MARKS = {4: "-", 7: "-", 13: ":", 16: ":"}
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{2,4})(.*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stamps:
    """`seconds` since 1970: of UTC where `aware`, else of what a clock showed. `unreadable` rows hold nought;
    `between` are readable but have a fraction of a second."""

    seconds: IntArray
    aware: npt.NDArray[np.bool_]
    unreadable: npt.NDArray[np.bool_]
    between: npt.NDArray[np.bool_]


def read_stamps(texts: Sequence[str]) -> Stamps:
    """All stamps of a column. The common shape goes through numpy's ISO parser, any other through the
    library's."""
    stamps = _read_alike(texts) or _read_each(texts)
    outside = (stamps.seconds < _FIRST) | (stamps.seconds >= _LAST)
    return replace(stamps, unreadable=stamps.unreadable | outside) if outside.any() else stamps


def _read_alike(texts: Sequence[str]) -> Stamps | None:
    """Stamps all shaped YYYY-MM-DD hh:mm[:ss] with one of few suffixes; None where any is not."""
    size = 19 if len(texts[0]) > 16 and texts[0][16] == ":" else 16
    shortest, longest = min(map(len, texts)), max(map(len, texts))
    if shortest < size:
        return None
    heads = [text[:size] for text in texts] if longest > size else list(texts)
    joined = "".join(heads)
    if not joined.isascii():
        return None
    table = np.frombuffer(joined.encode(), dtype=np.uint8).reshape(-1, size)
    digits = table[:, _DIGITS[size]]
    marks = all((table[:, place] == ord(mark)).all() for place, mark in _MARKS.items() if place < size)
    parted = np.isin(table[:, 10], [ord(" "), ord("T")]).all()
    if not (marks and parted and (digits >= 48).all() and (digits <= 57).all()):
        return None
    try:
        seconds = np.array(heads, dtype="M8[s]").astype(np.int64)
    except ValueError:
        return None
    aware = np.zeros(len(texts), dtype=np.bool_)
    if longest > size:
        suffixes = [text[size:] for text in texts]
        offsets = {suffix: _suffix_seconds(suffix) for suffix in set(suffixes)}
        if any(offset is False for offset in offsets.values()):
            return None
        aware = np.array([offsets[suffix] is not None for suffix in suffixes])
        seconds -= np.array([int(offsets[suffix] or 0) for suffix in suffixes], dtype=np.int64)
    none = np.zeros(len(texts), dtype=np.bool_)
    return Stamps(seconds, aware, none, none)


def _suffix_seconds(suffix: str) -> int | bool | None:
    """The offset a stamp's tail says; None where it says none, False where it is something else."""
    found = _SUFFIX.fullmatch(suffix.rstrip())
    if found is None:
        return False
    if found[1]:
        return 0
    if not found[2]:
        return None
    return int(found[2] + "1") * (int(found[3]) * 3600 + int(found[4] or 0) * 60)


def _read_each(texts: Sequence[str]) -> Stamps:
    seconds = np.zeros(len(texts), dtype=np.int64)
    aware, unreadable, between = (np.zeros(len(texts), dtype=np.bool_) for _ in range(3))
    for row, text in enumerate(texts):
        try:
            moment = datetime.fromisoformat(text.strip())
            seconds[row] = int(moment.replace(microsecond=0, tzinfo=moment.tzinfo or UTC).timestamp())
        except (ValueError, OverflowError):
            unreadable[row] = True
            continue
        aware[row] = moment.tzinfo is not None
        between[row] = moment.microsecond != 0
    return Stamps(seconds, aware, unreadable, between)


def stamp_advice(text: str) -> str:
    """Why a stamp is not read, and how it would have to be written."""
    text = text.strip()
    found = _DAY_FIRST.fullmatch(text)
    if found:
        return (
            f"{text!r} can be read as more than one date; write the year first, in four digits, then month "
            f"and day, as in 2026-11-19{found[4][:12] or ' 00:00'}."
        )
    return f"{text[:40]!r} is not a time like 2026-11-19 00:30 or 2026-11-19T00:30:00+01:00."
