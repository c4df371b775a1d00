"""What became of a text between two versions: lines, and in changed lines the words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

Kind = Literal["same", "gone", "new"]
_PIECES = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a line: in both versions, in the older alone (gone) or in the newer alone (new)."""

    kind: Kind
    text: str


Line = tuple[Part, ...]
"""One line of the comparison; the line that is in both, or two that took each other's place, part by part."""


def difference(older: str, newer: str) -> tuple[Line, ...]:
    """Line by line. Read without what is new it is the older text, without what is gone the newer one."""
    before, after = older.split("\n"), newer.split("\n")
    return tuple(_lines(before, after))


def _lines(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    for tag, a1, a2, b1, b2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from ((Part("same", line),) for line in before[a1:a2])
            continue
        for gone, new in zip_longest(before[a1:a2], after[b1:b2]):
            if gone is None:
                yield (Part("new", new),)
            elif new is None:
                yield (Part("gone", gone),)
            else:
                yield tuple(_words(gone, new))


def _words(gone: str, new: str) -> Iterator[Part]:
    before, after = _PIECES.findall(gone), _PIECES.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.quick_ratio() < 0.3:  # hardly a word in common: one line for another
        yield Part("gone", gone)
        yield Part("new", new)
        return
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "equal":
            yield Part("same", "".join(before[a1:a2]))
        else:
            if a2 > a1:
                yield Part("gone", "".join(before[a1:a2]))
            if b2 > b1:
                yield Part("new", "".join(after[b1:b2]))


def around_changes(lines: Sequence[Line], context: int = 2) -> tuple[Line | None, ...]:
    """The changed lines with a few around each; None where lines that are the same were left out."""
    changed = {place for place, line in enumerate(lines) if any(part.kind != "same" for part in line)}
    shown = {near for place in changed for near in range(place - context, place + context + 1)}
    found: list[Line | None] = []
    for place, line in enumerate(lines):
        if place in shown:
            found.append(line)
        elif not found or found[-1] is not None:
            found.append(None)
    return tuple(found)
