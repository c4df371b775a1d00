"""From the bytes of a customer file to checked rows and a list of problems."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from utility_crm.customers.importing.rows import COLUMNS, REQUIRED, CustomerRow
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
class Defaults:
    """What stands in an absent column: the utility's own currency, country and zone."""

    currency: str
    country: str
    timezone: str


def read_rows(
    content: bytes, defaults: Defaults, other_columns: Sequence[str] = (), where: str = "file"
) -> tuple[list[CustomerRow], list[Problem]]:
    """Rows in order, and every bad row with its line and reason.

    `other_columns` belong to installed packages. Raises `Invalid` when the file cannot be read as a table
    at all: encoding, an empty file, an unknown or a missing column.
    """
    reader = csv.reader(io.StringIO(_text(content, where)), dialect=_dialect(content), strict=True)
    header: list[str] | None = None
    rows: list[CustomerRow] = []
    problems: list[Problem] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _checked_header(cells, other_columns, where)
                continue
            row, found = _row(reader.line_num, header, cells, defaults, other_columns)
            problems += found
            if row is not None:
                rows.append(row)
    except csv.Error as error:
        raise Invalid(
            "framing", f"the table breaks off: {error}", f"{where}, line {reader.line_num}"
        ) from error
    if header is None:
        raise Invalid("empty", "the file is empty", where)
    return rows, [*problems, *_clashes(rows)]


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


def _checked_header(cells: Iterable[str], other_columns: Sequence[str], where: str) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    known = [*COLUMNS, *other_columns]
    for name in header:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise Invalid(
                "unknown_column", f"the column {name!r} is not one we know{hint}", f"{where}, line 1"
            )
        if header.count(name) > 1:
            raise Invalid("twice", f"the column {name!r} stands twice", f"{where}, line 1")
    for name in REQUIRED:
        if name not in header:
            raise Invalid("missing_column", f"the column {name!r} is missing", f"{where}, line 1")
    return header


def _row(
    line: int, header: list[str], cells: list[str], defaults: Defaults, other_columns: Sequence[str]
) -> tuple[CustomerRow | None, list[Problem]]:
    if len(cells) != len(header):
        return None, [Problem(line, "cells", f"{len(cells)} cells where the header has {len(header)}")]
    given = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
    others = {name: given.pop(name) for name in other_columns if name in given}
    base = {"currency": defaults.currency, "country": defaults.country, "timezone": defaults.timezone}
    try:
        return CustomerRow.model_validate({**base, **given, "line": line, "others": others}), []
    except ValidationError as error:
        return None, [_problem(line, item) for item in error.errors()]


def _problem(line: int, item: Any) -> Problem:
    field = str(item["loc"][0]) if item["loc"] else "row"
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "missing":
        return Problem(line, "missing", f"{field} is empty")
    shown = f"{field} {item['input']!r}: " if item["loc"] else ""
    return Problem(line, field, f"{shown}{message[0].lower()}{message[1:]}")


_OF_CUSTOMER = ("name", "segment", "kind", "language")
_OF_ACCOUNT = ("customer_number", "payer_number", "cycle_day", "terms_days", "currency", "payment_method")
_OF_PREMISE = ("address", "city", "postcode", "country", "timezone", "network_node")


def _clashes(rows: Sequence[CustomerRow]) -> list[Problem]:
    """The same customer, account or premise told in two ways within one file."""
    found: list[Problem] = []
    for key, fields in (
        ("customer_number", _OF_CUSTOMER),
        ("account_number", _OF_ACCOUNT),
        ("premise_code", _OF_PREMISE),
    ):
        first: dict[str, CustomerRow] = {}
        for row in rows:
            number = getattr(row, key)
            if not number:
                continue
            before = first.setdefault(number, row)
            for field in fields:
                told, here = getattr(before, field), getattr(row, field)
                if told != here:
                    message = f"{key} {number!r} has {field} {here!r} here, {told!r} in line {before.line}"
                    found.append(Problem(row.line, "clash", message))
    return found
