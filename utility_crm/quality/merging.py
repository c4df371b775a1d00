"""Two customers made one, and that taken back. What is written down of a merge is every row it moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.exc import IntegrityError, InternalError
from sqlalchemy.orm import Session

from utility_crm.auth.audit import note_change
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.quality.references import Reference, references
from utility_crm.web.words import mark

_HOLD = text("""
    select id, number, name, kind, merged_into_id from customers where id = any(:ids)
    order by id for no key update
""")
"""Held in the order of their ids. Who writes what names one of them (a ticket, held first) may go on: its
foreign key wants the row's key alone, and waiting for that while we wait for the ticket would never end."""
_FORGOTTEN = text("""
    select c.number, c.erased_on from customers c
    where c.id = any(:ids) and (c.erased_on is not null or exists (
        select from privacy_requests q
        where q.customer_id = c.id and q.kind = 'erasure' and q.closed_at is null))
    order by c.id limit 1
""")
_BEGIN = text("""
    insert into merges (keep_id, gone_id, at, by_user) values (:keep, :gone, :now, :by) returning id
""")
_WROTE = text("""
    insert into merge_rows (merge_id, table_name, column_name, row_key, stayed)
    values (:merge, :table, :column, :key, :stayed)
""")
_STUB = text("update customers set merged_into_id = :keep where id = :gone")
_DECIDED = text("""
    update duplicate_pairs set state = :state, decided_at = :at, decided_by = :by
    where customer_a = least(cast(:keep as bigint), :gone)
      and customer_b = greatest(cast(:keep as bigint), :gone)
""")
_MERGE = text("select * from merges where id = :id for update")
_ENDED = text("update merges set undone_at = :now, undone_by = :by where id = :id")
_MOVED = text("""
    select table_name, column_name, count(*) as rows from merge_rows
    where merge_id = :id and stayed = '' group by 1, 2
""")


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge: rows moved by table, and of those that stayed with the stub, the table and why."""

    id: int
    keep_id: int
    gone_id: int
    moved: Mapping[str, int]
    stayed: tuple[tuple[str, str], ...]
    keep: str
    """The kept customer's number."""
    gone: str
    accounts: int
    """How many accounts the gone one held or paid."""


@dataclass(frozen=True, slots=True)
class Undone:
    """A merge that was taken back: rows put back by table, and how many no longer exist."""

    id: int
    keep_id: int
    gone_id: int
    back: Mapping[str, int]
    vanished: Mapping[str, int]


def merge_customers(session: Session, keep_id: int, gone_id: int, by: int | None, now: datetime) -> Merged:
    """Everything that names the gone customer names the kept one from now on, but for what clashes with what
    is there (a telephone both have): that stays, with the reason. The gone one becomes a stub that leads to
    the kept one. Accounts keep their balances: they change hands as they are.

    Raises Invalid (it is one customer), NotFound, Conflict (one of them is a stub, was forgotten or asked to
    be), Refused (a person and an organisation).
    """
    if keep_id == gone_id:
        raise Invalid("same_customer", mark("This is one customer, not two."), "gone")
    held = {row.id: row for row in session.execute(_HOLD, {"ids": [keep_id, gone_id]})}
    keep, gone = _there(held, keep_id), _there(held, gone_id)
    for one in (keep, gone):
        if one.merged_into_id is not None:
            words = mark("Customer %(number)s was merged with another already.")
            raise Conflict("merged_already", words, number=one.number)
    if keep.kind != gone.kind:
        raise Refused("another_kind", mark("A person and an organisation are never one customer."))
    _refuse_forgotten(session, [keep_id, gone_id])
    ids = {"keep": keep_id, "gone": gone_id}
    merge_id = int(session.execute(_BEGIN, {**ids, "now": now, "by": by}).scalar_one())
    moved: dict[str, int] = {}
    stayed: list[tuple[str, str]] = []
    accounts: set[tuple[str, ...]] = set()
    for reference in references():
        rows = _move(session, reference, keep_id, gone_id)
        wrote = [
            {
                "merge": merge_id,
                "table": reference.table,
                "column": reference.column,
                "key": key,
                "stayed": why,
            }
            for key, why in rows
        ]
        if wrote:
            session.execute(_WROTE, wrote)
        if reference.table == "accounts":
            accounts |= {tuple(key) for key, why in rows if not why}
        moved_here = sum(1 for _key, why in rows if not why)
        if moved_here:
            moved[reference.table] = moved.get(reference.table, 0) + moved_here
        stayed += [(reference.table, why) for _key, why in rows if why]
    session.execute(_STUB, ids)
    session.execute(_DECIDED, {**ids, "state": "merged", "at": now, "by": by})
    note_change(session, gone_id, mark("merged into"), None, {"customer": keep.number, "moved": moved})
    note_change(session, keep_id, mark("merged with"), None, {"customer": gone.number, "moved": moved})
    session.expire_all()
    return Merged(merge_id, keep_id, gone_id, moved, tuple(stayed), keep.number, gone.number, len(accounts))


def undo_merge(session: Session, merge_id: int, by: int | None, now: datetime) -> Undone:
    """The stub is a customer again, with every row that was moved; what came to the kept one since stays
    there. Rows that no longer exist are counted.

    Raises NotFound, and Conflict: it is undone already; one of them was merged again since; a row was given
    to a third customer, or clashes with what the stub has by now (which table is said). Then
    nothing is changed.
    """
    merge = session.execute(_MERGE, {"id": merge_id}).one_or_none()
    if merge is None:
        raise NotFound("no_such_merge", mark("There is no merge of this number."), str(merge_id))
    if merge.undone_at is not None:
        raise Conflict("undone_already", mark("This merge was undone already."))
    held = {row.id: row for row in session.execute(_HOLD, {"ids": [merge.keep_id, merge.gone_id]})}
    keep, gone = _there(held, merge.keep_id), _there(held, merge.gone_id)
    if keep.merged_into_id is not None:
        words = mark("Customer %(number)s was merged with another since: undo that merge first.")
        raise Conflict("merged_since", words, number=keep.number)
    back: dict[str, int] = {}
    vanished: dict[str, int] = {}
    known = {(one.table, one.column): one for one in references()}
    with session.begin_nested():
        session.execute(_STUB, {"keep": None, "gone": gone.id})
        for table, column, rows in session.execute(_MOVED, {"id": merge_id}).all():
            returned = _put_back(session, known[table, column], merge, rows)
            back[table] = back.get(table, 0) + returned
            if rows > returned:
                vanished[table] = vanished.get(table, 0) + rows - returned
    session.execute(_ENDED, {"id": merge_id, "now": now, "by": by})
    ids = {"keep": keep.id, "gone": gone.id}
    session.execute(_DECIDED, {**ids, "state": "open", "at": None, "by": None})
    note_change(session, gone.id, mark("merged into"), {"customer": keep.number, "back": back}, None)
    note_change(session, keep.id, mark("merged with"), {"customer": gone.number, "back": back}, None)
    session.expire_all()
    return Undone(merge_id, keep.id, gone.id, back, vanished)


def _refuse_forgotten(session: Session, ids: Sequence[int]) -> None:
    """What somebody wants gone is not given to another, who would lose theirs with it."""
    one = session.execute(_FORGOTTEN, {"ids": list(ids)}).one_or_none()
    if one is None:
        return
    if one.erased_on is not None:
        words = mark("Customer %(number)s was forgotten: nobody is merged with them.")
        raise Conflict("forgotten", words, number=one.number)
    words = mark("Customer %(number)s asked to be forgotten: answer that request before you merge them.")
    raise Conflict("to_be_forgotten", words, number=one.number)


def _there(held: Mapping[int, Row[Any]], customer_id: int) -> Row[Any]:
    if customer_id not in held:
        raise NotFound(
            "no_such_customer", mark("There is no customer of this number here."), str(customer_id)
        )
    return held[customer_id]


def _move(session: Session, one: Reference, keep_id: int, gone_id: int) -> Sequence[tuple[list[str], str]]:
    """The rows of a column, moved at once; where any of them clashes, one by one. Their keys, and why those
    stayed that did; the same constraint names the same reason."""
    ids = {"keep": keep_id, "gone": gone_id}
    change = f"update {one.sql_table} t set {one.sql_column} = :keep where {one.sql_column} = :gone"
    returning = f" returning {one.row_key}"
    try:
        with session.begin_nested():
            return [(list(key), "") for (key,) in session.execute(text(change + returning), ids)]
    except (IntegrityError, InternalError):
        pass
    keys = text(f"select {one.row_key} from {one.sql_table} t where t.{one.sql_column} = :gone order by 1")
    single = text(f"{change} and {one.row_key} = cast(:key as text[]){returning}")
    found: list[tuple[list[str], str]] = []
    for (key,) in session.execute(keys, ids).all():
        try:
            with session.begin_nested():
                found += [(list(now), "") for (now,) in session.execute(single, {**ids, "key": key})]
        except (IntegrityError, InternalError) as error:
            found.append((list(key), _reason(error)))
    return found


def _put_back(session: Session, one: Reference, merge: Row[Any], rows: int) -> int:
    """How many of the rows were put back. Conflict where one of the others belongs to a third customer."""
    ids = {"keep": merge.keep_id, "gone": merge.gone_id, "merge": merge.id}
    named = {**ids, "table": one.table, "column": one.column}
    theirs = f"""m.merge_id = :merge and m.table_name = :table and m.column_name = :column and m.stayed = ''
        and m.row_key = {one.row_key}"""
    change = text(f"""
        update {one.sql_table} t set {one.sql_column} = :gone from merge_rows m
        where t.{one.sql_column} = :keep and {theirs} returning 1
    """)
    try:
        with session.begin_nested():
            returned = len(session.execute(change, named).all())
    except (IntegrityError, InternalError) as error:
        words = mark("Later changes stand in the way in %(table)s: %(reason)s")
        raise Conflict("clashes_since", words, table=one.table, reason=_reason(error)) from error
    if returned == rows:
        return returned
    elsewhere = text(f"""
        select count(*) from {one.sql_table} t join merge_rows m on {theirs}
        where t.{one.sql_column} is distinct from :gone
    """)
    others = session.execute(elsewhere, named).scalar_one()
    if others:
        words = mark(
            "Later changes stand in the way in %(table)s: another customer has %(rows)s of them by now."
        )
        raise Conflict("moved_since", words, table=one.table, rows=others)
    return returned


def _reason(error: IntegrityError | InternalError) -> str:
    """The constraint that refused, else what the database said."""
    diagnosed = getattr(error.orig, "diag", None)
    name = getattr(diagnosed, "constraint_name", None)
    return str(name or getattr(diagnosed, "message_primary", None) or error.orig)
