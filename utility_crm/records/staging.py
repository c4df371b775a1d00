"""A file put down row by row, as it stands, with what a pass over it has seen of each column."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from utility_crm.kit.driver import driver_cursor
from utility_crm.kit.errors import Invalid
from utility_crm.records.domain.seen import Cell, ColumnSeen
from utility_crm.records.guessing import guessed
from utility_crm.records.kinds import kind_named
from utility_crm.records.mapping import Mapping, open_asks
from utility_crm.records.reading import open_table
from utility_crm.records.tables import RecordImport
from utility_crm.web.words import mark

MOST_SOURCE = 40
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Form:
    """How a person says the file is written; "" is to be found out."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


def stage(
    session: Session,
    path: Path,
    *,
    kind: str,
    source: str,
    now: datetime,
    by: int | None = None,
    name: str = "",
    form: Form | None = None,
    mapping: Mapping | None = None,
) -> int:
    """Put a file down; the import's id. Nothing of it is taken yet.

    source: the other system's name: an id is its own there. mapping: guessed where none is given. Raises
    Invalid where the file is no table, has no rows, or the mapping names columns it has not; NotFound for
    a kind there is not.
    """
    wanted, told = kind_named(kind), form or Form()
    known_as = " ".join(source.split())
    if not known_as or len(known_as) > MOST_SOURCE:
        words = mark("Name the system the file comes from, in at most %(most)s characters.")
        raise Invalid("source", words, "source", most=MOST_SOURCE)
    with open_table(path, encoding=told.encoding, delimiter=told.delimiter, sheet=told.sheet) as opened:
        seen = [ColumnSeen(title) for title in opened.titles]
        made = session.scalar(
            insert(RecordImport)
            .values(
                kind=kind, source=known_as, name=name or path.name, sha256=_digest(path),
                encoding=opened.encoding, delimiter=opened.delimiter, sheet=opened.sheet, columns=[], rows=0,
                made_at=now, made_by=by,
            )
            .returning(RecordImport.id)
        )  # fmt: skip
        assert isinstance(made, int)
        rows = _copy(session, made, opened.rows, seen)
    if not rows:
        raise Invalid("empty", mark("The file has titles and no rows."), name or path.name)
    found = mapping or guessed(wanted, seen)
    open_asks(wanted, found, seen)  # a column that is not there
    session.execute(
        text("update record_imports set rows = :rows, columns = cast(:columns as jsonb), "
             "mapping = cast(:mapping as jsonb) where id = :id"),
        {"id": made, "rows": rows, "columns": json.dumps([one.document() for one in seen]),
         "mapping": json.dumps(found.document())},
    )  # fmt: skip
    session.expire_all()
    return made


def _copy(
    session: Session, import_id: int, rows: Iterator[tuple[int, list[Cell]]], seen: Sequence[ColumnSeen]
) -> int:
    count = 0
    statement = "copy record_rows (import_id, line, cells) from stdin"
    with driver_cursor(session) as cursor, cursor.copy(statement) as copy:
        for line, cells in rows:
            copy.write_row((import_id, line, json.dumps(cells, ensure_ascii=False)))
            for column, cell in zip(seen, cells, strict=False):
                column.see(cell)
            count += 1
    return count


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as opened:
        for piece in iter(lambda: opened.read(2**20), b""):
            digest.update(piece)
    return digest.hexdigest()


_STAGED = text("""
    select line, cells from record_rows where import_id = :id and line > :after order by line limit :most
""")


def staged(session: Session, import_id: int) -> Iterator[list[tuple[int, list[Cell]]]]:
    """The rows as they stand, so many at a time."""
    after = -1
    while True:
        values = {"id": import_id, "after": after, "most": BATCH}
        found = [(row.line, row.cells) for row in session.execute(_STAGED, values)]
        if not found:
            return
        yield found
        after = found[-1][0]
