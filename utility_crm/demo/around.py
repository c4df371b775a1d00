"""Who is around the simulated customers, what is known of them beside bills, and what was changed of it:
drawn with a stream of its own, written in bulk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
from sqlalchemy import text

from utility_crm.demo.context import DemoBuild
from utility_crm.demo.people import Customer
from utility_crm.demo.plan import Plan
from utility_crm.demo.random_streams import stream
from utility_crm.demo.words import FIRST_NAMES, SURNAMES

Row = tuple[Any, ...]
KINDS_OF = {
    "home dialysis": "dialysis or feeding pump",
    "oxygen concentrator": "oxygen concentrator",
    "stair lift": "stair lift, hoist or electric bed",
    "refrigerated medicine": "medicine kept cold",
    "pensionable age": "of pensionable age",
    "hearing": "hard of hearing or deaf",
    "sight": "blind or partially sighted",
    "infant at home": "child under five",
    "recently bereaved": "change in life",
}
"""Of what the plan says of somebody's need, its kind (`utility_crm.customers.care`)."""
NEEDS = (
    ("large print",), ("interpreter",), ("knock and wait", "large print"), ("text relay",),
    ("password when we call at the door",), ("copy of letters to somebody they trust",),
)  # fmt: skip
ROLES = ("accounts", "facilities", "energy buying", "night shift", "site manager", "director")
PROOFS = ("power of attorney, copy kept", "letter signed by both", "court order, copy kept")
WAYS = ("call", "email", "letter", "sms")
TIMES = ("morning", "afternoon", "evening", "weekend")
RELATION_COLUMNS = (
    "customer_id", "other_id", "name", "reach", "reach_number", "kind", "role", "about", "starts_on",
    "ends_before", "proof", "noted_at", "noted_by", "ended_at", "ended_by",
)  # fmt: skip
_KINDS = text("update customer_flags set kinds = array[:kind] where detail = :detail")
_WISH = text("update customers set preferred_channel = :way, contact_times = :times where id = any(:ids)")


def write_around(context: DemoBuild) -> None:
    """Write it: relations, kinds of need, wishes, and a history of changes."""
    plan = context.plan
    agents = list(
        context.connection.scalars(text("select id from users where role = 'agent' order by id"))
    ) or [None]
    context.copy_rows("relations", RELATION_COLUMNS, _relations(plan, agents))
    for detail, kind in KINDS_OF.items():
        context.connection.execute(_KINDS, {"detail": detail, "kind": kind})
    flags = ("customer_id", "kind", "detail", "consented_at", "review_on", "kinds")
    context.copy_rows("customer_flags", flags, _needs(plan))
    for place, (way, times) in enumerate(_wishes()):
        ids = [one.id for one in plan.customers if one.id % 41 == place]
        context.connection.execute(_WISH, {"way": way, "times": list(times), "ids": ids})
    columns = ("at", "user_id", "kind", "what", "customer_id", "before", "after")
    context.copy_rows("audit_log", columns, _changes(plan, agents))
    context.analyse("relations", "audit_log")


def _name(draw: np.random.Generator, surname: str = "") -> str:
    first = FIRST_NAMES[int(draw.integers(len(FIRST_NAMES)))]
    return f"{first} {surname or SURNAMES[int(draw.integers(len(SURNAMES)))]}"


def _relations(plan: Plan, agents: list[Any]) -> Iterator[Row]:
    draw = stream(plan.seed, "relations")
    for one in plan.customers:
        if one.kind == "organisation":
            for _turn in range(int(draw.integers(1, 4))):
                yield _relation(plan, draw, one, agents, "works_for", _name(draw))
        elif one.planted is not None and one.planted.medical:
            yield _relation(plan, draw, one, agents, "speaks_for", _name(draw, one.name.split()[-1]))
            yield _relation(plan, draw, one, agents, "speaks_for", _name(draw), ended=True)
        elif draw.random() < 0.05:
            kind = str(draw.choice(("household", "speaks_for", "guardian"), p=(0.6, 0.3, 0.1)))
            name = _name(draw, one.name.split()[-1] if kind == "household" else "")
            yield _relation(plan, draw, one, agents, kind, name, ended=draw.random() < 0.2)
    firms = [one for one in plan.customers if one.kind == "organisation"]
    for part, whole in zip(firms[3:9:2], firms[4:10:2], strict=False):
        row = list(_relation(plan, draw, part, agents, "part_of", ""))
        row[1], row[6] = whole.id, ""
        yield tuple(row)


def _relation(
    plan: Plan,
    draw: np.random.Generator,
    one: Customer,
    agents: list[Any],
    kind: str,
    name: str,
    *,
    ended: bool = False,
) -> Row:
    began = plan.as_of - timedelta(days=int(draw.integers(40, 900)))
    over = began + timedelta(days=int(draw.integers(10, 39))) if ended else None
    agent = agents[int(draw.integers(len(agents)))]
    speaks = kind in ("speaks_for", "guardian")
    number = f"+447700900{int(draw.integers(100, 1000))}" if name else ""
    return (
        one.id, None, name, number, number, kind,
        ROLES[int(draw.integers(len(ROLES)))] if kind == "works_for" else "",
        ["bill", "payment"] if kind == "speaks_for" and draw.random() < 0.5 else [], began, over,
        PROOFS[int(draw.integers(len(PROOFS)))] if speaks else "", _at(began, draw), agent,
        _at(over, draw) if over else None, agent if over else None,
    )  # fmt: skip


def _at(day: date, draw: np.random.Generator) -> datetime:
    return datetime.combine(day, time(int(draw.integers(9, 17)), int(draw.integers(60))), UTC)


def _needs(plan: Plan) -> Iterator[Row]:
    draw = stream(plan.seed, "needs")
    for one in plan.customers:
        if one.kind == "person" and draw.random() < 0.02:
            kept = plan.as_of - timedelta(days=int(draw.integers(20, 330)))
            kinds = list(NEEDS[int(draw.integers(len(NEEDS)))])
            yield (one.id, "needs", "", _at(kept, draw), kept + timedelta(days=365), kinds)


def _wishes() -> list[tuple[str, tuple[str, ...]]]:
    """A few of forty-one: how, and when, somebody likes to be spoken with."""
    return [(way, TIMES[place : place + 2]) for place, way in enumerate(WAYS)]


def _changes(plan: Plan, agents: list[Any]) -> Iterator[Row]:
    """Before and after of what is so today, with who changed it and why."""
    draw = stream(plan.seed, "changes")
    for one in plan.customers:
        lot, ago = draw.random(), int(draw.integers(2, 400))
        agent, at = agents[int(draw.integers(len(agents)))], _at(plan.as_of - timedelta(days=ago), draw)
        planted = one.planted is not None and one.planted.medical
        if one.kind == "person" and (lot < 0.015 or planted):
            former = f"{one.name.split()[0]} {SURNAMES[int(draw.integers(len(SURNAMES)))]}"
            after = {"name": one.name, "why": "married; the certificate was shown"}
            yield _change(at, agent, "their details", one, {"name": former}, after)
        if one.phone and (0.015 < lot < 0.05 or planted):
            old = {"kind": "phone", "value": f"+447700900{int(draw.integers(100, 1000))}", "label": ""}
            new = {"kind": "phone", "value": one.phone, "label": ""}
            yield _change(at - timedelta(minutes=1), agent, "way to reach", one, old, None)
            yield _change(at, agent, "way to reach", one, None, new)
        for flag in one.flags:
            kept = {
                "kind": flag.kind, "kinds": [KINDS_OF[flag.detail]], "detail": flag.detail,
                "review_on": flag.review_on.isoformat(), "why": "told us on the telephone",
            }  # fmt: skip
            consented = datetime.combine(flag.consented_on, time(10), UTC)
            yield _change(consented, agent, "particular care", one, None, kept)


def _change(at: datetime, agent: Any, what: str, one: Customer, before: Any, after: Any) -> Row:
    sides = (json.dumps(side, ensure_ascii=False) if side is not None else None for side in (before, after))
    return (at, agent, "detail", what, one.id, *sides)
