"""Phones and e-mails on file not in normal form: found, put right in batches, or listed as unreadable.

At the doors (`customers.reach`, the customer file) they are made normal as they come in; what stands here
came before, from elsewhere, or was right until the rules of numbers changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import phonenumbers
from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.auth.audit import note_changes
from utility_crm.customers.reach import WAY, normal_form, written_form
from utility_crm.kit.errors import Invalid
from utility_crm.web.words import mark

LOOKED_AT = 5000
BATCH = 500
WHY = {
    "no_phone": mark("no telephone number"),
    "several": mark("more than one number: say which belongs where"),
    "digits": mark("too many or too few digits"),
    "no_email": mark("no e-mail address"),
    "twice": mark("the customer has it already: this one goes"),
}
_EMAIL = re.compile(r"[^\s<>,;:\"'()]+@[^\s<>,;:\"'()]+")
# The country of where they live reads a number without one, else the utility's own.
_POINTS = text("""
    select p.id, p.kind, p.value, p.normal, coalesce((
        select premises.country from accounts a join occupancies o on o.account_id = a.id
        join premises on premises.id = o.premise_id where a.customer_id = p.customer_id
        order by o.starts_on desc limit 1), :country) as country
    from contact_points p where p.kind in ('phone', 'email') and p.id > :after order by p.id limit :most
""")
_KEEP = text("""
    insert into contact_point_checks (point_id, found_at, value, normal, why)
    select t.point_id, :now, t.value, t.normal, t.why
    from jsonb_to_recordset(cast(:found as jsonb)) as t(point_id bigint, value text, normal text, why text)
""")
_LIST = text("""
    select c.point_id, p.customer_id, customers.name as customer, customers.number, p.kind, p.value,
           c.value as becomes, c.why
    from contact_point_checks c join contact_points p on p.id = c.point_id
    join customers on customers.id = p.customer_id
    where (c.normal <> '') = :can order by c.point_id limit :most
""")
_COUNT = text("""
    select count(*) filter (where normal <> '') as can, count(*) filter (where normal = '') as cannot,
           max(found_at) as at from contact_point_checks
""")
_NEXT = text("""
    select c.point_id, c.value, c.normal, p.customer_id, p.kind, p.value as held, p.normal as held_normal,
           p.preferred, p.label,
           (select min(o.id) from contact_points o where o.customer_id = p.customer_id and o.kind = p.kind
                and o.normal = c.normal and o.id <> p.id) as twin
    from contact_point_checks c join contact_points p on p.id = c.point_id
    where c.normal <> '' order by c.point_id limit :most for update of p
""")


@dataclass(frozen=True, slots=True)
class Becomes:
    """What a way to reach somebody would be: as it is written and as it is compared; both "" where nobody can
    read it, and why."""

    value: str
    normal: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class WayShown:
    """One on file that is not in normal form. becomes: "" where it cannot be read."""

    point_id: int
    customer_id: int
    customer: str
    number: str
    kind: str
    value: str
    becomes: str
    why: str

    def document(self) -> dict[str, Any]:
        return {"customer": self.number, "kind": self.kind, "value": self.value, "becomes": self.becomes,
                "why": WHY.get(self.why, "")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WayFigures:
    """How many can be put right and how many cannot be read, as of when they were looked for."""

    can: int
    cannot: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Mended:
    """How many were put right; of those, how many the customer had twice and went."""

    changed: int
    removed: int


def becomes(kind: str, value: str, country: str) -> Becomes:
    """What it would be. One number or address among other words is found; of several nobody knows which."""
    try:
        return Becomes(written_form(kind, value, country), normal_form(kind, value, country))
    except Invalid as error:
        first = error
    if kind == "email":
        found = [one.strip(".") for one in _EMAIL.findall(value)]
        why = "no_email"
    else:
        matches = phonenumbers.PhoneNumberMatcher(value, country, leniency=phonenumbers.Leniency.POSSIBLE)
        found = [
            phonenumbers.format_number(one.number, phonenumbers.PhoneNumberFormat.E164) for one in matches
        ]
        why = "digits" if "digits" in first.words else "no_phone"
    distinct = list(dict.fromkeys(found))
    if len(distinct) != 1:
        return Becomes("", "", "several" if distinct else why)
    try:
        return Becomes(written_form(kind, distinct[0], country), normal_form(kind, distinct[0], country))
    except Invalid:
        return Becomes("", "", why)


def look_for_ways(session: Session, *, country: str, now: datetime) -> WayFigures:
    """Look at every phone and e-mail on file, so many at a time, and keep what is not in normal form."""
    session.execute(text("delete from contact_point_checks"))
    for batch in _points(session, country):
        found = []
        for row in batch:
            told = becomes(row.kind, row.value, row.country)
            if (told.value, told.normal) != (row.value, row.normal) or not told.normal:
                found.append(
                    {"point_id": row.id, "value": told.value, "normal": told.normal, "why": told.why}
                )
        if found:
            session.execute(_KEEP, {"found": json.dumps(found), "now": now})
    return way_figures(session)


def _points(session: Session, country: str) -> Iterator[Sequence[Any]]:
    after = 0
    while True:
        values = {"country": country, "after": after, "most": LOOKED_AT}
        found = session.execute(_POINTS, values).all()
        if not found:
            return
        yield found
        after = found[-1].id


def way_figures(session: Session) -> WayFigures:
    """As of the last look."""
    row = session.execute(_COUNT).one()
    return WayFigures(row.can, row.cannot, row.at)


def ways(session: Session, *, can: bool, most: int = 200) -> list[WayShown]:
    """Those that can be put right, or those that nobody can read."""
    return [WayShown(*row) for row in session.execute(_LIST, {"can": can, "most": most})]


def mend_ways(session: Session, most: int = BATCH) -> Mended:
    """Put the next ones right, with both sides in the audit log; never commits. One that the customer has
    twice then goes, and what was told of it (preferred, a label) stays with the other."""
    rows = session.execute(_NEXT, {"most": most}).all()
    notes: list[tuple[int | None, dict[str, Any], dict[str, Any] | None]] = []
    removed, taken = 0, set()
    for row in rows:
        key = row.customer_id, row.kind, row.normal
        before = {"kind": row.kind, "value": row.held}
        if row.twin is not None or key in taken:
            removed += 1
            _merge(session, row)
            notes.append((row.customer_id, before, None))
            continue
        taken.add(key)
        session.execute(
            text("update contact_points set value = :value, normal = :normal where id = :id"),
            {"value": row.value, "normal": row.normal, "id": row.point_id},
        )
        after = {"kind": row.kind, "value": row.value}
        if row.held == row.value:
            before, after = before | {"compared as": row.held_normal}, after | {"compared as": row.normal}
        notes.append((row.customer_id, before, after))
    session.execute(
        text("delete from contact_point_checks where point_id = any(:ids)"),
        {"ids": [row.point_id for row in rows]},
    )
    note_changes(session, WAY, notes)
    session.expire_all()
    return Mended(len(rows), removed)


def _merge(session: Session, row: Any) -> None:
    session.execute(
        text("update contact_points set preferred = preferred or :preferred, "
             "label = case when label = '' then :label else label end "
             "where customer_id = :customer and kind = :kind and normal = :normal and id <> :id"),
        {"preferred": row.preferred, "label": row.label, "customer": row.customer_id, "kind": row.kind,
         "normal": row.normal, "id": row.point_id},
    )  # fmt: skip
    session.execute(text("delete from contact_points where id = :id"), {"id": row.point_id})
