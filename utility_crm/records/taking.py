"""An import checked and taken: the same code, in a transaction that a check rolls back. Nothing here commits.

rows as they stand ─ interpreting ─ what became of this id before?
    nothing ──> kind.make        the same ──> left alone        another ──> kind.change, before and after kept
whatever cannot be is refused with its place; every row has one fate, and the sums say so
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import IO, Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.auth.audit import note_changes
from utility_crm.kit.driver import driver_cursor
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.records.domain.seen import Cell, ColumnSeen
from utility_crm.records.domain.sums import Fate, Sums
from utility_crm.records.interpreting import Reader
from utility_crm.records.kinds import EXTERNAL, Kind, Refusal, Row, Taking, kind_named
from utility_crm.records.mapping import Mapping, must_be_said, settled
from utility_crm.records.staging import staged
from utility_crm.records.tables import RecordImport
from utility_crm.web.words import mark

KEPT_IN_MEMORY = 4 * 2**20
TWICE = mark("%(value)s stands in line %(line)s already.")
NEVER_CHANGES = mark("It was brought before and reads otherwise now; what is booked is never changed.")
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('records ' || :source || ' ' || :kind, 0))")

_KEEP_THINGS = text("""
    insert into record_things (source, kind, external_id, thing_id, digest, import_id, seen_import, seen_line)
    select :source, :kind, t.e, t.i, t.d, :import, :import, t.l
    from unnest(cast(:ids as text[]), cast(:things as bigint[]), cast(:digests as text[]),
        cast(:lines as bigint[])) as t(e, i, d, l)
""")
_KEEP_CHANGES = text("""
    insert into record_changes (import_id, external_id, thing_id, before, after, digest_before)
    values (:import, :id, :thing, cast(:before as jsonb), cast(:after as jsonb), :digest)
""")
_SEEN = text("""
    update record_things r set seen_import = :import, seen_line = t.l, digest = t.d
    from unnest(cast(:ids as text[]), cast(:digests as text[]), cast(:lines as bigint[])) as t(e, d, l)
    where r.source = :source and r.kind = :kind and r.external_id = t.e
""")
_SIGHTED = text("""
    insert into record_sightings (import_id, external_id, line)
    select :import, t.e, t.l from unnest(cast(:ids as text[]), cast(:lines as bigint[])) as t(e, l)
    on conflict do nothing
""")


@dataclass(frozen=True, slots=True)
class Where:
    """The utility's own zone, country and currency: what stands where a file does not say."""

    timezone: str
    country: str
    currency: str


@dataclass(slots=True)
class _Run:
    taking: Taking
    kind: Kind
    reader: Reader
    sums: Sums
    refusals: IO[str]

    def fate(self, line_values: dict[str, Any], fate: Fate, reason: str = "") -> None:
        money = self.kind.money(line_values, self.taking) if self.kind.money else None
        self.sums.count(fate, money, reason, has_money=self.kind.money is not None)

    def refuse(self, found: Sequence[Refusal], values: dict[str, Any]) -> None:
        """One row, for one reason or several; the first is counted."""
        self.fate(values, "refused", found[0].code)
        for one in found:
            kept = [one.line, one.field, one.code, one.words, one.value, dict(one.figures)]
            self.refusals.write(json.dumps(kept, default=str) + "\n")


def check_import(
    session: Session, import_id: int, where: Where, *, now: datetime, today: date, by: int | None = None
) -> dict[str, Any]:
    """What taking it would come to: the report. It is all done, and rolled back. Raises as `take_import`."""
    return _run(session, import_id, where, now=now, today=today, by=by, dry=True)


def take_import(
    session: Session, import_id: int, where: Where, *, now: datetime, today: date, by: int | None = None
) -> dict[str, Any]:
    """Take it: the report. Rows that cannot be taken are refused, the others are in.

    Raises NotFound; Conflict (it was taken); Invalid where a person has to say first how to read it.
    """
    return _run(session, import_id, where, now=now, today=today, by=by, dry=False)


def held_import(session: Session, import_id: int) -> RecordImport:
    """The import, held until the transaction ends. Raises NotFound."""
    held = session.get(RecordImport, import_id, with_for_update=True, populate_existing=True)
    if held is None:
        raise NotFound("no_such_import", mark("There is no import %(id)s."), str(import_id), id=import_id)
    return held


def one_at_a_time(session: Session, held: RecordImport) -> None:
    """Imports of a source and kind are taken, and taken back, one after another: held until the transaction
    ends."""
    session.execute(_LOCK, {"source": held.source, "kind": held.kind})


def _run(
    session: Session, import_id: int, where: Where, *, now: datetime, today: date, by: int | None, dry: bool
) -> dict[str, Any]:
    held = held_import(session, import_id)
    if held.state in ("taken", "undone"):
        words = mark("This import was taken already. Drop the file again to take what it has new.")
        raise Conflict("taken", words, str(import_id))
    kind = kind_named(held.kind)
    columns = [ColumnSeen.of(one) for one in held.columns]
    mapping = Mapping.of(held.mapping)
    must_be_said(kind, mapping, columns)
    mapping = settled(kind, mapping, columns)
    one_at_a_time(session, held)
    taking = Taking(session, import_id, held.source, now, today, where.timezone, where.country,
                    where.currency, by)  # fmt: skip
    titles = [one.title for one in columns]
    with tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY, mode="w+", encoding="utf-8") as refusals:
        reader = Reader(kind, mapping, titles, timezone=where.timezone, today=today)
        run = _Run(taking, kind, reader, Sums(), refusals)
        savepoint = session.begin_nested() if dry else None
        with savepoint or nullcontext():
            for batch in staged(session, import_id):
                _batch(run, batch)
            report = _report(run)
            if savepoint is not None:
                savepoint.rollback()
        session.expire_all()
        _keep_refusals(session, import_id, refusals, mapping)
    held = held_import(session, import_id)
    held.wanted = held.failed = ""
    if dry:
        held.state, held.checked = "checked", report
    else:
        held.state, held.taken, held.taken_at, held.taken_by = "taken", report, now, by
        _forget_taken_rows(session, held)
    session.flush()
    return report


def _batch(run: _Run, batch: Sequence[tuple[int, list[Cell]]]) -> None:
    rows: list[Row] = []
    for line, cells in batch:
        read = run.reader.read(line, cells)
        if read.refused:
            run.refuse(read.refused, read.values)
        else:
            rows.append(Row(line, str(read.values.get(run.kind.key) or line), read.values))
    known = _known(run.taking, run.kind, rows)
    first: dict[str, int] = {}
    fresh: list[Row] = []
    other: list[tuple[Row, str]] = []
    same: list[Row] = []
    for row in rows:
        thing = known.get(row.external_id)
        stood = first.setdefault(row.external_id, row.line)
        if stood != row.line or (thing is not None and thing[2] == run.taking.import_id):
            line = stood if stood != row.line else thing[3] if thing else 0
            figures = {"value": row.external_id, "line": line}
            run.refuse(
                [Refusal(row.line, EXTERNAL, "twice", TWICE, row.external_id, figures)], dict(row.values)
            )
        elif thing is None:
            fresh.append(row)
        elif thing[1] == digest_of(row):
            same.append(row)
        else:
            other.append((Row(row.line, row.external_id, row.values, thing[0]), thing[1]))
    _make(run, fresh)
    _change(run, other)
    for row in same:
        run.fate(dict(row.values), "same")
    _seen(run.taking, run.kind, same)


def digest_of(row: Row) -> str:
    """Of a row's values: the same again is the same record, unchanged."""
    told = json.dumps(dict(row.values), sort_keys=True, default=str, ensure_ascii=False)
    return sha256(told.encode()).hexdigest()[:32]


def _known(taking: Taking, kind: Kind, rows: Iterable[Row]) -> dict[str, tuple[int, str, int, int]]:
    """What rows became before, where it is still there: (its id, the digest, where and in which line it stood
    last). What went since is forgotten, so that it is made again."""
    found = taking.session.execute(
        text("select external_id, thing_id, digest, seen_import, seen_line from record_things "
             "where source = :source and kind = :kind and external_id = any(:ids)"),
        {"source": taking.source, "kind": kind.name, "ids": [row.external_id for row in rows]},
    )  # fmt: skip
    known = {row[0]: (row[1], row[2], row[3], row[4]) for row in found}
    gone = _gone(taking, kind, known) if kind.table and known else set()
    return {name: one for name, one in known.items() if name not in gone}


def _gone(taking: Taking, kind: Kind, known: dict[str, tuple[int, str, int, int]]) -> set[str]:
    ids = {"ids": [one[0] for one in known.values()]}
    there = set(taking.session.scalars(text(f"select id from {kind.table} where id = any(:ids)"), ids))
    gone = {name for name, one in known.items() if one[0] not in there}
    if gone:
        taking.session.execute(
            text("delete from record_things where source = :source and kind = :kind "
                 "and external_id = any(:ids)"),
            {"source": taking.source, "kind": kind.name, "ids": list(gone)},
        )  # fmt: skip
    return gone


def _make(run: _Run, rows: Sequence[Row]) -> None:
    if not rows:
        return
    made = run.kind.make(run.taking, rows)
    refused = _by_line(made.refused)
    fate: Fate = "same" if run.kind.compares else "made"
    kept = []
    for row in rows:
        if row.line in refused:
            run.refuse(refused[row.line], dict(row.values))
        else:
            run.fate(dict(row.values), fate)
            kept.append((row, made.ids.get(row.line, 0)))
    if run.kind.compares or not kept:
        return
    run.taking.session.execute(
        _KEEP_THINGS,
        {"source": run.taking.source, "kind": run.kind.name, "import": run.taking.import_id,
         "ids": [row.external_id for row, _ in kept], "things": [thing for _, thing in kept],
         "digests": [digest_of(row) for row, _ in kept], "lines": [row.line for row, _ in kept]},
    )  # fmt: skip


def _change(run: _Run, rows: Sequence[tuple[Row, str]]) -> None:
    if not rows:
        return
    if run.kind.change is None:
        for row, _ in rows:
            figures = {"value": row.external_id}
            found = Refusal(row.line, EXTERNAL, "never_changes", NEVER_CHANGES, row.external_id, figures)
            run.refuse([found], dict(row.values))
        return
    done = run.kind.change(run.taking, [row for row, _ in rows])
    refused = _by_line(done.refused)
    kept: list[Row] = []
    notes, changes = [], []
    for row, digest in rows:
        if row.line in refused:
            run.refuse(refused[row.line], dict(row.values))
            continue
        kept.append(row)
        change = done.changes.get(row.line)
        run.fate(dict(row.values), "changed" if change else "same")
        if change is not None:
            notes.append((change.customer_id, change.before, change.after))
            changes.append({
                "import": run.taking.import_id, "id": row.external_id, "thing": row.thing_id,
                "before": json.dumps(dict(change.before), default=str),
                "after": json.dumps(dict(change.after), default=str), "digest": digest,
            })  # fmt: skip
    note_changes(run.taking.session, run.kind.thing, notes)
    if changes:
        run.taking.session.execute(
            _KEEP_CHANGES,
            changes,
        )  # fmt: skip
    _seen(run.taking, run.kind, kept)


def _by_line(refused: Iterable[Refusal]) -> dict[int, list[Refusal]]:
    found: dict[int, list[Refusal]] = {}
    for one in refused:
        found.setdefault(one.line, []).append(one)
    return found


def _seen(taking: Taking, kind: Kind, rows: Sequence[Row]) -> None:
    """They stand in this file, with these values."""
    if rows:
        named = {"import": taking.import_id, "ids": [row.external_id for row in rows],
                 "lines": [row.line for row in rows]}  # fmt: skip
        more = {"source": taking.source, "kind": kind.name, "digests": [digest_of(row) for row in rows]}
        taking.session.execute(_SEEN, named | more)
        taking.session.execute(_SIGHTED, named)


def _report(run: _Run) -> dict[str, Any]:
    booked = run.kind.booked(run.taking) if run.kind.booked else None
    missing = run.kind.missing(run.taking) if run.kind.missing else _not_in_file(run)
    document = run.sums.document(booked, compares=run.kind.compares)
    return {**document, "missing": [dict(one) for one in missing]}


NOT_IN_FILE = mark("Brought before from the same system, and not in this file")


def _not_in_file(run: _Run) -> list[dict[str, Any]]:
    """Records of the same source and kind that this file does not have: how many, and the first of them."""
    found = run.taking.session.execute(
        text("select external_id, count(*) over () as all from record_things where source = :source "
             "and kind = :kind and seen_import <> :import order by external_id limit 20"),
        {"source": run.taking.source, "kind": run.kind.name, "import": run.taking.import_id},
    ).all()  # fmt: skip
    if not found:
        return []
    return [{"words": NOT_IN_FILE, "count": found[0][1], "first": [row[0] for row in found]}]


def _keep_refusals(session: Session, import_id: int, refusals: IO[str], mapping: Mapping) -> None:
    session.execute(text("delete from record_refusals where import_id = :id"), {"id": import_id})
    refusals.seek(0)
    statement = "copy record_refusals (import_id, line, field, title, code, words, value, figures) from stdin"
    with driver_cursor(session) as cursor, cursor.copy(statement) as copy:
        for kept in refusals:
            line, name, code, words, value, figures = json.loads(kept)
            title = mapping.columns.get(name, "")
            copy.write_row((import_id, line, name, title, code, words, value, json.dumps(figures)))


def _forget_taken_rows(session: Session, held: RecordImport) -> None:
    """What was taken is where it belongs; only what was refused stays, to be mended, and no examples."""
    session.execute(
        text("delete from record_rows r where import_id = :id and not exists (select from record_refusals f "
             "where f.import_id = r.import_id and f.line = r.line)"), {"id": held.id},
    )  # fmt: skip
    held.columns = [
        ColumnSeen(one["title"], filled=one["filled"], values=None).document() for one in held.columns
    ]
