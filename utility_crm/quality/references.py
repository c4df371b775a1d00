"""Everything that names a customer, read off the tables of all rooms and packages: none is known by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Table

from utility_crm.installed import load_tables
from utility_crm.kit.database import Base

OWN = frozenset({"merges", "merge_rows", "duplicate_pairs"})
RECOMPUTED = "recomputed"
"""A table whose rows are worked out from others, or pass by themselves, says so in its `info`: they stay."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that holds a customer's id, and the primary key of its table."""

    table: str
    column: str
    key: tuple[str, ...]

    @property
    def row_key(self) -> str:
        """SQL of the key of the row `t`, as an array of text."""
        return f"array[{', '.join(f't.{_quoted(name)}::text' for name in self.key)}]"

    @property
    def sql_table(self) -> str:
        return _quoted(self.table)

    @property
    def sql_column(self) -> str:
        return _quoted(self.column)


def references() -> tuple[Reference, ...]:
    """Of every table of every room and package, those it stands on first."""
    load_tables()
    return tuple(found for table in Base.metadata.sorted_tables for found in _of(table))


def _of(table: Table) -> Iterator[Reference]:
    if table.name in OWN or table.info.get(RECOMPUTED):
        return
    key = tuple(column.name for column in table.primary_key)
    for column in table.columns:
        if any(one.target_fullname == "customers.id" for one in column.foreign_keys):
            yield Reference(table.name, column.name, key)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
