"""Estimates of a channel's readings: proposed, and written as a feed of their own. Actions never commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from sqlalchemy.orm import Session

from meters.actions.rewriting import write_readings
from meters.domain.blocks import Block
from meters.domain.decimals import MISSING, IntArray
from meters.domain.estimation.choosing import (
    AUTO,
    LINEAR_MINUTES,
    METHODS,
    Estimate,
    estimated,
    in_the_usual_unit,
)
from meters.domain.quality import Quality
from meters.domain.units import parse_unit
from meters.domain.validation.days import BoolArray
from meters.findings.estimating_from import ChannelPlace, Series, channel_place, known_around, series_around
from meters.findings.judging import FeedJudge
from meters.findings.opened import lock_channels
from meters.usage import enter_readings
from utility_crm.kit.errors import Invalid, Refused
from utility_crm.web.words import mark

Span = tuple[datetime, datetime]
"""[starts_at, ends_before)."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """What an estimate would write. wanted: bool (t,), the intervals asked for; estimate: for all t intervals
    of the series."""

    place: ChannelPlace
    series: Series
    wanted: BoolArray
    estimate: Estimate

    @property
    def intervals(self) -> int:
        """How many would be written."""
        return int(self.estimate.filled.sum())

    @property
    def micro(self) -> int:
        """What they sum to, in millionths of the channel's unit."""
        return int(self.estimate.values[self.estimate.filled].sum())

    @property
    def micro_before(self) -> int:
        """What stands there now."""
        return int(self.series.micro[self.wanted & self.series.known].sum())

    def value_at(self, instant: datetime) -> int | None:
        """The estimate of one interval; None where there is none."""
        place = (instant - self.series.starts_at) // timedelta(minutes=self.series.interval_minutes)
        if 0 <= place < self.wanted.size and self.estimate.how[place]:
            return int(self.estimate.values[place])
        return None


@dataclass(frozen=True, slots=True)
class Estimated:
    """What was written: the feed, None where there was nothing to estimate; how many intervals, what they sum
    to, by which methods, and how many nothing helped to estimate."""

    feed_id: int | None
    service_point: str
    channel: str
    unit: str
    intervals: int
    micro: int
    methods: tuple[str, ...]
    left: int
    bounded: bool


def proposal(
    session: Session,
    channel_id: int,
    spans: Sequence[Span],
    method: str = AUTO,
    *,
    replacing: bool = True,
    annual_micro: int | None = None,
    linear_minutes: int = LINEAR_MINUTES,
) -> Proposal:
    """Estimate the intervals that begin in any of the spans; without `replacing` only those without a
    reading. `annual_micro` is what a year is expected to bring, for a meter without a history.

    Raises NotFound for an unknown channel, Invalid for an unknown method or where the channel's interval
    changes within the days around.
    """
    if method not in (AUTO, *METHODS):
        known_ones = ", ".join((AUTO, *METHODS))
        raise Invalid("no_such_method", f"There is no method {method!r}; there are {known_ones}.", "method")
    place, series, wanted = _wanted(session, channel_id, spans)
    if not replacing:
        wanted &= ~series.known
    known = known_around(session, place, series, wanted)
    estimate = estimated(known, wanted, method, linear_minutes)
    if estimate.left and method in (AUTO, "profile"):
        known = known_around(session, place, series, wanted, annual_micro, usual=True)
        estimate = estimated(known, wanted, method, linear_minutes)
    return Proposal(place, series, wanted, estimate)


def usual_unit_proposal(
    session: Session, channel_id: int, spans: Sequence[Span], too_large: bool
) -> Proposal:
    """The readings that begin in the spans, divided by a thousand where they are too large, else multiplied.
    Raises as `proposal` does."""
    place, series, wanted = _wanted(session, channel_id, spans)
    known = known_around(session, place, series, wanted)
    return Proposal(place, series, wanted, in_the_usual_unit(known, wanted & series.known, too_large))


def _wanted(
    session: Session, channel_id: int, spans: Sequence[Span]
) -> tuple[ChannelPlace, Series, BoolArray]:
    place = channel_place(session, channel_id)
    series = series_around(session, place, min(span[0] for span in spans), max(span[1] for span in spans))
    wanted = np.zeros(series.micro.size, dtype=np.bool_)
    for starts_at, ends_before in spans:
        wanted[series.places(starts_at, ends_before)] = True
    return place, series, wanted


def estimate_readings(
    session: Session,
    channel_id: int,
    spans: Sequence[Span],
    *,
    reason: str,
    user_id: int | None,
    method: str = AUTO,
    replacing: bool = False,
    annual_micro: int | None = None,
    linear_minutes: int = LINEAR_MINUTES,
) -> Estimated:
    """Estimate and write: what was there goes to the history. What no method could estimate is left as it is
    and counted. Raises as `proposal` does, and Invalid without a reason."""
    checked_reason(reason)
    enter_readings(session)  # before any channel is locked, as whoever writes readings does
    lock_channels(session, [channel_id])  # what comes in meanwhile is known, not written over
    made = proposal(
        session,
        channel_id,
        spans,
        method,
        replacing=replacing,
        annual_micro=annual_micro,
        linear_minutes=linear_minutes,
    )
    return write_proposal(session, made, reason, user_id)


def write_proposal(session: Session, made: Proposal, reason: str, user_id: int | None) -> Estimated:
    """Write what was proposed, and judge it as any readings."""
    feed_id = None
    estimate = made.estimate
    if made.intervals:
        rule = "+".join(estimate.methods) + ("+registers" if estimate.scaled else "")
        blocks = day_blocks(made.place, made.series, estimate.values, estimate.filled, Quality.ESTIMATED)
        feed_id = write_readings(session, "estimate", blocks, user_id, reason.strip(), rule, FeedJudge())
    return Estimated(
        feed_id,
        made.place.code,
        made.place.name,
        made.place.unit,
        made.intervals,
        made.micro,
        estimate.methods,
        estimate.left,
        estimate.scaled,
    )


def whole(made: Proposal) -> Proposal:
    """The proposal, if it estimates all that was asked for. Raises Refused."""
    if made.estimate.left or not made.intervals:
        words = mark("Some of these readings have no days like theirs to be taken from.")
        raise Refused("nothing_to_estimate_from", words, made.place.code)
    return made


def day_blocks(
    place: ChannelPlace, series: Series, values: IntArray, chosen: BoolArray, quality: Quality
) -> list[Block]:
    """The chosen intervals of a series that begins at a channel's midnight, as partial days of it."""
    size = 1440 // series.interval_minutes
    days = np.where(chosen, values, MISSING).reshape(-1, size)
    first = series.first_day(place.offset_minutes)
    return [
        Block(
            place.code,
            place.name,
            parse_unit(place.unit),
            place.direction,
            place.offset_minutes,
            first + timedelta(days=row),
            series.interval_minutes,
            days[row],
            int(quality),
            replaces=False,
        )
        for row in np.flatnonzero((days != MISSING).any(axis=1)).tolist()
    ]


def day_span(day: date, offset_minutes: int, first: int, end: int, size: int) -> Span:
    """Some intervals, [first, end), of a day of `size` of them, as instants."""
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(minutes=offset_minutes)
    step = timedelta(minutes=1440 // size)
    return begins + first * step, begins + end * step


def checked_reason(reason: str) -> str:
    """The reason without blanks around it. Raises Invalid for none, or one longer than a page."""
    told = reason.strip()
    if not told:
        raise Invalid("no_reason", mark("Say why, in a few words."), "reason")
    if len(told) > 500:
        raise Invalid("long_reason", mark("Say it in at most 500 letters."), "reason")
    return told
