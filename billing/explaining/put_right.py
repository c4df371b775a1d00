"""What putting a bill's estimates right comes to in money, by the engine that made the bill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from billing.queries.bill_parts import ReadPart


def put_right_minor(read: Sequence[ReadPart]) -> int | None:
    """What a bill would come to with what is read now, less what it was billed; None where nothing was read
    since. Line by line rounded as the bill was: a correction comes to the same."""
    if all(item.side.known is None for item in read):
        return None
    return sum(_replaced(item) for item in read)


def _replaced(item: ReadPart) -> int:
    if item.side.known is None:
        return 0
    known = replace(item.side, usage=item.side.actual(), known=None)
    return known.bill().total_minor - item.side.bill().total_minor
