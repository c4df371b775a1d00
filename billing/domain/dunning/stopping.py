"""Whether a stop of dunning stands on a day: yes, no, or not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from billing.domain.dunning.strategy import FLAGS, Stop


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What stops are judged by: the customer's flags, the code of the network's area, and its temperatures:
    the highest of yesterday and of the next day, None where no series says it."""

    flags: frozenset[str] = frozenset()
    area: str = ""
    yesterday_highest_millicelsius: int | None = None
    next_day_highest_millicelsius: int | None = None


def stands(stop: Stop, given: Circumstances, today: date) -> bool | None:
    """None: it cannot be known from what is kept, and a person has to find out."""
    if stop.stop in FLAGS:
        return stop.stop in given.flags
    if stop.stop == "season":
        return _in_season(stop, today) and (not stop.flags or bool(given.flags & set(stop.flags)))
    if stop.stop == "temperature":
        return _freezing(stop, given)
    if stop.stop == "weekend":
        return today.weekday() >= 5
    announced = any(
        one.first <= today <= one.last + timedelta(days=stop.days_after)
        for one in stop.announced
        if one.area in ("", given.area)
    )
    return True if announced else None if stop.stop == "advisory" else False


def standing(stops: Sequence[Stop], given: Circumstances, today: date) -> tuple[Stop, ...]:
    """Those known to stand."""
    return tuple(one for one in stops if stands(one, given, today))


def _in_season(stop: Stop, today: date) -> bool:
    day = (today.month, today.day)
    if stop.from_day <= stop.to_day:
        return stop.from_day <= day <= stop.to_day
    return day >= stop.from_day or day <= stop.to_day


def _freezing(stop: Stop, given: Circumstances) -> bool | None:
    """One day known to be warmer is enough to say no."""
    highest = (given.yesterday_highest_millicelsius, given.next_day_highest_millicelsius)
    if any(one is not None and one > stop.at_most_millicelsius for one in highest):
        return False
    return None if None in highest else True
