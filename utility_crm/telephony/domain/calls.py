"""What is true of a call, from the events a telephone system tells of it.

Events come late, twice and in any order; so nothing is made of an event by itself. The truth is a function of
the set of events, each with its own time: whichever way they come, once all are here it is the same.

    ringing ──> answered <──> held
       │           │ transferred (rings elsewhere)
       └───────────┴──> ended        nothing that happened later changes an ended call, but for its recording
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

Kind = Literal["ringing", "answered", "held", "resumed", "transferred", "ended", "recording"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
State = Literal["ringing", "answered", "held", "ended"]


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One event, named once by whoever tells it. number: of the other side; extension: whose telephone it is
    about; line: the number that was called. Empty where the event does not say."""

    event: str
    kind: Kind
    at: datetime
    extension: str = ""
    number: str = ""
    line: str = ""
    recording: str = ""


@dataclass(frozen=True, slots=True)
class CallTruth:
    """A call as it stands. extension: where it rings, or who has it; talked and held in whole seconds, of an
    ended call; not answered and ended: it was missed."""

    state: State
    began_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    extension: str
    number: str
    line: str
    recording: str
    talked_seconds: int
    held_seconds: int

    @property
    def missed(self) -> bool:
        return self.state == "ended" and self.answered_at is None


def call_truth(events: Iterable[CallEvent]) -> CallTruth:
    """What these events say together. ValueError where there is none."""
    told = sorted({one.event: one for one in events}.values(), key=_when)
    if not told:
        raise ValueError("a call without events")
    ended_at = min((one.at for one in told if one.kind == "ended"), default=None)
    counted = [one for one in told if ended_at is None or one.at <= ended_at]
    state: State = "ringing"
    extension, answered_at, held_since = "", None, None
    held = timedelta()
    for one in counted:
        if held_since is not None and one.kind != "recording":
            held, held_since = held + (one.at - held_since), None
        if one.kind == "ringing" and state != "ringing":
            continue  # another telephone of the group, by a slower clock
        if one.kind in ("ringing", "transferred"):
            state = "ringing"
        elif one.kind in ("answered", "held", "resumed"):
            state = "held" if one.kind == "held" else "answered"
            answered_at = answered_at or one.at
            held_since = one.at if one.kind == "held" else None
        if one.kind != "recording":
            extension = one.extension or extension
    talked = (
        ended_at - answered_at - held if ended_at is not None and answered_at is not None else timedelta()
    )
    return CallTruth(
        state="ended" if ended_at is not None else state,
        began_at=counted[0].at if counted else told[0].at,
        answered_at=answered_at,
        ended_at=ended_at,
        extension=extension,
        number=_first(one.number for one in told),
        line=_first(one.line for one in told),
        recording=_first(one.recording for one in reversed(told)),
        talked_seconds=int(talked.total_seconds()),
        held_seconds=int(held.total_seconds()) if ended_at is not None else 0,
    )


def _when(one: CallEvent) -> tuple[datetime, int, str]:
    """By their own time; at the same instant in the order in which a call goes on."""
    return one.at, KINDS.index(one.kind), one.event


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")
