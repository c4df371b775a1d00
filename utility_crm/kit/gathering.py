"""Several selects in one statement: a page that asks for a dozen small lists of one customer travels once.

Each list comes as a JSON array of arrays, in the order of its select; whole numbers stay exact, instants and
dates are read back by the columns' kinds.

A room of the customer page says what it wants as a Gather (`CustomerRoom.gathers`); `of_page` brings those of
all rooms in one statement, and what one of them wants alone where no whole page is asked for.

Together they take ten times as long to plan as to run. The server keeps one plan for all values only where
no plan made for the given ones looks cheaper, as one for a short array always does: so the arrays are hidden
from the planner, behind a subselect.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache
from typing import Any, get_args, get_type_hints

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from utility_crm.kit.database import asked

Read = Callable[[str], Any]
_ARRAY = re.compile(r"any\(:(\w+)\)")
UNSEEN = r"any(cast((select cast(:\1 as bigint[])) as bigint[]))"
"""In place of `any(:ids)`: the same to whoever runs it, but not to the planner."""
_KINDS: dict[Any, Read] = {date: date.fromisoformat, datetime: datetime.fromisoformat}


@dataclass(frozen=True, slots=True)
class Listed:
    """One of the selects. readers: a column each, what makes its value of the JSON, None where that is the
    value already."""

    sql: str
    readers: tuple[Read | None, ...]

    def rows(self, found: Sequence[Sequence[Any]] | None) -> list[list[Any]]:
        """The rows as the driver would give them."""
        told = [(place, read) for place, read in enumerate(self.readers) if read is not None]
        rows = [list(row) for row in found or ()]
        for row in rows:
            for place, read in told:
                if row[place] is not None:
                    row[place] = read(row[place])
        return rows


def listed(sql: str, row: type[Any], but: int = 0) -> Listed:
    """A select whose columns are the first fields of a dataclass, all but the last `but` of them."""
    hints = get_type_hints(row)
    kinds = [hints[field.name] for field in fields(row)]
    return Listed(sql, tuple(_reader(kind) for kind in kinds[: len(kinds) - but]))


def listed_kinds(sql: str, *kinds: type[Any]) -> Listed:
    """A select by the kinds of its columns."""
    return Listed(sql, tuple(_reader(kind) for kind in kinds))


def _reader(kind: Any) -> Read | None:
    for one in (kind, *get_args(kind)):
        if one in _KINDS:
            return _KINDS[one]
    return None


def gathered(session: Session, selects: Sequence[Listed], values: Mapping[str, Any]) -> list[list[list[Any]]]:
    """The rows of each select, in one statement. values: of all their parameters, named alike in all; arrays
    are of ids."""
    found = asked(session, _together(tuple(selects)), values).one()
    return [one.rows(rows) for one, rows in zip(selects, found, strict=True)]


@dataclass(frozen=True, slots=True)
class Gather:
    """Selects that a room wants for the customer page. values: their parameters, of a CustomerCall; those
    that two rooms name alike are the same."""

    selects: tuple[Listed, ...]
    values: Callable[[Any], Mapping[str, Any]]


@cache
def _together(selects: tuple[Listed, ...]) -> TextClause:
    parts = []
    for one in selects:
        columns = ", ".join(f"c{place}" for place in range(len(one.readers)))
        parts.append(f"(select json_agg(json_build_array({columns})) from ({one.sql}) as r({columns}))")
    return text(_ARRAY.sub(UNSEEN, "select " + ",\n".join(parts)))
