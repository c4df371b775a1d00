"""A whole import taken back, where nothing has been built on it. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Conflict, Refused
from utility_crm.records.kinds import Brought, Kind, Stands, Taking, kind_named
from utility_crm.records.tables import RecordImport
from utility_crm.records.taking import Where, held_import, one_at_a_time
from utility_crm.web.words import mark

SHOWN = 50
LATER = mark("%(id)s was brought again by import %(import_id)s: take that back first.")
_MADE = text("""
    select external_id, thing_id from record_things where import_id = :id and kind = :kind
    order by external_id
""")
_CHANGED = text("""
    select external_id, thing_id, before, after, digest_before from record_changes where import_id = :id
    order by external_id
""")
_LATER = text("""
    select told.external_id, max(told.import_id) as later from (
        select c.external_id, c.import_id from record_changes c
        where c.import_id > :id and (
            exists (select from record_things t where t.source = :source and t.kind = :kind
                    and t.external_id = c.external_id and t.import_id = :id)
            or exists (select from record_changes o
                       where o.import_id = :id and o.external_id = c.external_id))
        union all
        select s.external_id, s.import_id from record_sightings s
        where s.import_id > :id and (
            exists (select from record_things t where t.source = :source and t.kind = :kind
                    and t.external_id = s.external_id and t.import_id = :id)
            or exists (select from record_changes o
                       where o.import_id = :id and o.external_id = s.external_id))
    ) told
    join record_imports i on i.id = told.import_id and i.state = 'taken'
        and i.kind = :kind and i.source = :source
    group by 1 order by 1 limit :most
""")

_STOOD_LAST = text("""
    update record_things t set seen_import = coalesce(last.import_id, t.import_id),
        seen_line = coalesce(last.line, 0)
    from record_things o left join lateral (
        select s.import_id, s.line from record_sightings s join record_imports i on i.id = s.import_id
        where s.external_id = o.external_id and i.source = o.source and i.kind = o.kind
          and i.state = 'taken' and i.id <> :id
        order by s.import_id desc limit 1
    ) last on true
    where o.seen_import = :id and o.source = :source and o.kind = :kind
      and (t.source, t.kind, t.external_id) = (o.source, o.kind, o.external_id)
""")
"""Where what stood in the file that is taken back stood before; the line it was made in is not kept."""


@dataclass(frozen=True, slots=True)
class Undone:
    """How many things were taken away, and how many are again what they were."""

    removed: int
    restored: int


def what_stands(
    session: Session, import_id: int, where: Where, *, now: datetime, today: date
) -> list[Stands]:
    """What was built on an import since, so that it cannot be taken back: the first of it."""
    held = held_import(session, import_id)
    return _standing(_taking(session, held, where, now, today, None), kind_named(held.kind))


def undo_import(
    session: Session, import_id: int, where: Where, *, now: datetime, today: date, by: int | None = None
) -> Undone:
    """Take it back. Raises NotFound; Conflict (it is not taken); Refused where something was built on it,
    which is named."""
    held = held_import(session, import_id)
    if held.state != "taken":
        raise Conflict("not_taken", mark("This import is not taken, so there is nothing to take back."))
    kind = kind_named(held.kind)
    one_at_a_time(session, held)
    taking = _taking(session, held, where, now, today, by)
    stands = _standing(taking, kind)
    if stands:
        words = mark("It cannot be taken back: things were built on it, %(first)s first.")
        raise Refused("stands", words, str(import_id), first=stands[0].words % dict(stands[0].figures))
    things = _things(taking, kind)
    if kind.take_back is not None:
        try:
            with session.begin_nested():
                kind.take_back(taking, things)
        except IntegrityError as error:
            raise _named_by_another(import_id, error) from error
    _forget(session, held)
    held.state, held.undone_at, held.undone_by, held.wanted, held.failed = "undone", now, by, "", ""
    session.flush()
    restored = sum(thing.before is not None for thing in things)
    return Undone(len(things) - restored, restored)


def _named_by_another(import_id: int, error: IntegrityError) -> Refused:
    """A room that this one knows nothing of has built something on it."""
    table = getattr(getattr(error.orig, "diag", None), "table_name", None) or "?"
    words = mark("It cannot be taken back: rows of %(table)s were built on it.")
    return Refused("stands", words, str(import_id), table=table)


def _taking(
    session: Session, held: RecordImport, where: Where, now: datetime, today: date, by: int | None
) -> Taking:
    return Taking(
        session, held.id, held.source, now, today, where.timezone, where.country, where.currency, by
    )


def _things(taking: Taking, kind: Kind) -> list[Brought]:
    values = {"id": taking.import_id, "kind": kind.name}
    made = [Brought(row.external_id, row.thing_id) for row in taking.session.execute(_MADE, values)]
    changed = [
        Brought(row.external_id, row.thing_id, row.before, row.after)
        for row in taking.session.execute(_CHANGED, values)
    ]
    return [*made, *changed]


def _standing(taking: Taking, kind: Kind) -> list[Stands]:
    values = {"id": taking.import_id, "kind": kind.name, "source": taking.source, "most": SHOWN}
    found: list[Stands] = [
        Stands(row.external_id, LATER, {"id": row.external_id, "import_id": row.later})
        for row in taking.session.execute(_LATER, values)
    ]
    if kind.stands is not None:
        more: Sequence[Stands] = kind.stands(taking, _things(taking, kind))
        found += more[:SHOWN]
    return found


def _forget(session: Session, held: RecordImport) -> None:
    """What became of which record: as it was before this import."""
    values = {"id": held.id, "source": held.source, "kind": held.kind}
    session.execute(text("delete from record_things where import_id = :id"), values)
    session.execute(
        text("""
            update record_things t set digest = c.digest_before from record_changes c
            where c.import_id = :id and t.source = :source and t.kind = :kind
              and t.external_id = c.external_id
        """),
        values,
    )
    session.execute(text("delete from record_changes where import_id = :id"), values)
    session.execute(text("delete from record_sightings where import_id = :id"), values)
    session.execute(_STOOD_LAST, values)
