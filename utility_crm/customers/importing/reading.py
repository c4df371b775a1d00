"""From the bytes of a customer file to checked rows and a list of problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from utility_crm.customers.importing.rows import COLUMNS, REQUIRED, CustomerRow, OfColumn
from utility_crm.kit.table_file import Problem, TableRow, read_table


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
    table, problems = read_table(content, [*COLUMNS, *other_columns], REQUIRED, where)
    rows: list[CustomerRow] = []
    for given in table:
        row, found = _row(given, defaults, other_columns)
        problems += found
        if row is not None:
            rows.append(row)
    return rows, [*problems, *clashes(rows)]


def _row(
    table_row: TableRow, defaults: Defaults, other_columns: Sequence[str]
) -> tuple[CustomerRow | None, list[Problem]]:
    line, given = table_row.line, dict(table_row.cells)
    others = {name: given.pop(name) for name in other_columns if name in given}
    base = {"currency": defaults.currency, "country": defaults.country, "timezone": defaults.timezone}
    try:
        return CustomerRow.model_validate({**base, **given, "line": line, "others": others}), []
    except ValidationError as error:
        return None, [problem_of(line, item) for item in error.errors()]


def problem_of(line: int, item: Any) -> Problem:
    """What pydantic says of a row, as a problem of its line."""
    field = str(item["loc"][0]) if item["loc"] else "row"
    message = str(item["msg"]).removeprefix("Value error, ")
    wrong = item.get("ctx", {}).get("error")
    if isinstance(wrong, OfColumn):
        return Problem(line, wrong.column, str(wrong))
    if item["type"] == "missing":
        return Problem(line, "missing", f"{field} is empty")
    shown = f"{field} {item['input']!r}: " if item["loc"] else ""
    return Problem(line, field, f"{shown}{message[0].lower()}{message[1:]}")


_OF_CUSTOMER = ("name", "segment", "kind", "language")
_OF_ACCOUNT = ("customer_number", "payer_number", "cycle_day", "terms_days", "currency", "payment_method")
_OF_PREMISE = ("address", "city", "postcode", "country", "timezone", "network_node")


def clashes(rows: Sequence[CustomerRow]) -> list[Problem]:
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
