"""What happens around the bills: how large they come out, when they are paid, who calls and who complains."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from utility_crm.demo import prices
from utility_crm.demo.calendar import BILLS, ZONE, Calendar
from utility_crm.demo.energy import DailyEnergy
from utility_crm.demo.homes import HEATING_NIGHT, NIGHT_SLOTS, Homes
from utility_crm.demo.people import Customer
from utility_crm.demo.planted import Said
from utility_crm.demo.random_streams import stream
from utility_crm.demo.supplies import Supply

Float = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

TERMS_DAYS = 21
NEVER_PAID = 3
"""Of how many of the latest bills some are not paid at all. Older ones came in late: money pays the oldest
first."""
NEVER = -1
LATE_ANSWERS = 0.42
"""Share of the complaints that are answered only after `LATE_DAYS` days."""
LATE_DAYS = (20, 100)


@dataclass(frozen=True)
class Bills:
    """Expected bills, close to the ones that will be issued: (supplies, 14) each, oldest first.

    issued: day places (from the readings' first day). pounds: with tax. jump: log of the cost a day against
    the mean of up to three bills before it, 0 for the first. paid: day place of the payment, NEVER where it
    stays open. saving: (supplies,) share of a year's cost that the other household tariff would save, 0 or
    more.
    """

    issued: Int64
    pounds: Float
    jump: Float
    paid: Int64
    saving: Float

    @property
    def due(self) -> Int64:
        return self.issued + TERMS_DAYS


@dataclass(frozen=True, slots=True)
class Contact:
    """Something said. `customer` is a place in the plan."""

    customer: int
    at: datetime
    channel: str
    topic: str
    complaint: bool
    answered_at: datetime | None
    outcome: str
    note: str


def night_kwh(homes: Homes, energy: DailyEnergy) -> Float:
    """(supplies, days): about what falls between midnight and seven."""
    storage = HEATING_NIGHT[:NIGHT_SLOTS].sum() / HEATING_NIGHT.sum()
    heat_share = np.where(homes.night_heat, storage, 0.2)
    use = energy.use * homes.night_share()[:, None]
    return np.asarray(use + energy.heating * heat_share[:, None] + energy.charging)


def daily_cost(tariff: str, after: npt.NDArray[np.bool_], total: Float, night: Float) -> Float:
    """Pounds with tax, of the shape of `total` (..., days); `after` (days,) is on or after the price
    change."""

    def price(name: str) -> Float:
        pair = getattr(prices.BEFORE, name), getattr(prices.AFTER, name)
        return np.asarray(np.where(after, pair[1], pair[0]) / 1e6)

    if tariff == prices.STEADY:
        return np.asarray((price("steady_day") + total * price("steady_kwh")) * 1.05)
    if tariff == prices.DAY_NIGHT:
        energy = night * price("night_kwh") + (total - night) * price("day_kwh")
        return np.asarray((price("day_night_day") + energy) * 1.05)
    return np.asarray((price("business_day") + total * price("business_day_kwh") * 0.95) * 1.2)


def make_bills(
    seed: int,
    calendar: Calendar,
    supplies: tuple[Supply, ...],
    customers: tuple[Customer, ...],
    tariffs: tuple[str, ...],
    homes: Homes,
    energy: DailyEnergy,
) -> Bills:
    """Fourteen bills of every supply, as if nobody ever left."""
    total, night = energy.total, night_kwh(homes, energy)
    after = np.arange(calendar.days) >= calendar.place(calendar.price_change)
    costs = {name: daily_cost(name, after, total, night) for name in prices.TARIFF_NAMES}
    chosen = np.array(tariffs)
    cost = np.select([(chosen == name)[:, None] for name in costs], list(costs.values()))
    sums = np.concatenate([np.zeros((len(supplies), 1)), np.cumsum(cost, axis=1)], axis=1)
    starts, ends = _periods(calendar, supplies)
    rows = np.arange(len(supplies))[:, None]
    pounds = sums[rows, ends] - sums[rows, starts]
    jump = _jumps(pounds / (ends - starts))
    year = {name: costs[name].sum(axis=1) for name in (prices.STEADY, prices.DAY_NIGHT)}
    other = np.where(chosen == prices.STEADY, year[prices.DAY_NIGHT], year[prices.STEADY])
    saving = np.where(chosen == prices.BUSINESS, 0.0, np.maximum(1 - other / cost.sum(axis=1), 0.0))
    paid = _payments(seed, calendar, supplies, customers, ends + TERMS_DAYS)
    return Bills(ends, pounds, jump, paid, saving)


def _periods(calendar: Calendar, supplies: tuple[Supply, ...]) -> tuple[Int64, Int64]:
    """Day places of each period's start and end; a bill is issued on the morning its period has ended."""
    by_cycle = {
        day: np.array([[calendar.place(edge) for edge in period] for period in calendar.periods(day)])
        for day in {supply.cycle_day for supply in supplies}
    }
    edges = np.stack([by_cycle[supply.cycle_day] for supply in supplies])
    return edges[:, :, 0], edges[:, :, 1]


def _jumps(a_day: Float) -> Float:
    jump = np.zeros_like(a_day)
    for place in range(1, BILLS):
        before = a_day[:, max(place - 3, 0) : place].mean(axis=1)
        jump[:, place] = np.log(a_day[:, place] / before)
    return jump


def _payments(
    seed: int, calendar: Calendar, supplies: tuple[Supply, ...], customers: tuple[Customer, ...], due: Int64
) -> Int64:
    """Day places of payments. Direct debits come on the day due; some payers are late by habit, a few never
    pay."""
    draw = stream(seed, "payments")
    by_debit = np.array([supply.method == "direct_debit" for supply in supplies])
    habit = np.where(draw.random(len(supplies)) < 0.3, draw.uniform(0.4, 0.9, len(supplies)), 0.06)
    chance = np.where(by_debit, 0.012, habit)
    unpaid = np.zeros(due.shape, dtype=bool)
    for place, supply in enumerate(supplies):
        by_hand = customers[supply.customer].planted
        if by_hand is not None:
            chance[place] = by_hand.late
            unpaid[place, list(by_hand.unpaid)] = True
    late = draw.random(due.shape) < chance[:, None]
    early = np.where(by_debit[:, None], 0, draw.integers(0, 10, due.shape))
    delay = 5 + draw.exponential(17, due.shape).astype(np.int64)
    paid = due + np.where(late, delay, -early)
    never = late & (draw.random(due.shape) < 0.3)
    never[:, : BILLS - NEVER_PAID] = False
    never |= unpaid
    return np.where(never | (paid >= calendar.days), NEVER, paid)


TOPICS = ("bill", "payment", "meter", "tariff", "outage", "details")
NOTES = {
    "bill": ("Asked why the bill is higher than the one before.", "Wanted the lines of the bill explained."),
    "payment": ("Asked when the payment was booked.", "Asked to pay a few days later."),
    "meter": ("Asked when the meter is read.", "Thinks the meter runs too fast."),
    "tariff": ("Asked whether a night price would be cheaper.", "Asked what the price change means."),
    "outage": ("Reported a short cut in the evening.", "Asked how long the works take."),
    "details": ("Gave a new phone number.", "Asked for letters in larger print."),
}
COMPLAINTS = {
    "bill": "Complains that the bill jumped and nobody can say why.",
    "payment": "Complains of a reminder although it was paid.",
    "meter": "Complains that readings were estimated again.",
    "tariff": "Complains that the price rose without a clear letter.",
    "outage": "Complains of cuts that were not announced.",
    "details": "Complains that the details were wrong once more.",
}


def make_contacts(
    seed: int, calendar: Calendar, customers: tuple[Customer, ...], bills: Bills
) -> tuple[Contact, ...]:
    """Calls and letters; more of them, and more complaints, in the two weeks after a bill that jumped."""
    draw = stream(seed, "contacts")
    count = len(customers)
    sore = np.zeros((count, calendar.days), dtype=bool)
    for customer, period in zip(*np.nonzero(bills.jump[:count] > 0.3), strict=True):
        start = bills.issued[customer, period]
        sore[customer, start : start + 14] = True
    rate = np.array([1.2 if person.kind == "person" else 2.2 for person in customers]) / 365
    calls = draw.random(sore.shape) < rate[:, None] * np.where(sore, 4.0, 1.0)
    found: list[Contact] = []
    for customer, place in zip(*np.nonzero(calls), strict=True):
        found.append(_contact(draw, calendar, int(customer), int(place), bool(sore[customer, place])))
    for place, person in enumerate(customers):
        if person.planted is not None:
            found += [_planted(calendar, place, said) for said in person.planted.said]
    return tuple(sorted(found, key=lambda contact: (contact.at, contact.customer)))


def _planted(calendar: Calendar, customer: int, said: Said) -> Contact:
    at = _at(calendar.as_of - timedelta(days=said.days_before), 10 * 60 + 12)
    answered_at, outcome = (None, "") if said.complaint else (at, "answered at once")
    return Contact(customer, at, said.channel, said.topic, said.complaint, answered_at, outcome, said.note)


def _contact(draw: np.random.Generator, calendar: Calendar, customer: int, place: int, sore: bool) -> Contact:
    shares = (0.6, 0.1, 0.08, 0.16, 0.02, 0.04) if sore else (0.3, 0.2, 0.13, 0.12, 0.1, 0.15)
    topic = str(draw.choice(TOPICS, p=shares))
    channel = str(draw.choice(("call", "email", "web", "letter"), p=(0.7, 0.17, 0.1, 0.03)))
    minute, lots = int(draw.integers(8 * 60, 18 * 60)), draw.random(3)
    complaint = bool(lots[0] < (0.3 if sore else 0.12))
    at = _at(calendar.day(place), minute)
    delay = 1 + int(draw.exponential(5))
    if lots[1] < LATE_ANSWERS:
        delay = _late_days(lots[1] / LATE_ANSWERS)
    answered = at
    outcome = "answered at once"
    if complaint:
        answered = _at(calendar.day(place + delay), 9 * 60 + minute % 480)
        outcome = "put right"
    still_open = complaint and place + delay >= calendar.days
    return Contact(
        customer=customer,
        at=at,
        channel=channel,
        topic=topic,
        complaint=complaint,
        answered_at=None if still_open else answered,
        outcome="" if still_open else outcome,
        note=COMPLAINTS[topic] if complaint else NOTES[topic][int(lots[2] * len(NOTES[topic]))],
    )


def _late_days(lot: float) -> int:
    """Days until a late answer, for an even lot of [0, 1): most of them towards the end of `LATE_DAYS`."""
    first, last = LATE_DAYS
    return first + int(math.sqrt(lot) * (last - first))


def _at(day: date, minute: int) -> datetime:
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE))
    return midnight + timedelta(minutes=minute)
