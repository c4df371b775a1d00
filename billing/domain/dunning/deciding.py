"""Which step of dunning an account is due on a day, or why none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from billing.domain.dunning.strategy import STEPS, Step, Stop, Version

AGREED = ("dispute", "plan", "promise", "collecting")
"""What leaves nothing to ask for although something is late, weightiest first."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A step that was posted: on which day, and when its notice was sent and delivered, if it was. What tells
    the customer nothing (`hand_over`) is delivered as it is posted."""

    step: str
    posted_on: date
    sent_on: date | None = None
    delivered_on: date | None = None

    def arrived_on(self, counts_from: str) -> date | None:
        """From which day waiting counts; None: it cannot yet."""
        if counts_from == "sent" and self.sent_on is not None:
            return self.sent_on
        return self.delivered_on


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands on a day.

    late_minor is all that is late, debt_minor what of it may be asked for. `posted` are the steps of this
    debt. `counted_from`: when a part was paid, or what had stopped it ended, waiting begins anew. `agreed`:
    of AGREED, what holds a part of it back. `stops`: those of the strategy that stand. told_on: the last day
    on which a bill of it was reminded of.
    """

    late_minor: int
    debt_minor: int
    oldest_due_on: date | None
    posted: tuple[Posted, ...] = ()
    counted_from: date | None = None
    agreed: frozenset[str] = frozenset()
    stops: tuple[Stop, ...] = ()
    told_on: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The step to post today; or none, for `reason`. due_on: the day it may be, where that is known.
    coming: the step that is next, whether or not it is due."""

    step: str | None
    reason: str
    due_on: date | None
    source: str
    coming: str = ""


def decide(version: Version, standing: Standing, today: date) -> Decision:
    """At most one step; reasons for none: paid, dispute, plan, promise, collecting, all_done, one_a_day,
    small, norm_unknown, below_norm, a stop's name, not_delivered, waiting."""
    if standing.late_minor <= 0 or standing.oldest_due_on is None:
        return Decision(None, "paid", None, "")
    if standing.debt_minor <= 0:
        reason = next((one for one in AGREED if one in standing.agreed), "collecting")
        return Decision(None, reason, None, "")
    following = _next(version, standing)
    if following is None:
        return Decision(None, "all_done", None, "")
    step, former = following
    source, coming = step.source, step.step

    def none(reason: str, due_on: date | None = None, by: str = source) -> Decision:
        return Decision(None, reason, due_on, by, coming)

    told = former is not None and standing.told_on is not None and standing.told_on >= today
    if told or any(one.posted_on >= today for one in standing.posted):
        return none("one_a_day", today + timedelta(days=1))
    if standing.debt_minor < step.smallest_debt_minor:
        return none("small")
    if step.norm and version.norm_minor is None:
        return none("norm_unknown")
    if step.norm and standing.debt_minor <= (version.norm_minor or 0):
        return none("below_norm")
    for stop in standing.stops:
        if step.step in stop.holds:
            return none(stop.stop, by=stop.source)
    due_on = _due_on(step, former, standing)
    if due_on is None:
        return none("not_delivered")
    if today < due_on:
        return none("waiting", due_on)
    return Decision(step.step, "due", due_on, source, coming)


def _next(version: Version, standing: Standing) -> tuple[Step, Posted | None] | None:
    """The first step beyond all that were posted, and the last of these."""
    place = {name: number for number, name in enumerate(STEPS)}
    former = max(standing.posted, key=lambda one: place[one.step], default=None)
    beyond = -1 if former is None else place[former.step]
    step = next((one for one in version.steps if place[one.step] > beyond), None)
    return None if step is None else (step, former)


def _due_on(step: Step, former: Posted | None, standing: Standing) -> date | None:
    if former is None:
        assert standing.oldest_due_on is not None
        return standing.oldest_due_on + timedelta(days=step.after_days)
    arrived = former.arrived_on(step.counts_from)
    if arrived is None:
        return None
    return _latest((arrived, standing.counted_from)) + timedelta(days=step.after_days)


def _latest(days: Iterable[date | None]) -> date:
    return max(day for day in days if day is not None)
