"""A table that a person exported as CSV: its header checked, rows with their lines, problems as values."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from utility_crm.kit.errors import Invalid


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line was not taken."""

    line: int
    code: str
    message: str

    def document(self) -> dict[str, Any]:
        return {"line": self.line, "code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: what its cells hold, by column; an empty cell is not there."""

    line: int
    cells: dict[str, str]


def read_table(
    content: bytes, known: Sequence[str], required: Sequence[str], where: str = "file"
) -> tuple[list[TableRow], list[Problem]]:
    """Rows in order, and every row whose cells are not those of the header.

    UTF-8, separated by comma, semicolon or tab. Raises `Invalid` when the file cannot be read as a table at
    all: encoding, framing, an empty file, an unknown, doubled or missing column.
    """
    reader = csv.reader(io.StringIO(_text(content, where)), dialect=_dialect(content), strict=True)
    header: list[str] | None = None
    rows: list[TableRow] = []
    problems: list[Problem] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _checked_header(cells, known, required, where)
            elif len(cells) != len(header):
                message = f"{len(cells)} cells where the header has {len(header)}"
                problems.append(Problem(reader.line_num, "cells", message))
            else:
                given = zip(header, cells, strict=True)
                held = {name: cell.strip() for name, cell in given if cell.strip()}
                rows.append(TableRow(reader.line_num, held))
    except csv.Error as error:
        raise Invalid(
            "framing", f"the table breaks off: {error}", f"{where}, line {reader.line_num}"
        ) from error
    if header is None:
        raise Invalid("empty", "the file is empty", where)
    return rows, problems


def _text(content: bytes, where: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Invalid(
            "encoding", "the file is not UTF-8 text; save it as CSV UTF-8", f"{where}, line {line}"
        ) from error
    if "\0" in text:
        raise Invalid("encoding", "the file holds binary data, not a table", where)
    return text


def _dialect(content: bytes) -> type[csv.Dialect]:
    first = content.split(b"\n", 1)[0]

    class Found(csv.excel):
        delimiter = max((b",", b";", b"\t"), key=first.count).decode()

    return Found


def _checked_header(
    cells: Iterable[str], known: Sequence[str], required: Sequence[str], where: str
) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    for name in header:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise Invalid(
                "unknown_column", f"the column {name!r} is not one we know{hint}", f"{where}, line 1"
            )
        if header.count(name) > 1:
            raise Invalid("twice", f"the column {name!r} stands twice", f"{where}, line 1")
    for name in required:
        if name not in header:
            raise Invalid("missing_column", f"the column {name!r} is missing", f"{where}, line 1")
    return header
