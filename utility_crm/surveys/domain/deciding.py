"""Is this customer asked about this ticket? What is known goes in, a question or a named reason comes out.

Whether a letter may be sent at all (consent, quiet hours, caps) is asked after this, by whoever sends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from utility_crm.surveys.domain.plans import Plan


class Reason(StrEnum):
    """Why somebody was not asked. The value is stored."""

    DIED = "died"
    OPEN_COMPLAINT = "open_complaint"
    NOTHING_SAID = "nothing_said"
    NO_RULE = "no_rule"
    ASKED_LATELY = "asked_lately"
    REOPENED = "reopened"
    MERGED = "merged"
    NOBODY_SENDS = "nobody_sends"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket that was solved long enough ago. answered: we told the customer something. asked_at: when they
    were asked last, about whatever. segments: theirs, and "vulnerable" where they need care."""

    ticket_id: int
    customer_id: int
    kind: str
    channel: str
    segments: tuple[str, ...]
    died: bool
    complaint_open: bool
    answered: bool
    asked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A question, or why none."""

    ticket_id: int
    question: Literal["csat", "nps", ""]
    reason: Reason | None


def decided(plan: Plan, candidates: Iterable[Candidate], now: datetime) -> Iterator[Decision]:
    """A decision for each, in order: of two tickets of one customer the first is asked about."""
    asked: set[int] = set()
    for one in candidates:
        question = plan.question_for(one.ticket_id, one.kind, one.channel, one.segments)
        lately = one.asked_at is not None and now - one.asked_at < timedelta(days=plan.rest_days)
        reason: Reason | None = None
        if one.died:
            reason = Reason.DIED
        elif one.complaint_open:
            reason = Reason.OPEN_COMPLAINT
        elif not one.answered:
            reason = Reason.NOTHING_SAID
        elif question is None or question == "none":
            reason = Reason.NO_RULE
        elif lately or one.customer_id in asked:
            reason = Reason.ASKED_LATELY
        if reason is not None or question is None or question == "none":
            yield Decision(one.ticket_id, "", reason)
        else:
            asked.add(one.customer_id)
            yield Decision(one.ticket_id, question, None)
