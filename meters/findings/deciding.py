"""What a person decides about findings: accepted or estimated, with a reason (see `editing` for values by
hand). Actions never commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from meters.domain.estimation.choosing import AUTO
from meters.domain.validation.rulebook import RULES
from meters.domain.validation.runs import Doubted
from meters.findings.estimating import (
    Proposal,
    Span,
    checked_reason,
    day_span,
    proposal,
    usual_unit_proposal,
    whole,
    write_proposal,
)
from meters.findings.estimating_from import ChannelPlace, channel_place
from meters.findings.opened import Open, channels_of, decide, lock_channels, opened
from meters.usage import enter_readings
from utility_crm.kit.errors import CareError, Refused
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of several findings: the numbers of those decided, and why others were not."""

    done: tuple[int, ...]
    refused: tuple[tuple[int, CareError], ...]


def accept_findings(
    session: Session, ids: Sequence[int], *, user_id: int, reason: str, now: datetime
) -> Decided:
    """The readings are right as they are: only the findings change. Raises Invalid without a reason."""
    told = checked_reason(reason)

    def accept(one: Open) -> None:
        decide(session, one.id, "accepted", user_id, told, now)

    return _each(session, ids, accept)


def estimate_findings(
    session: Session,
    ids: Sequence[int],
    *,
    user_id: int | None,
    reason: str,
    now: datetime,
    method: str = AUTO,
) -> Decided:
    """Put estimates in the place of what is doubted, each finding's as a feed of its own.

    One whose rule no estimate can put right, or that has nothing to be estimated from, is refused; the others
    are done. Raises Invalid without a reason.
    """
    told = checked_reason(reason)

    def estimate(one: Open) -> None:
        made = whole(finding_proposal(session, one.rule, one.channel_id, one.days, method))
        decide(session, one.id, "estimated", user_id, told, now)
        written = write_proposal(session, made, told, user_id)
        decide(session, one.id, "estimated", user_id, told, now, written.feed_id)

    return _each(session, ids, estimate)


def finding_proposal(
    session: Session, rule: str, channel_id: int, days: Doubted, method: str = AUTO
) -> Proposal:
    """What an estimate would put in the place of what a finding doubts: readings of another unit in the usual
    one. Raises Refused where its rule's fault is none that an estimate puts right."""
    if not RULES[rule].estimable:
        words = mark("No estimate puts this right: keep the readings, or edit them.")
        raise Refused("not_estimable", words)
    place = channel_place(session, channel_id)
    spans = list(_spans(place, days))
    if rule == "unit_mismatch" and method == AUTO:
        hit = next(iter(days.values()))
        return usual_unit_proposal(session, channel_id, spans, too_large=hit.found > hit.usual)
    return proposal(session, channel_id, spans, method)


def _spans(place: ChannelPlace, days: Doubted) -> list[Span]:
    return [
        day_span(date.fromordinal(day), place.offset_minutes, first, end, hit.size)
        for day, hit in sorted(days.items())
        for first, end in hit.at
    ]


def _each(session: Session, ids: Sequence[int], act: Callable[[Open], None]) -> Decided:
    enter_readings(session)  # before any channel is locked, as whoever writes readings does
    lock_channels(session, channels_of(session, ids))
    done, refused = list[int](), list[tuple[int, CareError]]()
    for finding_id in dict.fromkeys(ids):
        try:
            with session.begin_nested():
                act(opened(session, finding_id))
        except CareError as error:
            refused.append((finding_id, error))
        else:
            done.append(finding_id)
    return Decided(tuple(done), tuple(refused))
