"""The files by which the simulated readings came: one a collector and day, corrections, and a few refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg.types.json import Jsonb

from meters.demo.faults import Faults, Guess
from utility_crm.demo.calendar import SLOTS
from utility_crm.demo.plan import Plan
from utility_crm.demo.random_streams import stream
from utility_crm.demo.words import AREAS

Int64 = npt.NDArray[np.int64]

KINDS = ("households", "business", "industry")
COLLECTORS = len(AREAS) * len(KINDS)
ARRIVES, CORRECTED, REFUSED = time(4, 30), time(9, 30), time(4, 31)
REFUSALS = (
    ("encoding", "The file is UTF-16 text; save it as UTF-8 and send it again.", None),
    ("truncated", "The file ends in the middle of line 10,433; nothing of it was kept.", 10433),
    ("columns", "Line 1 names no column for the time of a reading; nothing of it was kept.", 1),
)
FEED_COLUMNS = (
    "id", "name", "sha256", "format", "status", "received_at", "readings", "blocks_added", "blocks_changed",
    "blocks_unchanged", "problems",
)  # fmt: skip

Row = tuple[Any, ...]


def collector_of(plan: Plan) -> Int64:
    """(supplies,): which collector reads it, 0 to 11; its file of a day is feed 1 + day * 12 + collector."""
    areas = np.array([supply.address.area for supply in plan.supplies])
    return np.asarray(areas * len(KINDS) + plan.homes.kind)


def daily_feed(collector: Int64, day: Int64) -> Int64:
    return np.asarray(1 + day * COLLECTORS + collector)


def collector_name(collector: int) -> str:
    area, kind = divmod(collector, len(KINDS))
    return f"{AREAS[area][1].lower().replace(' ', '-')}-{kind + 1}"


@dataclass(frozen=True)
class Counted:
    """What came by each daily feed, (days, collectors)."""

    readings: Int64
    blocks: Int64


def feed_rows(
    plan: Plan, counted: Counted, faults: list[Faults], corrected: list[tuple[int, Guess]]
) -> Iterator[Row]:
    """Rows of FEED_COLUMNS. A day without a block had no file; ids are kept free for it."""
    problems = _problems_by_feed(plan, faults)
    collectors = collector_of(plan)
    for day, collector in np.ndindex(counted.blocks.shape):
        if not counted.blocks[day, collector]:
            continue
        name = f"{collector_name(collector)}_{plan.calendar.day(day)}.csv"
        met = problems.get((day, collector), [])
        came = (int(counted.readings[day, collector]), int(counted.blocks[day, collector]))
        identity = int(daily_feed(np.int64(collector), np.int64(day)))  # type: ignore[arg-type]
        at = _at(plan.calendar.day(day + 1), ARRIVES)
        yield _row(plan, identity, name, "partial" if met else "ok", at, *came, problems=met)
    for turn, (place, guess) in enumerate(corrected):
        assert guess.read_on is not None
        on = plan.calendar.day(guess.read_on)
        name = f"{collector_name(int(collectors[place]))}_{on}_read-{plan.supplies[place].service_point}.csv"
        count = (guess.days * SLOTS, 0, guess.days)
        yield _row(plan, correction_feed(plan, turn), name, "ok", _at(on, CORRECTED), *count)
    first = correction_feed(plan, len(corrected))
    for turn, (day, collector, (code, message, line)) in enumerate(_refused(plan)):
        name = f"{collector_name(collector)}_{plan.calendar.day(day)}_copy.csv"
        problem = {"member": None, "line": line, "code": code, "message": message}
        at = _at(plan.calendar.day(day + 1), REFUSED)
        yield _row(plan, first + turn, name, "rejected", at, 0, 0, problems=[problem])


def correction_feed(plan: Plan, turn: int) -> int:
    """Ids of corrections follow those of the daily files."""
    return 1 + plan.calendar.days * COLLECTORS + turn


def _row(
    plan: Plan,
    identity: int,
    name: str,
    status: str,
    at: datetime,
    readings: int,
    added: int,
    changed: int = 0,
    problems: list[dict[str, Any]] | None = None,
) -> Row:
    digest = hashlib.sha256(f"simulated/{plan.seed}/{plan.as_of}/{name}".encode()).hexdigest()
    return (identity, name, digest, "csv", status, at, readings, added, changed, 0, Jsonb(problems or []))


def _problems_by_feed(plan: Plan, faults: list[Faults]) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """A day that was dropped is a problem of its file; holes alone are none."""
    found: dict[tuple[int, int], list[dict[str, Any]]] = {}
    ends, collectors = plan.ends(), collector_of(plan)
    for place, one in enumerate(faults):
        for day in sorted(one.dropped):
            if day < ends[place]:
                point = plan.supplies[place].service_point
                message = f"{point} on {plan.calendar.day(day)} is left out: a reading in it is no number."
                problem = {"member": None, "line": 2 + place * SLOTS, "code": "not_a_number"}
                found.setdefault((day, int(collectors[place])), []).append(problem | {"message": message})
    return found


def _refused(plan: Plan) -> list[tuple[int, int, tuple[str, str, int | None]]]:
    """A handful of second copies that could not be read; the last came yesterday."""
    draw = stream(plan.seed, "refused files")
    days = [*sorted(draw.integers(0, plan.calendar.days - 2, 5).tolist()), plan.calendar.days - 2]
    return [(day, int(draw.integers(COLLECTORS)), REFUSALS[turn % 3]) for turn, day in enumerate(days)]


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, UTC)
