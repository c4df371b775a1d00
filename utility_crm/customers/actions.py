"""What is done to customers: one function a use case; none commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from utility_crm.customers.importing.reading import Defaults, read_rows
from utility_crm.customers.importing.writing import RowsHandler, write_rows
from utility_crm.kit.table_file import Problem


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a customer file; with problems nothing was written."""

    customers: int
    accounts: int
    unchanged: int
    problems: tuple[Problem, ...]

    def document(self) -> dict[str, Any]:
        """The shape promised by `utility-crm customers import --json`."""
        return {
            "customers": self.customers,
            "accounts": self.accounts,
            "unchanged": self.unchanged,
            "problems": [problem.document() for problem in self.problems],
        }


@dataclass(frozen=True, slots=True)
class ImportColumns:
    """Columns that an installed package adds to the customer file, and what it does with them."""

    names: tuple[str, ...]
    handle: RowsHandler


def import_customers(
    session: Session,
    content: bytes,
    *,
    today: date,
    defaults: Defaults,
    added: Sequence[ImportColumns] = (),
    dry_run: bool = False,
    where: str = "file",
) -> Imported:
    """Read, check and write a customer file, whole or not at all; safe to repeat.

    Raises `Invalid` when the file cannot be read as a table. Everything is written in a
    savepoint that is rolled back when a row has a problem, or for a dry run.
    """
    names = [name for columns in added for name in columns.names]
    rows, problems = read_rows(content, defaults, names, where)
    savepoint = session.begin_nested()
    good = {row.line for row in rows} - {problem.line for problem in problems}
    taken = [row for row in rows if row.line in good]
    written = write_rows(session, taken, today, [columns.handle for columns in added])
    found = tuple(sorted([*problems, *written.problems], key=lambda problem: problem.line))
    if found or dry_run:
        savepoint.rollback()
    else:
        savepoint.commit()
    if found:
        return Imported(0, 0, 0, found)
    return Imported(written.customers, written.accounts, len(rows) - len(written.touched), ())
