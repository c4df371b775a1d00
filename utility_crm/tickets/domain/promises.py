"""What we promise about a ticket: the first answer and the end, by when.

A policy is data: for which kinds, priorities and segments it holds, and how long both may take, in working
time or by the clock. The time of a promise runs while the ticket is ours and stands still while we wait for
the customer. What has run is kept, so that a changed priority counts on from there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from utility_crm.tickets.domain.working_time import Hours, add_worked, worked

Of = Literal["first_answer", "resolution"]
OF: tuple[Of, ...] = ("first_answer", "resolution")
MOST_MINUTES = 366 * 1440
_NONE = timedelta()


@dataclass(frozen=True, slots=True)
class Goal:
    """How long something may take. working: counted in opening hours, else by the clock."""

    minutes: int
    working: bool = True

    @property
    def amount(self) -> timedelta:
        """The time it may take."""
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Policy:
    """For which tickets (an empty set: for all) which goals hold; None: nothing is promised.

    warn_percent: at which share of the time somebody is warned; hours: when working time runs.
    """

    id: int
    name: str
    hours: Hours
    kinds: frozenset[str] = frozenset()
    priorities: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    first_answer: Goal | None = None
    resolution: Goal | None = None
    warn_percent: int = 75

    def goal(self, of: Of) -> Goal | None:
        """What is promised of the first answer, or of the end."""
        return self.first_answer if of == "first_answer" else self.resolution

    def holds_for(self, kind: str, priority: str, segments: Collection[str]) -> bool:
        """Whether a ticket of these is meant; a customer may be of several segments."""
        if (self.kinds and kind not in self.kinds) or (self.priorities and priority not in self.priorities):
            return False
        return not self.segments or not self.segments.isdisjoint(segments)


def policy_for(
    policies: Iterable[Policy], kind: str, priority: str, segments: Collection[str]
) -> Policy | None:
    """The first that holds, in the order given."""
    return next((one for one in policies if one.holds_for(kind, priority, segments)), None)


Stretch = tuple[datetime, datetime | None]
"""While something ran: from, until; None: still."""


def running_from(stretches: Sequence[Stretch], at: datetime) -> tuple[Stretch, ...]:
    """It runs (again) from `at` on; what runs already goes on."""
    if stretches and stretches[-1][1] is None:
        return tuple(stretches)
    return (*stretches, (at, None))


def still_from(stretches: Sequence[Stretch], at: datetime) -> tuple[Stretch, ...]:
    """It stands still from `at` on; what stood still already does so since then."""
    if not stretches or stretches[-1][1] is not None:
        return tuple(stretches)
    begins = stretches[-1][0]
    return (*stretches[:-1], (begins, max(at, begins)))


def together(one: Sequence[Stretch], other: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """While either ran, in order and apart."""
    found: list[Stretch] = []
    for begins, ends in sorted([*one, *other], key=lambda stretch: stretch[0]):
        last = found[-1][1] if found else None
        if found and (last is None or begins <= last):
            found[-1] = (found[-1][0], None if last is None or ends is None else max(last, ends))
        else:
            found.append((begins, ends))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Running:
    """The time of one promise. spent: what had run until `since`; since None: it stands still."""

    goal: Goal
    hours: Hours
    spent: timedelta
    since: datetime | None

    @classmethod
    def of(cls, goal: Goal, hours: Hours, stretches: Sequence[Stretch]) -> Running:
        """From the stretches in which it ran, in order and apart; only the last may be open. Thus another
        goal, or other hours, count what has run as their own."""
        ended = ((begins, ends) for begins, ends in stretches if ends is not None)
        spent = sum((passed(goal, hours, begins, ends) for begins, ends in ended), _NONE)
        return cls(goal, hours, spent, stretches[-1][0] if stretches and stretches[-1][1] is None else None)

    def spent_at(self, now: datetime) -> timedelta:
        """What has run until `now`."""
        return (
            self.spent if self.since is None else self.spent + passed(self.goal, self.hours, self.since, now)
        )

    def due_at(self) -> datetime | None:
        """When the time is up (UTC), if it runs on; None: it stands still. What is overdrawn since then is
        due when it last began to run."""
        return self._reaches(self.goal.amount)

    def warn_at(self, percent: int) -> datetime | None:
        """When this share of the time has run."""
        return self._reaches(self.goal.amount * percent / 100)

    def _reaches(self, amount: timedelta) -> datetime | None:
        if self.since is None:
            return None
        left = amount - self.spent
        if left <= _NONE:
            return self.since.astimezone(UTC)
        if self.goal.working:
            return add_worked(self.hours, self.since, left)
        return self.since.astimezone(UTC) + left


def passed(goal: Goal, hours: Hours, begins: datetime, ends: datetime) -> timedelta:
    """What of a goal's time passes in [begins, ends)."""
    return worked(hours, begins, ends) if goal.working else max(ends - begins, _NONE)


State = Literal["met", "missed", "still", "late", "soon", "runs"]


def state_of(
    due_at: datetime | None, warn_at: datetime | None, met_at: datetime | None, late: bool, now: datetime
) -> State:
    """How a promise stands. late: it was found broken once, and stays so."""
    if met_at is not None:
        return "missed" if late else "met"
    if late or (due_at is not None and due_at <= now):
        return "late"
    if due_at is None:
        return "still"
    return "soon" if warn_at is not None and warn_at <= now else "runs"
