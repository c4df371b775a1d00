"""What is done with segments. Every change says why, and the audit log keeps it. Actions never commit."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.auth.audit import note_change
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.kit.today import utility_today
from utility_crm.segments.domain.tree import Tree, document_of, leaves_of
from utility_crm.segments.members import NO_SUCH, members_of
from utility_crm.segments.offers import offers
from utility_crm.segments.queries import all_ages, begun, count, count_saved, saved_segments
from utility_crm.segments.tables import Segment, SegmentMember, SegmentSize
from utility_crm.web.words import mark

SEGMENT: Final = mark("segment")
LONGEST_NAME: Final = 80
LONGEST_REASON: Final = 300
_FILL: Final = """
    with found as materialized (
        select f.customer_id, cast(f.value as numeric) as value from ({sql}) f
        where f.customer_id is not null and f.value is not null),
    gone as (
        delete from fact_values v where v.fact = :fact and v.parameter = ''
        and not exists (select from found where found.customer_id = v.customer_id)),
    kept as (
        insert into fact_values (fact, parameter, customer_id, value, computed_at)
        select :fact, '', customer_id, value, :now from found
        on conflict (fact, parameter, customer_id) do update
        set value = excluded.value, computed_at = excluded.computed_at returning 1),
    told as (select count(*) as many from kept)
    insert into fact_ages (fact, parameter, computed_at, customers) select :fact, '', :now, many from told
    on conflict (fact, parameter) do update
    set computed_at = excluded.computed_at, customers = excluded.customers
    returning customers
"""


def save_segment(session: Session, name: str, tree: Tree, now: datetime, *, by: int | None) -> int:
    """A new segment, counted at once; its id. Raises Invalid (name), Conflict where the name is taken."""
    named = _named(session, name)
    size = count(session, tree, now)
    row = Segment(
        name=named,
        tree=document_of(tree),
        owner_id=by,
        created_at=now,
        changed_at=now,
        size=size,
        counted_at=now,
    )
    session.add(row)
    session.flush()
    _note_size(session, row.id, size, now)
    note_change(session, None, SEGMENT, None, {"name": named, "tree": row.tree})
    return row.id


def change_segment(session: Session, segment_id: int, tree: Tree, why: str, now: datetime) -> bool:
    """Another question under the same name; False: it is that already. Raises NotFound, Invalid (reason),
    Conflict where it is frozen."""
    row = _held(session, segment_id)
    wanted = document_of(tree)
    if row.tree == wanted:
        return False
    if row.frozen_at is not None:
        raise Conflict("segment_frozen", mark("It is frozen: save the other question under another name."))
    told = _reason(why)
    note_change(
        session, None, SEGMENT,
        {"name": row.name, "tree": row.tree}, {"name": row.name, "tree": wanted, "why": told},
    )  # fmt: skip
    row.tree, row.changed_at = wanted, now
    row.size, row.counted_at = count(session, tree, now), now
    session.flush()
    _note_size(session, row.id, row.size, now)
    return True


def rename_segment(session: Session, segment_id: int, name: str, why: str, now: datetime) -> bool:
    """Another name; False: it has it already. Raises NotFound, Invalid, Conflict."""
    row = _held(session, segment_id)
    if row.name == " ".join(name.split()):
        return False
    named, told = _named(session, name, but=segment_id), _reason(why)
    note_change(session, None, SEGMENT, {"name": row.name}, {"name": named, "why": told})
    row.name, row.changed_at = named, now
    session.flush()
    return True


def freeze_segment(session: Session, segment_id: int, why: str, now: datetime) -> int:
    """From now on it is the customers it has now; how many. Raises NotFound, Invalid, Conflict where it is
    frozen, Refused where nobody is in it."""
    row = _held(session, segment_id)
    if row.frozen_at is not None:
        raise Conflict("segment_frozen", mark("It is frozen already."))
    told = _reason(why)
    found = members_of(session, segment_id, now=now)
    if not found:
        raise Refused("segment_empty", mark("Nobody is in it now, and frozen it would stay empty."))
    rows = [{"segment_id": segment_id, "customer_id": customer} for customer in found]
    session.execute(insert(SegmentMember), rows)
    row.frozen_at = row.changed_at = row.counted_at = now
    row.size = len(found)
    note_change(
        session, None, SEGMENT,
        {"name": row.name, "frozen": False},
        {"name": row.name, "frozen": True, "customers": len(found), "why": told},
    )  # fmt: skip
    session.flush()
    _note_size(session, segment_id, len(found), now)
    return len(found)


def delete_segment(session: Session, segment_id: int, why: str, now: datetime) -> str:
    """It is on no list any more, and who was in it is forgotten; its name. Raises NotFound, Invalid."""
    row = _held(session, segment_id)
    told = _reason(why)
    row.deleted_at = now
    session.execute(delete(SegmentMember).where(SegmentMember.segment_id == segment_id))
    note_change(
        session,
        None,
        SEGMENT,
        {"name": row.name, "deleted": False},
        {"name": row.name, "deleted": True, "why": told},
    )
    session.flush()
    return row.name


def count_again(session: Session, now: datetime) -> int:
    """Count every segment that was not counted today, or not since one of its kept facts was worked out; how
    many were. One that cannot be read any more keeps its last size."""
    today = utility_today(now)
    counted = set(session.scalars(select(SegmentSize.segment_id).where(SegmentSize.on_day == today)))
    aged = {(age.fact, age.parameter): age.computed_at for age in all_ages(session)}
    done = 0
    for one in saved_segments(session):
        if one.tree is None or one.frozen:
            continue
        newest = [aged.get((leaf.fact, leaf.parameter)) for leaf in leaves_of(one.tree)]
        stale = any(at is not None and (one.counted_at is None or at > one.counted_at) for at in newest)
        if one.id in counted and not stale:
            continue
        row = session.get_one(Segment, one.id)
        row.size, row.counted_at = count_saved(session, one, now), now
        session.flush()
        _note_size(session, one.id, row.size, now)
        done += 1
    return done


def refresh_facts(session: Session, now: datetime, older_than: datetime) -> dict[str, int]:
    """Work out every kept fact that says how and is older than an instant; fact -> customers it is kept of.
    Those that are kept by their owners are left to them."""
    fresh = set(
        session.scalars(
            text("select fact from fact_ages where parameter = '' and computed_at > :then"),
            {"then": older_than},
        )
    )
    done: dict[str, int] = {}
    for name, offer in offers().items():
        if not offer.stored or not offer.sql or name in fresh:
            continue
        compiler = begun(now)
        sql = _FILL.format(sql=compiler.filling(offer))
        bound = {**compiler.bound, "fact": name, "now": now}
        done[name] = int(session.execute(text(sql), bound).scalar_one())
    return done


def _note_size(session: Session, segment_id: int, size: int, now: datetime) -> None:
    made = insert(SegmentSize).values(segment_id=segment_id, on_day=utility_today(now), size=size)
    session.execute(
        made.on_conflict_do_update(index_elements=["segment_id", "on_day"], set_={"size": made.excluded.size})
    )


def _named(session: Session, name: str, *, but: int | None = None) -> str:
    named = " ".join(name.split())
    if not named or len(named) > LONGEST_NAME or not named.isprintable():
        raise Invalid("needed", mark("Give it a name of a few words."), "name")
    taken = select(Segment.id).where(func.lower(Segment.name) == named.lower(), Segment.deleted_at.is_(None))
    if session.scalar(taken.where(Segment.id != but) if but else taken) is not None:
        raise Conflict("segment_taken", mark("There is a segment of this name."), "name")
    return named


def _reason(why: str) -> str:
    told = " ".join(why.split())
    if not told or len(told) > LONGEST_REASON:
        raise Invalid("needed", mark("Say in a few words why: it is kept in the audit log."), "why")
    return told


def _held(session: Session, segment_id: int) -> Segment:
    row = session.scalar(
        select(Segment)
        .where(Segment.id == segment_id, Segment.deleted_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("no_such_segment", NO_SUCH, "segment")
    return row
