"""What an incident goes through, and what each of those it reaches is to hear of it. Pure.

    reported -> confirmed -> estimated -> restored -> closed

A report is one voice; from `confirmed` on we say it ourselves. `estimated` has a time at which the supply is
expected back, which may change. Nobody is told step by step: what somebody heard last is compared with what
is true now, and the difference is the notice. So a step that was missed, told twice or overtaken does no
harm, and nobody hears of the end of what they never heard the beginning of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class State(StrEnum):
    """Where an incident stands."""

    REPORTED = "reported"
    CONFIRMED = "confirmed"
    ESTIMATED = "estimated"
    RESTORED = "restored"
    CLOSED = "closed"

    @property
    def running(self) -> bool:
        """Whether the supply is off, as far as anybody knows."""
        return self in (State.REPORTED, State.CONFIRMED, State.ESTIMATED)

    @property
    def told(self) -> bool:
        """Whether it runs and is more than a report: what customers are told of."""
        return self in (State.CONFIRMED, State.ESTIMATED)


Step = Literal["confirm", "estimate", "restore", "close"]
_STEPS: Mapping[Step, tuple[frozenset[State], State]] = {
    "confirm": (frozenset({State.REPORTED}), State.CONFIRMED),
    "estimate": (frozenset({State.REPORTED, State.CONFIRMED, State.ESTIMATED}), State.ESTIMATED),
    "restore": (frozenset({State.REPORTED, State.CONFIRMED, State.ESTIMATED}), State.RESTORED),
    "close": (frozenset({State.RESTORED}), State.CLOSED),
}


def after(state: State, step: Step) -> State | None:
    """The state a step leads to, None where it is not possible."""
    before, then = _STEPS[step]
    return then if state in before else None


def steps(state: State) -> tuple[Step, ...]:
    """The steps that are possible, in order."""
    return tuple(step for step, (before, _then) in _STEPS.items() if state in before)


Kind = Literal["unplanned_outage", "outage_time_changed", "outage_restored", "outage_apology"]
TELLS_OF_ONE: frozenset[Kind] = frozenset({"unplanned_outage", "outage_time_changed"})
"""Kinds after which somebody believes that their supply is off."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody heard last: the kind of notice, and the time it gave for the supply's return. Who called
    us about it heard of it, and of no time."""

    kind: Kind
    estimated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """What is so for one of them now.

    off            the incident runs, is confirmed, and reaches them
    estimated_at   when their supply is expected back, where that is known
    restored_at    when it came back to them, where it was off and did
    """

    off: bool
    estimated_at: datetime | None = None
    restored_at: datetime | None = None


def to_say(heard: Heard | None, truth: Truth) -> Kind | None:
    """The notice that brings what they heard in line with what is so; None where it is already."""
    believes = heard is not None and heard.kind in TELLS_OF_ONE
    if truth.off:
        if not believes:
            return "unplanned_outage"
        assert heard is not None
        return "outage_time_changed" if heard.estimated_at != truth.estimated_at else None
    if not believes:
        return None
    return "outage_restored" if truth.restored_at is not None else "outage_apology"
