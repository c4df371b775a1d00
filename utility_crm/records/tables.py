"""Imports of records, their rows as they stood, what was refused, and which record became which thing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


def _import(**more: Any) -> Any:
    return mapped_column(BigInteger, ForeignKey("record_imports.id", ondelete="CASCADE"), **more)


def _person() -> Any:
    return mapped_column(BigInteger, ForeignKey("users.id"))


class RecordImport(Base):
    """One file of one kind of record.

    columns: what a pass over it has seen (`domain.seen.ColumnSeen`); mapping: how it is read
    (`mapping.Mapping`). wanted: what the clock is to do with it. checked, taken: the reports, or nothing.
    """

    __tablename__ = "record_imports"
    __table_args__ = (
        CheckConstraint("state in ('staged', 'checked', 'taken', 'undone')", name="state"),
        CheckConstraint("wanted in ('', 'check', 'take', 'undo')", name="wanted"),
        Index("ix_record_imports_wanted", "id", postgresql_where=text("wanted <> ''")),
        Index(None, "sha256"),
    )

    id: Mapped[int] = identity()
    kind: Mapped[str]
    source: Mapped[str]
    name: Mapped[str]
    sha256: Mapped[str]
    encoding: Mapped[str] = mapped_column(server_default="")
    delimiter: Mapped[str] = mapped_column(server_default="")
    sheet: Mapped[str] = mapped_column(server_default="")
    columns: Mapped[list[Any]] = mapped_column(JSONB)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    state: Mapped[str] = mapped_column(server_default="staged")
    wanted: Mapped[str] = mapped_column(server_default="")
    failed: Mapped[str] = mapped_column(server_default="")
    rows: Mapped[int]
    checked: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    taken: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = _person()
    taken_at: Mapped[datetime | None]
    taken_by: Mapped[int | None] = _person()
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = _person()


class RecordRow(Base):
    """A row of a file as it stood. Of one that was taken, only what was refused stays, for a while."""

    __tablename__ = "record_rows"

    import_id: Mapped[int] = _import(primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cells: Mapped[list[Any]] = mapped_column(JSONB)


class RecordRefusal(Base):
    """Why a row was not taken: marked words with their figures, by the last check or taking."""

    __tablename__ = "record_refusals"
    __table_args__ = (Index(None, "import_id", "line"),)

    id: Mapped[int] = identity()
    import_id: Mapped[int] = _import()
    line: Mapped[int]
    field: Mapped[str]
    title: Mapped[str]
    code: Mapped[str]
    words: Mapped[str]
    value: Mapped[str]
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class RecordThing(Base):
    """A record of another system and what it became here: once, however often its file is dropped.

    digest: of its values as they were taken last. import_id made it; seen_import, seen_line: where it stood
    last.
    """

    __tablename__ = "record_things"
    __table_args__ = (
        Index(None, "import_id"),
        Index(None, "seen_import"),
        Index(None, "kind", "thing_id"),
        Index("ix_record_things_said", "external_id"),
    )

    source: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    thing_id: Mapped[int]
    digest: Mapped[str]
    import_id: Mapped[int] = _import()
    seen_import: Mapped[int] = _import()
    seen_line: Mapped[int]


class RecordSighting(Base):
    """A record stood in this file, too, which did not make it."""

    __tablename__ = "record_sightings"
    __table_args__ = (Index(None, "external_id"),)

    import_id: Mapped[int] = _import(primary_key=True, autoincrement=False)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[int]


class RecordChange(Base):
    """A thing that an import changed: how it was, for who takes the import back."""

    __tablename__ = "record_changes"

    import_id: Mapped[int] = _import(primary_key=True, autoincrement=False)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    thing_id: Mapped[int]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)
    digest_before: Mapped[str]


class ContactPointCheck(Base):
    """A phone or an e-mail on file that is not in normal form, and what it would be; normal "" where nobody
    can read it, and `why` not (`ways.WHY`)."""

    __tablename__ = "contact_point_checks"
    __table_args__ = ({"info": {"recomputed": True}},)

    point_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("contact_points.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    found_at: Mapped[datetime]
    value: Mapped[str]
    normal: Mapped[str]
    why: Mapped[str]
