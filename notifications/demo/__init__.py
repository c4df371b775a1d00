"""The notices' part of the demo utility: consents, outages that were, one that is coming and was told,
and one of this hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from notifications.demo.delivering import deliver_as_of
from notifications.demo.going_otherwise import go_otherwise
from notifications.domain.incident import State
from notifications.outages.announcing import Interruption, plan_outage
from notifications.outages.incidents import By, Opening, open_incident
from utility_crm.demo.calendar import ZONE
from utility_crm.demo.context import DemoBuild
from utility_crm.demo.plan import Plan

TOLD_DAYS_BEFORE, COMES_IN_DAYS = 3, 4
PAST_OUTAGES = ((31, "OLD-2", "Cable fault in Fuller Close"), (96, "VAL-1-3", "Transformer fault"))
"""Days before the as-of date, code of the node, reason."""
OFF_NOW = "VAL-2-1"


def build(context: DemoBuild) -> None:
    """Write it all; the coming outage by the same action as ops would, its notices delivered to the
    mailbox."""
    with context.steps.step("Consents, outages", 3) as advance:
        columns = ("customer_id", "purpose", "channel", "granted", "at", "proof")
        context.copy_rows("consents", columns, _consents(context.plan))
        advance(1)
        outages = (
            "node_id", "planned", "starts_at", "ends_at", "reason", "created_at", "state", "restored_at",
        )  # fmt: skip
        context.copy_rows("outages", outages, _past_outages(context.plan))
        context.analyse("consents")
        advance(1)
        _coming_outage(context)
        _running_outage(context)


def _consents(plan: Plan) -> Iterator[tuple[Any, ...]]:
    for one in plan.customers:
        for said in one.consents:
            at = datetime.combine(said.on, time(12), UTC)
            yield (one.id, said.purpose, said.channel, said.granted, at, said.proof)


def _past_outages(plan: Plan) -> Iterator[tuple[Any, ...]]:
    ids = {node.code: node.id for node in plan.nodes}
    for days, code, reason in PAST_OUTAGES:
        starts = _local(plan.as_of - timedelta(days), time(18, 10))
        ends = starts + timedelta(hours=2, minutes=25)
        yield (ids[code], False, starts, ends, reason, starts, "closed", ends)


def _coming_outage(context: DemoBuild) -> None:
    """Works on the feeder of the first customer, whom the demonstration returns to."""
    plan = context.plan
    on = plan.as_of + timedelta(COMES_IN_DAYS)
    works = Interruption(_feeder(plan), _local(on, time(9)), _local(on, time(12)), "New cable")
    now = _local(plan.as_of - timedelta(TOLD_DAYS_BEFORE), time(10))
    with context.session() as session:
        announced = plan_outage(session, works, now)
        go_otherwise(session, f"outage:{announced.outage_id}", now)
        deliver_as_of(session, now)


def _running_outage(context: DemoBuild) -> None:
    """A fault of the last hour, that is being seen to."""
    ids = {node.code: node.id for node in context.plan.nodes}
    now = context.now
    opening = Opening(
        ids[OFF_NOW], now - timedelta(minutes=52), State.ESTIMATED, now + timedelta(minutes=95),
        "A tree on the line",
    )  # fmt: skip
    with context.session() as session:
        open_incident(session, opening, By(note="Two calls from Vale Road."), now - timedelta(minutes=40))


def _feeder(plan: Plan) -> int:
    parents = {node.id: node.parent_id for node in plan.nodes}
    feeder = parents[plan.supplies[0].address.node_id]
    assert feeder is not None
    return feeder


def _local(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, ZoneInfo(ZONE)).astimezone(UTC)
