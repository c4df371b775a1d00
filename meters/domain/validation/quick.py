"""The rules that need no neighbouring days, applied to days as they come in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import IntArray
from meters.domain.validation.above_capacity import above_capacity
from meters.domain.validation.days import Days, Hits
from meters.domain.validation.future import future
from meters.domain.validation.missing import missing
from meters.domain.validation.negative import negative
from meters.domain.validation.rulebook import RuleBook
from meters.domain.validation.spike import spike
from meters.domain.validation.stuck import stuck
from meters.domain.validation.unit_mismatch import unit_mismatch

_UNKNOWN = -1


@dataclass(frozen=True, slots=True, eq=False)
class Channels:
    """What is known of the channel of each row. All (r,): `segment`, its place in SEGMENTS; `cubic`, measured
    in cubic metres; `export`, given to the network; `limit`, its own most of an hour, 0 where none is known;
    `history`, whole days it is known for, 0 where they were of another interval; `most`, `median_day`,
    `longest_run` of those."""

    segment: npt.NDArray[np.intp]
    cubic: npt.NDArray[np.bool_]
    export: npt.NDArray[np.bool_]
    offset_minutes: IntArray
    limit: IntArray
    history: IntArray
    most: IntArray
    median_day: IntArray
    longest_run: IntArray


def judged(days: Days, channels: Channels, book: RuleBook, received_minute: int) -> dict[str, Hits]:
    """What each rule of QUICK says of days that came at `received_minute` (epoch minutes, UTC).

    A day in another unit, or with more than the meter can count, is not called a spike as well.
    """
    hits = {
        "missing": missing(days, _due(days, channels, book, received_minute)),
        "negative": negative(days).but(_off(book, "negative", channels)),
        "above_capacity": above_capacity(days, _capacity(days, channels, book)),
        "spike": _spike(days, channels, book),
        "stuck": _stuck(days, channels, book),
        "future": _future(days, channels, book, received_minute),
        "unit_mismatch": _unit_mismatch(days, channels, book),
    }
    other_unit = hits["unit_mismatch"].rows
    if other_unit.size:
        hits["above_capacity"] = hits["above_capacity"].but(other_unit)
        hits["spike"] = hits["spike"].but(other_unit)
    hits["spike"] = hits["spike"].but(hits["above_capacity"].rows)
    return hits


def _begun(days: Days, channels: Channels, minute: npt.NDArray[np.float64] | int) -> IntArray:
    """(r,): how many intervals of each day had begun at a minute."""
    starts = (days.day - 719_163) * 1440 - channels.offset_minutes  # 719,163 is 1 January 1970
    begun = -((starts - minute) // days.interval_minutes)
    inside: IntArray = np.clip(begun, 0, days.size).astype(np.int64)
    return inside


def _due(days: Days, channels: Channels, book: RuleBook, minute: int) -> IntArray:
    grace = book.number("missing", "grace_hours")[channels.segment] * 60
    due = _begun(days, channels, minute - grace - days.interval_minutes)
    return np.where(book.enabled("missing")[channels.segment], due, 0)


def _off(book: RuleBook, rule: str, channels: Channels) -> npt.NDArray[np.intp]:
    """The rows whose segment does not have a rule."""
    return np.flatnonzero(~book.enabled(rule)[channels.segment])


def _capacity(days: Days, channels: Channels, book: RuleBook) -> IntArray:
    """(r,): the most of one interval; 0 where the rule is off."""
    usual = np.where(
        channels.cubic,
        book.micro("above_capacity", "cubic_metres")[channels.segment],
        book.micro("above_capacity", "kw")[channels.segment],
    )
    hourly = np.where(channels.limit > 0, channels.limit, usual)
    capacity = hourly * days.interval_minutes // 60
    return np.where(book.enabled("above_capacity")[channels.segment], capacity, 0)


def _known(channels: Channels, book: RuleBook, rule: str) -> npt.NDArray[np.bool_]:
    """(r,): whether the rule is on and the channel has enough history for it."""
    long = channels.history >= book.number(rule, "days")[channels.segment]
    known: npt.NDArray[np.bool_] = long & book.enabled(rule)[channels.segment]
    return known


def _spike(days: Days, channels: Channels, book: RuleBook) -> Hits:
    most = np.where(_known(channels, book, "spike"), channels.most, _UNKNOWN)
    factor = book.number("spike", "factor")[channels.segment]
    floor = book.micro("spike", "floor_kw")[channels.segment] * days.interval_minutes // 60
    return spike(days, most, factor, floor)


def _unit_mismatch(days: Days, channels: Channels, book: RuleBook) -> Hits:
    median = np.where(_known(channels, book, "unit_mismatch"), channels.median_day, 0)
    within = book.number("unit_mismatch", "within")[channels.segment]
    hits = unit_mismatch(days, median, within, book.micro("unit_mismatch", "floor_kwh")[channels.segment])
    # The sun may well give a thousandth of a usual day.
    return hits.but(hits.rows[channels.export[hits.rows] & (hits.found < hits.usual)])


def _stuck(days: Days, channels: Channels, book: RuleBook) -> Hits:
    run = stuck_after(channels, book, days.interval_minutes)
    return stuck(days, np.where(run > days.size, 0, run), channels.longest_run)


def stuck_after(channels: Channels, book: RuleBook, interval_minutes: int) -> IntArray:
    """(r,): from how many equal intervals in a row a channel counts as stuck; 0 where the rule is off."""
    known = _known(channels, book, "stuck")
    hours = np.where(
        known,
        book.number("stuck", "hours")[channels.segment],
        book.number("stuck", "unknown_hours")[channels.segment],
    )
    run = np.maximum(hours * 60 // interval_minutes, np.where(known, 2 * channels.longest_run, 0))
    return np.where(book.enabled("stuck")[channels.segment], run, 0).astype(np.int64)


def _future(days: Days, channels: Channels, book: RuleBook, minute: int) -> Hits:
    slack = book.number("future", "minutes")[channels.segment]
    begun = _begun(days, channels, minute + slack)
    return future(days, np.where(book.enabled("future")[channels.segment], begun, days.size))
