"""A file as cells of text, each row with its line. CSV in any encoding, or a workbook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from utility_crm.kit.errors import Invalid
from utility_crm.records.domain.seen import Cell
from utility_crm.records.reading import open_table

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cells:
    """frame: text (rows, columns), "" where a cell is blank; lines: of the file, by row; where: its name.

    doubled: titles that stood twice; the second is kept as "title (2)".
    """

    frame: pd.DataFrame
    lines: IntArray
    where: str
    doubled: tuple[str, ...] = ()

    def place(self, row: int) -> str:
        """Where a row stands, for a person."""
        return f"{self.where}, line {self.lines[row]}"


def read_cells(path: Path) -> Cells:
    """Raises Invalid: no table, an empty one, a row with more or fewer cells than there are titles."""
    rows: list[list[str]] = []
    lines: list[int] = []
    with open_table(path) as opened:
        titles, where = opened.titles, path.name
        for line, cells in opened.rows:
            texts = [_text(cell) for cell in cells]
            if opened.sheet:  # a sheet's rows end with their last filled cell
                texts += [""] * (len(titles) - len(texts))
            if len(texts) != len(titles):
                raise Invalid(
                    "cells",
                    "This row has %(cells)s cells where the header has %(titles)s.",
                    f"{where}, line {line}",
                    cells=len(texts),
                    titles=len(titles),
                )
            rows.append(texts)
            lines.append(line)
    if len(titles) < 2:
        raise Invalid("columns", "A table needs the target and at least one more column.", where)
    if not rows:
        raise Invalid("empty", "The table has a header and no rows.", where)
    frame = pd.DataFrame(rows, columns=list(titles), dtype=object)
    doubled = tuple(title for title in titles if f"{title} (2)" in titles)
    return Cells(frame, np.array(lines, dtype=np.int64), where, doubled)


def _text(cell: Cell) -> str:
    """A workbook's typed cell as its digits; an error or a formula never calculated is blank."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.strip()
    kind, text = next(iter(cell.items()))
    return text if kind in "nd" else ""
