"""What may be asked about a segment: how many, who for instance, what each condition does, how it grew.

Every statement over customers counts those only who may be in a segment (`Compiler.base`), and for people
limited to areas only theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from utility_crm.kit.today import utility_today
from utility_crm.segments.compiling import Compiler, Marker, counted, with_memory
from utility_crm.segments.domain.tree import And, Not, Or, Tree, leaves_of
from utility_crm.segments.members import SAVED, SavedSegment, condition_of, limit, saved
from utility_crm.segments.offers import offers
from utility_crm.segments.tables import Segment, SegmentSize

SAMPLE = 10
HISTORY_DAYS = 400
LATE = timedelta(hours=36)
"""A kept fact is worked out once a day; when it is older than this, the clock has missed a day."""


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the outermost `and`. left: how many are left after it and those before it; alone: how many
    it would leave by itself; parts: the same of each part, where it is a group."""

    left: int
    alone: int
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """size: how many customers; of: how many there are to choose from; steps: what each part does; some: ids
    of a few of them, whoever they are."""

    size: int
    of: int
    steps: tuple[Step, ...] = ()
    some: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Somebody:
    """A customer as a list names them; `area` is their area's name, `kind` a code of `customer_kind`."""

    id: int
    number: str
    name: str
    kind: str
    language: str
    since: date
    area: str
    city: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Age:
    """When a kept fact was last worked out; None: not yet."""

    fact: str
    parameter: str
    computed_at: datetime | None
    customers: int

    def late(self, now: datetime) -> bool:
        """Whether it was not worked out again in time: what is made of it is to say so."""
        return self.computed_at is not None and now - self.computed_at > LATE


def begun(now: datetime) -> Compiler:
    """Conditions as of an instant."""
    return Compiler(offers(), utility_today(now), now)


def count(session: Session, tree: Tree, now: datetime, areas: Collection[int] | None = None) -> int:
    """How many customers it is true of: one statement."""
    compiler = begun(now)
    where = [compiler.base(), compiler.condition(tree), *limit(compiler, areas)]
    return _count(session, compiler, where)


def count_saved(
    session: Session, one: SavedSegment, now: datetime, areas: Collection[int] | None = None
) -> int:
    """How many customers a saved segment is now. Raises Invalid where it cannot be read any more."""
    compiler = begun(now)
    where = [compiler.base(), condition_of(compiler, one), *limit(compiler, areas)]
    return _count(session, compiler, where)


def _count(session: Session, compiler: Compiler, where: Sequence[str]) -> int:
    sql = f"select count(*) from customers c where {' and '.join(where)}"
    return int(counted(session, sql, compiler.bound)[0])


def parts_of(tree: Tree) -> tuple[Tree, ...]:
    """The parts of the outermost `and`; of another tree, itself."""
    return tree.parts if isinstance(tree, And) else (tree,)


def look(session: Session, tree: Tree, now: datetime, areas: Collection[int] | None = None) -> Look:
    """How many, what each part does, and a few of them: one statement, which reads each set once."""
    marker = Marker(offers(), utility_today(now), now)
    flags: list[str] = []
    places: list[tuple[int, tuple[int, ...]]] = []
    for top in parts_of(tree):
        inner = top.part if isinstance(top, Not) else top
        subs = inner.parts if isinstance(inner, Or | And) else ()
        at = len(flags)
        flags.append(marker.condition(top))
        flags.extend(marker.condition(sub) for sub in subs)
        places.append((at, tuple(range(at + 1, at + 1 + len(subs)))))
    kept = [" and ".join(f"k{at}" for at, _ in places[: last + 1]) for last in range(len(places))]
    told = ["count(*)", *(f"count(*) filter (where {one})" for one in kept)]
    told.extend(f"count(*) filter (where k{place})" for place in range(len(flags)))
    named = "".join(f", {flag} as k{place}" for place, flag in enumerate(flags))
    where = " and ".join([marker.base(), *limit(marker, areas)])
    some = f"select id from c where {kept[-1] if kept else 'true'} order by {_MIXED} limit {SAMPLE}"
    sql = f"""
        with c as materialized (select c.id{named} from ({marker.marked()}) c where {where})
        select array({some}), {", ".join(told)} from c"""
    found: tuple[Any, ...] = tuple(counted(session, sql, marker.bound, grouped=True))
    row = [int(value) for value in found[1:]]
    alone = row[1 + len(places) :]
    steps = tuple(
        Step(row[1 + place], alone[at], tuple(alone[sub] for sub in subs))
        for place, (at, subs) in enumerate(places)
    )
    return Look(steps[-1].left if steps else row[0], row[0], steps, tuple(found[0]))


_WHO = """
    select c.id, c.number, c.name, c.segment, c.language, c.since, coalesce(h.area, ''), coalesce(h.city, ''),
           coalesce(e.value, ''), coalesce(t.value, '')
    from (select * from customers c where {where} order by {order} {limit}) c
    left join lateral (
        select p.city, coalesce(up.name, mid.name, n.name) as area
        from accounts a join occupancies o on o.account_id = a.id join premises p on p.id = o.premise_id
        left join network_nodes n on n.id = p.node_id left join network_nodes mid on mid.id = n.parent_id
        left join network_nodes up on up.id = mid.parent_id
        where a.customer_id = c.id order by o.ends_before desc nulls first, o.starts_on desc, o.id limit 1) h
        on true
    left join lateral (
        select k.value from contact_points k where k.customer_id = c.id and k.kind = 'email'
        order by k.preferred desc, k.id limit 1) e on true
    left join lateral (
        select k.value from contact_points k where k.customer_id = c.id and k.kind = 'phone'
        order by k.preferred desc, k.id limit 1) t on true
    order by {order}
"""
_MIXED = "hashint8(c.id), c.id"
"""An order that has to do with nothing, and is the same each time."""


def named(session: Session, ids: Sequence[int]) -> list[Somebody]:
    """These customers, as a list names them; they were chosen from those who may be seen."""
    return list(_people(session, {"ids": list(ids)}, ["c.id = any(:ids)"], _MIXED, "")) if ids else []


def everybody_of(
    session: Session,
    one: SavedSegment,
    now: datetime,
    areas: Collection[int] | None = None,
    many: int | None = None,
) -> Iterator[Somebody]:
    """All of a saved segment by number; `many`: only some, in no order that means anything."""
    compiler = begun(now)
    where = [compiler.base(), condition_of(compiler, one), *limit(compiler, areas)]
    if many is None:
        return _people(session, compiler.bound, where, "c.number", "")
    return _people(session, compiler.bound, where, _MIXED, f"limit {int(many)}")


def _people(
    session: Session, bound: Mapping[str, Any], where: Sequence[str], order: str, most: str
) -> Iterator[Somebody]:
    with_memory(session)
    sql = _WHO.format(where=" and ".join(where), order=order, limit=most)
    return (Somebody(*row) for row in session.execute(text(sql), bound))


_AGES = text(
    "select w.fact, w.parameter, a.computed_at, coalesce(a.customers, 0) "
    "from unnest(cast(:facts as text[]), cast(:parameters as text[])) as w (fact, parameter) "
    "left join fact_ages a on a.fact = w.fact and a.parameter = w.parameter "
    "order by a.computed_at nulls first, w.fact, w.parameter"
)
_ALL_AGES = text(
    "select fact, parameter, computed_at, customers from fact_ages order by computed_at, fact, parameter"
)


def ages_of(session: Session, tree: Tree) -> list[Age]:
    """How old the kept facts are that a tree asks about, the oldest first; [] where all are asked live."""
    wanted = {(leaf.fact, leaf.parameter) for leaf in leaves_of(tree) if offers()[leaf.fact].stored}
    if not wanted:
        return []
    facts, parameters = zip(*sorted(wanted), strict=True)
    found = session.execute(_AGES, {"facts": list(facts), "parameters": list(parameters)})
    return [Age(*row) for row in found]


def all_ages(session: Session) -> list[Age]:
    """Every kept fact that is there and still offered, and those offered that are not there yet."""
    known = [Age(*row) for row in session.execute(_ALL_AGES)]
    there = {age.fact for age in known}
    missing = [Age(name, "", None, 0) for name, one in offers().items() if one.stored and name not in there]
    return [*missing, *(age for age in known if age.fact in offers() and offers()[age.fact].stored)]


def saved_segments(session: Session) -> list[SavedSegment]:
    """Every segment, by name."""
    return [saved(row) for row in session.execute(SAVED.order_by(Segment.name, Segment.id))]


def sizes_of(session: Session, segment_id: int, today: date) -> list[tuple[date, int]]:
    """(day, size), oldest first."""
    found = (
        select(SegmentSize.on_day, SegmentSize.size)
        .where(SegmentSize.segment_id == segment_id, SegmentSize.on_day <= today)
        .order_by(SegmentSize.on_day.desc())
        .limit(HISTORY_DAYS)
    )
    return [(row.on_day, row.size) for row in session.execute(found)][::-1]


def last_sizes(session: Session, today: date) -> dict[int, list[tuple[date, int]]]:
    """(day, size) of every segment in the last weeks, oldest first."""
    rows = session.execute(
        text(
            "select segment_id, on_day, size from segment_sizes"
            " where on_day > :today - 60 and on_day <= :today order by on_day"
        ),
        {"today": today},
    )
    found: dict[int, list[tuple[date, int]]] = {}
    for segment_id, day, size in rows:
        found.setdefault(segment_id, []).append((day, size))
    return found


def overlap(
    session: Session, some: Sequence[SavedSegment], now: datetime, areas: Collection[int] | None = None
) -> list[list[int]]:
    """How many customers two segments share: a square, the sizes on its diagonal. One pass."""
    compiler = begun(now)
    flags = [condition_of(compiler, one) for one in some]
    named = "".join(f", {flag} as k{place}" for place, flag in enumerate(flags))
    pairs = [(one, other) for one in range(len(some)) for other in range(one, len(some))]
    told = ", ".join(f"count(*) filter (where k{one} and k{other})" for one, other in pairs)
    where = " and ".join([compiler.base(), *limit(compiler, areas)])
    sql = f"select {told} from (select c.id{named} from customers c where {where} offset 0) x"
    row = counted(session, sql, compiler.bound)
    square = [[0] * len(some) for _ in some]
    for (one, other), shared in zip(pairs, row, strict=True):
        square[one][other] = square[other][one] = int(shared)
    return square


def choices_of(session: Session, facts: Collection[str]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """What there is to choose from of these facts: (fact, "choices" or "parameters") -> (value, label). One
    statement; labels are names out of the data, or of codes of ours the code itself."""
    wanted = [
        (name, which, sql)
        for name in sorted(set(facts))
        for which, sql in (("choices", offers()[name].choices), ("parameters", offers()[name].parameters))
        if sql
    ]
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for name in facts:
        if offers()[name].words and not offers()[name].choices:
            found[name, "choices"] = [(code, code) for code in offers()[name].words]
    if not wanted:
        return found
    bound = {f"n{place}": name for place, (name, _, _) in enumerate(wanted)}
    sql = " union all ".join(
        f"(select cast(:n{place} as text), '{which}', x.v, x.l from ({sql}) as x (v, l))"
        for place, (_, which, sql) in enumerate(wanted)
    )
    for name, which, value, label in session.execute(text(sql), bound):
        found.setdefault((name, which), []).append((value, label))
    return found
