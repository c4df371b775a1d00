"""The first rows of a table: where its titles stand, and whether the data stand under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meters.domain.problems import Problem
from meters.feeds.csv.cells import Cells
from meters.feeds.csv.columns import Layout, find_layout
from meters.feeds.csv.stamps import read_stamps
from meters.feeds.csv.titles import lower, shifted
from meters.feeds.lines import Unreadable

ROWS_LOOKED_AT = 30


@dataclass(frozen=True, slots=True)
class HeadRow:
    """A row that is not blank, and its line."""

    line: int
    cells: Sequence[str]


def layout_of(rows: Sequence[HeadRow], columns: Mapping[str, str], below: Sequence[HeadRow]) -> Layout:
    """The layout of a table that begins with these rows, the first of them its titles. Raises Unreadable with
    what is wrong with the titles; that they stand in one of the rows `below`, too."""
    titles = rows[0]
    layout = find_layout(titles.cells, columns, titles.line)
    if isinstance(layout, Problem):
        for above, row in enumerate(below, 1):
            if len(row.cells) > 1 and isinstance(find_layout(row.cells, columns, row.line), Layout):
                raise Unreadable(lower(row.line, above))
        raise Unreadable(layout)
    for row in rows[1:]:
        readable = ~read_stamps(Cells.of(row.cells)).unreadable
        wrong = shifted(
            row.cells, [title.strip() for title in titles.cells], layout.stamp, readable.tolist(), row.line
        )
        if wrong is not None:
            raise Unreadable(wrong)
        break
    return layout
