"""The life of a ticket: which states there are, what a message does to it, what a person may set.

    new ──> open <──> waiting (for the customer) ──> solved ──> closed
             │  <──> on_hold (for somebody else)        │          │
             └<───────────── reopened ──────────────────┴──────────┘  or, late, a follow-up

Pure: a standing and what happens give the next standing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from utility_crm.kit.errors import Invalid, Refused

STATUSES = ("new", "open", "waiting", "on_hold", "solved", "closed")
ENDED = ("solved", "closed")
KINDS = ("billing", "outage", "meter", "complaint", "move", "other")
PRIORITIES = ("low", "normal", "high", "urgent")
CHANNELS = ("email", "call", "web", "messenger", "sms", "letter", "visit", "fax", "api", "note")
"""How a message came or goes; a note goes nowhere."""
SENT_BY_US = ("email", "web", "messenger", "sms")
"""Channels on which an answer is a message to be delivered; on the others a person told them."""
LINKS = ("duplicate", "related", "caused_by", "follows")
"""A link reads from its ticket to the other: "duplicate of", "related to", "caused by", "follows"."""
REOPENS_FOR = timedelta(days=14)
"""A reply to a closed ticket reopens it for so long; later it opens a follow-up."""
CLOSES_AFTER = timedelta(days=7)
"""What is solved and not spoken of for so long is closed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a ticket stands. waits_since: the oldest word of the customer's that nobody has answered."""

    status: str
    first_answered_at: datetime | None = None
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    waits_since: datetime | None = None
    snoozed_until: datetime | None = None
    reopened: int = 0

    @property
    def ended(self) -> bool:
        return self.status in ENDED


def begun(now: datetime, *, by_us: bool) -> Standing:
    """A ticket that was just opened, by the customer's own words or (`by_us`) for a matter of ours."""
    return Standing("new", waits_since=None if by_us else now)


def too_late_to_reopen(standing: Standing, now: datetime) -> bool:
    """Whether a reply opens a follow-up instead: it was closed longer ago than REOPENS_FOR."""
    closed = standing.closed_at
    return standing.status == "closed" and closed is not None and now - closed > REOPENS_FOR


def heard(standing: Standing, now: datetime) -> Standing:
    """The customer wrote: it is open again, awake, and waits for us since their oldest unanswered word."""
    since = standing.waits_since or now
    if standing.status == "new":
        return replace(standing, waits_since=since, snoozed_until=None)
    again = 1 if standing.ended else 0
    return replace(
        standing, status="open", waits_since=since, snoozed_until=None, solved_at=None, closed_at=None,
        reopened=standing.reopened + again,
    )  # fmt: skip


def answered(standing: Standing, now: datetime, then: str = "waiting") -> Standing:
    """We answered, and then it stands as said. The first answer is the first one ever."""
    first = standing.first_answered_at or now
    told = replace(standing, first_answered_at=first, waits_since=None)
    return turned(told, then, now) if told.status != then else told


def turned(standing: Standing, status: str, now: datetime) -> Standing:
    """A person set the status. Raises Invalid for none of ours, Refused for new: that is over."""
    if status not in STATUSES:
        raise Invalid("status", "Choose one of what is offered.", "status")
    if status == standing.status:
        return standing
    if status == "new":
        raise Refused("not_new", "A ticket is new only until somebody takes it up.", "status")
    again = 1 if standing.ended and status not in ENDED else 0
    return replace(
        standing,
        status=status,
        solved_at=(standing.solved_at or now) if status in ENDED else None,
        closed_at=now if status == "closed" else None,
        waits_since=None if status in (*ENDED, "waiting") else standing.waits_since,
        snoozed_until=None if status in ENDED else standing.snoozed_until,
        reopened=standing.reopened + again,
    )
