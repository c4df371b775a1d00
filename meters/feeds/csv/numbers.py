"""Numbers in a column as millionths: the plain ones many at a time, anything else by
`meters.domain.decimals`."""

from __future__ import annotations

import numpy as np

from meters.domain.decimals import MISSING, IntArray, ValueFault, read_micro
from meters.domain.plain_decimals import plain_micro
from meters.feeds.csv.cells import Cells

_TOLD = 60
"""Characters of a faulty text that a problem repeats."""


def read_numbers(
    cells: Cells, exponent: int = 0, decimal_comma: bool = False
) -> tuple[IntArray, list[ValueFault]]:
    """`micro_of` for a column: blank is MISSING, and so is what is no reading, which the list names. With
    `decimal_comma` a comma is a point."""
    cells = cells.stripped()
    if decimal_comma:
        cells = Cells(cells.content.replace(b",", b"."), cells.starts, cells.ends)
    micro, plain = plain_micro(cells.content, cells.starts, cells.ends, exponent)
    blank = cells.starts == cells.ends
    micro[blank] = MISSING
    rows = np.flatnonzero(~(plain | blank))
    if not rows.size:
        return micro, []
    micro[rows], faults = read_micro(cells.chosen(rows).texts(), exponent)
    return micro, [ValueFault(int(rows[fault.index]), fault.code, fault.text[:_TOLD]) for fault in faults]
