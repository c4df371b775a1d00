"""What putting the estimates of two bills right comes to by itself, beside its effect among the others."""

from __future__ import annotations

from collections.abc import Sequence

from billing.explaining.explained import Explained
from billing.explaining.put_right import put_right_minor
from billing.queries.bill_parts import ReadPart


def alone_minor(found: Explained, both: Sequence[Sequence[ReadPart]]) -> int | None:
    """Minor units; None where no effect is that of estimates. both: what the two bills were made of, the
    earlier first."""
    if all(row.effect != "estimate" for row in found.rows):
        return None
    before, after = (put_right_minor(read) or 0 for read in both)
    return before - after
