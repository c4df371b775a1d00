"""What goes wrong with the simulated readings: holes, days dropped, days guessed, and guesses put right
later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from utility_crm.demo.calendar import BILLS, SLOTS
from utility_crm.demo.homes import INDUSTRY
from utility_crm.demo.plan import Plan
from utility_crm.demo.random_streams import stream

HOLE_SHARE, DROPPED_SHARE, GUESSED_SHARE = 0.02, 0.006, 0.03
HELD_SHARE = 0.005
SILENT_AREA, SILENT_DAYS = 1, 2
"""The collector of Moorside's industry has sent nothing for two days."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Whole days that were estimated; `read_on` is the day place on which the true readings came, if they
    did."""

    first: int
    days: int
    level: float
    read_on: int | None


@dataclass(slots=True)
class Faults:
    """One supply's. Day places of UTC; holes map a day to its first missing slot and how many are missing."""

    holes: dict[int, tuple[int, int]] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)
    """The file's record of the day could not be read."""
    silent: set[int] = field(default_factory=set)
    """No file came."""
    guesses: list[Guess] = field(default_factory=list)

    @property
    def absent(self) -> set[int]:
        return self.dropped | self.silent


def make_faults(plan: Plan) -> list[Faults]:
    """A list over supplies. No period before the latest misses more than a day, so that each of them was
    billed; in the latest, a few miss more, and their bills are held."""
    draw = stream(plan.seed, "faults")
    usual = _usual_days(plan)
    held = _held(plan, draw)
    found: list[Faults] = []
    for place, supply in enumerate(plan.supplies):
        faults = Faults()
        edges = [
            (plan.calendar.place(start), plan.calendar.place(end))
            for start, end in plan.calendar.periods(supply.cycle_day)
        ]
        for period, (start, end) in enumerate(edges):
            lots, day = draw.random(3), int(draw.integers(start + 2, end - 3))
            size, first = int(draw.integers(1, 30)), int(draw.integers(0, 18))
            if period == BILLS - 1 and place in held:
                faults.holes[day - 1] = (SLOTS - size, size)
                faults.dropped.update({day, day + 1})
            elif lots[0] < HOLE_SHARE and usual[day]:
                faults.holes[day] = (first, size)
            elif lots[0] < HOLE_SHARE + DROPPED_SHARE and usual[day]:
                faults.dropped.add(day)
        _guess(plan, place, edges, faults, draw)
        if plan.homes.kind[place] == INDUSTRY and supply.address.area == SILENT_AREA:
            faults.silent.update(range(plan.calendar.days - SILENT_DAYS, plan.calendar.days))
        found.append(faults)
    return found


def _usual_days(plan: Plan) -> list[bool]:
    """Days with others of their kind around: on a public holiday, or with one in local time, nothing
    fails."""
    days = [plan.calendar.day(place) for place in range(plan.calendar.days + 1)]
    off = [day in plan.calendar.public_holidays for day in days]
    return [not (off[place] or off[place + 1]) for place in range(plan.calendar.days)]


def _held(plan: Plan, draw: np.random.Generator) -> set[int]:
    """Supplies, still with us and not written by hand, whose latest bill waits for readings."""
    stays = [
        place
        for place, (supply, end) in enumerate(zip(plan.supplies, plan.ends(), strict=True))
        if end == plan.calendar.days and plan.customers[supply.customer].planted is None
    ]
    count = max(1, round(HELD_SHARE * len(plan.supplies)))
    return set(draw.choice(stays, count, replace=False).tolist())


def _guess(
    plan: Plan, place: int, edges: list[tuple[int, int]], faults: Faults, draw: np.random.Generator
) -> None:
    lots, period, days = draw.random(3), int(draw.integers(1, BILLS)), int(draw.integers(2, 8))
    first = int(draw.integers(edges[period][0] + 1, edges[period][1] - days - 1))
    late = edges[period][1] + int(draw.integers(1, 15))
    customer = plan.customers[plan.supplies[place].customer]
    if customer.planted is not None:
        if customer.planted.guessed_days and place < len(plan.customers):
            start, end = edges[BILLS - 2]
            for day in range(start, end):
                faults.holes.pop(day, None)
                faults.dropped.discard(day)
            faults.guesses.append(Guess(end - 5, 3, 1.42, end + 1))
        return
    if lots[0] < GUESSED_SHARE and plan.ends()[place] == plan.calendar.days:
        read_on = late if lots[1] < 0.4 and late < plan.calendar.days else None
        faults.guesses.append(Guess(first, days, 0.75 + 0.6 * lots[2], read_on))


def corrections(plan: Plan, faults: list[Faults]) -> Iterator[tuple[int, Guess]]:
    """Supply and guess of every guess that was put right, in the order in which the true readings came."""
    found = [
        (guess.read_on, place, guess)
        for place, one in enumerate(faults)
        for guess in one.guesses
        if guess.read_on is not None and guess.read_on < plan.calendar.days
    ]
    for _, place, guess in sorted(found, key=lambda item: item[:2]):
        yield place, guess
