"""Visits of the simulated utility: some to come, some over, a few moved or cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text

from meters.visits.booking import SLOTS
from utility_crm.demo.context import DemoBuild
from utility_crm.demo.plan import Plan
from utility_crm.demo.random_streams import stream
from utility_crm.demo.story import NEVER

COMING, PAST = 12, 48
WHY = (
    "The display is dark.", "The figures seem too high.", "It hums at night.", "No readings for a week.",
    "The seal is broken.",
)  # fmt: skip
FOUND = (
    "The meter is sound; the collector was put back.", "A loose wire at the terminal, made fast.",
    "The display was changed; the figures are right.", "Exchanged: it ran two per cent fast.",
)  # fmt: skip
IN_VAIN = ("Nobody was at home; a card was left.", "The cellar was locked.")
GONE = ("It shows figures again.", "They will read it themselves.")
MOVED = ("They work that morning.", "Our engineer was ill.")
COLUMNS = (
    "id", "customer_id", "premise_id", "kind", "on_day", "starts", "ends", "state", "note", "made_at",
    "made_by", "closed_at", "closed_by", "outcome", "moves",
)  # fmt: skip
EVENT_COLUMNS = ("appointment_id", "at", "by_user", "kind", "was_on", "was_from", "note")


def write_visits(context: DemoBuild) -> None:
    """Write them, each at a place that is supplied."""
    agents = list(context.connection.scalars(text("select id from users where role = 'agent' order by id")))
    visits, events = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
    for visit, became in _drawn(context.plan, agents or [None]):
        visits.append(visit)
        events += became
    context.copy_rows("appointments", COLUMNS, visits)
    context.copy_rows("appointment_events", EVENT_COLUMNS, events)
    context.analyse("appointments", "appointment_events")


def _drawn(plan: Plan, agents: list[Any]) -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
    draw = stream(plan.seed, "visits")
    stay = [one for one in plan.supplies if int(plan.leaving.day[one.customer]) == NEVER]
    places = draw.permutation(len(stay))[: min(COMING + PAST, len(stay))]
    slots = list(SLOTS.values())
    for turn, place in enumerate(int(one) for one in places):
        supply, visit_id, agent = stay[place], turn + 1, agents[turn % len(agents)]
        coming = turn < COMING
        far = int(draw.integers(1, 20)) if coming else -int(draw.integers(2, 300))
        on_day = _working(plan.as_of + timedelta(days=far), 1 if coming else -1)
        starts, ends = slots[int(draw.integers(len(slots)))]
        made = _at(min(on_day, plan.as_of) - timedelta(days=int(draw.integers(3, 12))), 10)
        lot = draw.random()
        state = "booked" if coming else "cancelled" if lot < 0.15 else "missed" if lot < 0.3 else "done"
        said = {"done": FOUND, "missed": IN_VAIN, "cancelled": GONE, "booked": ("",)}[state]
        outcome = said[int(draw.integers(len(said)))]
        over = None if coming else made + timedelta(days=1) if state == "cancelled" else _at(on_day, 16)
        moved = draw.random() < 0.25
        events: list[tuple[Any, ...]] = []
        if moved:
            was = _working(on_day - timedelta(days=2), -1)
            why = MOVED[int(draw.integers(len(MOVED)))]
            events.append((visit_id, made + timedelta(hours=3), agent, "moved", was, time(8), why))
        if over is not None:
            events.append((visit_id, over, agent, state, None, None, outcome))
        note = WHY[int(draw.integers(len(WHY)))]
        yield (
            (
                visit_id, supply.customer + 1, supply.id, "meter_check", on_day, starts, ends, state, note,
                made, agent, over, agent if over else None, outcome, int(moved),
            ),
            events,
        )  # fmt: skip


def _working(day: date, step: int) -> date:
    """The day, or the next from Monday to Friday in the direction of `step`."""
    while day.weekday() > 4:
        day += timedelta(days=step)
    return day


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour, 20), UTC)
