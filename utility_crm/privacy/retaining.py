"""How long each kind of data is kept: the house's own rules, or those somebody set; what would go,
counted; and
the nights in which it goes, a few thousand rows at a time.

A night of a kind is one row of `retention_runs`: whoever is killed in the middle of a batch has done
nothing of
it, and the next call goes on from what is left, up to the same instant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.personal import Aging
from utility_crm.privacy.domain.deadlines import month_after
from utility_crm.privacy.reading import agings
from utility_crm.web.words import mark

BATCH, BATCHES = 1000, 5
"""Rows of a batch, and batches of a call of the clock."""
BEGINS = time(2, 0)
"""When a night begins, in the utility's zone."""
_RULES = text("""
    select r.kind, r.months, r.because, coalesce(u.name, '') as changed_by, r.changed_at
    from retention_rules r left join users u on u.id = r.changed_by
""")
_SET = text("""
    insert into retention_rules (kind, months, because, changed_by, changed_at)
    values (:kind, :months, :because, :by, :now)
    on conflict (kind) do update set months = excluded.months, because = excluded.because,
        changed_by = excluded.changed_by, changed_at = excluded.changed_at
""")
_RUN = text("""
    insert into retention_runs (kind, night, cut, months, began_at) values (:kind, :night, :cut, :months,
    :now)
    on conflict (kind, night) do nothing
""")
_UNENDED = text("select * from retention_runs where ended_at is null order by id limit 1 for update")
_BATCH = text("""
    update retention_runs set gone = gone + :gone, batches = batches + 1,
        held = :held, ended_at = case when :over then cast(:now as timestamptz) end
    where id = :id
""")
_NIGHTS = text("select kind from retention_runs where night = :night")
_HELD = """
    exists (select from held_people h where h.id in ({person}))
"""


@dataclass(frozen=True, slots=True)
class Retained:
    """A kind as it is kept now. months: None is for ever. because, changed_by: where somebody changed it."""

    package: str
    aging: Aging
    months: int | None
    because: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WouldGo:
    """Rows that would go now, and those that a hold keeps; None where a function alone knows."""

    gone: int | None
    held: int


def retained(session: Session) -> list[Retained]:
    """Every kind of every package."""
    rules = {row.kind: row for row in session.execute(_RULES)}
    found = []
    for package, one in agings():
        rule = rules.get(one.kind)
        if rule is None:
            found.append(Retained(package, one, one.months))
        else:
            found.append(Retained(package, one, rule.months, rule.because, rule.changed_by, rule.changed_at))
    return found


def set_months(
    session: Session, kind: str, months: int | None, because: str, *, by: int, now: datetime
) -> Retained:
    """From the next night on; how it was before. Raises NotFound, Invalid."""
    before = next((one for one in retained(session) if one.aging.kind == kind), None)
    if before is None:
        raise NotFound("kind", mark("There is no such kind of data."), kind)
    if months is not None and months < max(before.aging.least, 1):
        words = mark("It is kept for at least %(least)s months.")
        raise Invalid("months", words, "months", least=max(before.aging.least, 1))
    why = " ".join(because.split())
    if not why:
        raise Invalid("needed", mark("Say whose rule that is."), "because")
    session.execute(_SET, {"kind": kind, "months": months, "because": why, "by": by, "now": now})
    return before


def cut_of(now: datetime, months: int, zone: str) -> datetime:
    """What is older than this instant goes: so many months before the beginning of today."""
    local = now.astimezone(ZoneInfo(zone))
    return datetime.combine(month_after(local.date(), -months), time(), ZoneInfo(zone))


def would_go(session: Session, now: datetime, zone: str) -> Mapping[str, WouldGo]:
    """A dry run: by kind, counted."""
    found = {}
    for one in retained(session):
        if one.months is None:
            found[one.aging.kind] = WouldGo(0, 0)
        elif one.aging.calls:
            found[one.aging.kind] = WouldGo(None, 0)
        else:
            found[one.aging.kind] = _counted(session, one.aging, cut_of(now, one.months, zone))
    return found


def _counted(session: Session, one: Aging, cut: datetime) -> WouldGo:
    held = _HELD.format(person=one.person) if one.person else "false"
    row = session.execute(
        text(
            f"select count(*) filter (where ({held}) is not true), count(*) filter (where {held}) "
            f"from {one.table} t where {one.old}"
        ),
        {"cut": cut},
    ).one()
    return WouldGo(int(row[0]), int(row[1]))


def begin_night(session: Session, now: datetime, zone: str, *, at_once: bool = False) -> int:
    """Tonight's runs, one a kind, where there are none yet and it is time, or somebody will not wait; how
    many
    were begun."""
    local = now.astimezone(ZoneInfo(zone))
    if local.time() < BEGINS and not at_once:
        return 0
    known = set(session.scalars(_NIGHTS, {"night": local.date()}))
    begun = [
        {
            "kind": one.aging.kind, "night": local.date(), "months": one.months, "now": now,
            "cut": cut_of(now, one.months, zone),
        }
        for one in retained(session)
        if one.months is not None and one.aging.kind not in known
    ]  # fmt: skip
    if begun:
        session.execute(_RUN, begun)
    return len(begun)


def go_on(session: Session, now: datetime, *, batch: int = BATCH, batches: int = BATCHES) -> tuple[int, bool]:
    """Some batches of what is begun: rows that went, and whether anything is left to do. A run whose kind is
    kept longer by now than when it was begun ends as it is."""
    gone = 0
    for _ in range(batches):
        run = session.execute(_UNENDED).one_or_none()
        if run is None:
            return gone, False
        rule = next((one for one in retained(session) if one.aging.kind == run.kind), None)
        stands = rule is not None and rule.months is not None and rule.months <= run.months
        went, over, held = 0, True, 0
        if rule is not None:
            one = rule.aging
            if stands:
                went, over = _one_batch(session, one, run.cut, now, batch)
            if over and stands and not one.calls:
                held = _counted(session, one, run.cut).held
            if over and one.after and run.gone + went:
                session.execute(text(one.after))
        session.execute(_BATCH, {"id": run.id, "gone": went, "held": held, "over": over, "now": now})
        gone += went
    return gone, True


def _one_batch(session: Session, one: Aging, cut: datetime, now: datetime, batch: int) -> tuple[int, bool]:
    """How many went, and whether that was all."""
    if one.calls:
        return int(session.execute(text(one.calls), {"cut": cut, "now": now}).scalar_one()), True
    held = f" and ({_HELD.format(person=one.person)}) is not true" if one.person else ""
    old = f"select t.ctid from {one.table} t where {one.old}{held} order by t.{one.by} limit :batch"
    if isinstance(one.now, Mapping):
        changes = ", ".join(f'"{name}" = {sql}' for name, sql in one.now.items())
        act = f"update {one.table} t set {changes} from old where t.ctid = old.ctid returning 1"
    else:
        act = f"delete from {one.table} t using old where t.ctid = old.ctid returning 1"
    rows = session.execute(
        text(f"with old as materialized ({old}) {act}"), {"cut": cut, "batch": batch}
    ).all()
    return len(rows), len(rows) < batch


def nights(session: Session, most: int = 60) -> list[Any]:
    """What went lately, newest first."""
    sql = text("select * from retention_runs where gone > 0 or held > 0 or ended_at is null "
               "order by began_at desc, kind limit :most")  # fmt: skip
    return list(session.execute(sql, {"most": most}))
