"""Imports, what they came to, and what was refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utility_crm.auth.tables import User
from utility_crm.kit.errors import NotFound
from utility_crm.kit.formulas import guarded
from utility_crm.records.domain.seen import ColumnSeen
from utility_crm.records.mapping import Mapping as FileMapping
from utility_crm.records.tables import RecordImport, RecordRefusal, RecordRow
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class ImportShown:
    """An import. checked, taken: the reports (docs/records.md), or None."""

    id: int
    kind: str
    source: str
    name: str
    encoding: str
    delimiter: str
    sheet: str
    columns: tuple[ColumnSeen, ...]
    mapping: FileMapping
    state: str
    wanted: str
    failed: str
    rows: int
    checked: Mapping[str, Any] | None
    taken: Mapping[str, Any] | None
    made_at: datetime
    made_by: str
    taken_at: datetime | None
    undone_at: datetime | None

    @property
    def report(self) -> Mapping[str, Any] | None:
        """What it came to, or would."""
        return self.taken or self.checked

    def document(self) -> dict[str, Any]:
        """As `utility-crm records` prints it."""
        return {
            "import": self.id, "kind": self.kind, "source": self.source, "file": self.name,
            "state": self.state, "rows": self.rows, "encoding": self.encoding, "delimiter": self.delimiter,
            "sheet": self.sheet, "mapping": self.mapping.document(), "report": self.report,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class RefusalShown:
    """Why a row was refused: where, what stood there, and marked words with their figures."""

    line: int
    field: str
    title: str
    code: str
    words: str
    value: str
    figures: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        message = self.words % dict(self.figures) if self.figures else self.words
        return {"line": self.line, "field": self.field, "column": self.title, "code": self.code,
                "value": self.value, "message": message}  # fmt: skip


_IMPORT = select(RecordImport, func.coalesce(User.name, "").label("who")).outerjoin(
    User, User.id == RecordImport.made_by
)


def import_of(session: Session, import_id: int) -> ImportShown:
    """Raises NotFound."""
    row = session.execute(_IMPORT.where(RecordImport.id == import_id)).one_or_none()
    if row is None:
        raise NotFound("no_such_import", mark("There is no import %(id)s."), str(import_id), id=import_id)
    return _shown(*row)


def imports(session: Session, most: int = 50) -> list[ImportShown]:
    """Newest first."""
    return [_shown(*row) for row in session.execute(_IMPORT.order_by(RecordImport.id.desc()).limit(most))]


def _shown(held: RecordImport, who: str) -> ImportShown:
    return ImportShown(
        held.id, held.kind, held.source, held.name, held.encoding, held.delimiter, held.sheet,
        tuple(ColumnSeen.of(one) for one in held.columns), FileMapping.of(held.mapping), held.state,
        held.wanted, held.failed, held.rows, held.checked, held.taken, held.made_at, who, held.taken_at,
        held.undone_at,
    )  # fmt: skip


def refusals(session: Session, import_id: int, most: int = 200) -> list[RefusalShown]:
    """In the order of the file."""
    columns: Sequence[Any] = (
        RecordRefusal.line, RecordRefusal.field, RecordRefusal.title, RecordRefusal.code, RecordRefusal.words,
        RecordRefusal.value, RecordRefusal.figures,
    )  # fmt: skip
    rows = session.execute(
        select(*columns).where(RecordRefusal.import_id == import_id)
        .order_by(RecordRefusal.line, RecordRefusal.id).limit(most)
    )  # fmt: skip
    return [RefusalShown(*row) for row in rows]


def refused_rows(session: Session, import_id: int) -> Iterator[list[str]]:
    """The rows that were refused, as they stood, and why: to be mended and dropped again, guarded
    (`kit.formulas`). By the thousand."""
    why = (
        select(
            RecordRefusal.line,
            func.json_agg(
                func.json_build_array(RecordRefusal.title, RecordRefusal.words, RecordRefusal.figures)
            ).label("why"),
        )
        .where(RecordRefusal.import_id == import_id)
        .group_by(RecordRefusal.line)
        .subquery()
    )
    statement = (
        select(RecordRow.cells, why.c.why)
        .join(why, why.c.line == RecordRow.line)
        .where(RecordRow.import_id == import_id)
        .order_by(RecordRow.line)
        .execution_options(yield_per=1000)
    )
    for cells, reasons in session.execute(statement):
        told = "; ".join(
            f"{title}: {words % figures if figures else words}"
            if title
            else words % figures
            if figures
            else words
            for title, words, figures in reasons
        )
        yield [guarded(cell) for cell in (*map(_as_text, cells), told)]


def _as_text(cell: Any) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else str(next(iter(cell.values()), "")) if cell else json.dumps(cell)
