"""Who left, when and why. The cause is hidden from every other part of the platform: it has to be found.

Each day an active customer may switch to another supplier, with a chance of exp(score) times a base that is
set so that the wanted number has switched in the end. The score is a sum of the causes in `CAUSES`; see
docs/demo.md. Others move, die, are cut off or change tariff, for none of these causes: a model must tell
them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from utility_crm.demo.calendar import BILLS, Calendar
from utility_crm.demo.people import Customer
from utility_crm.demo.random_streams import stream
from utility_crm.demo.story import NEVER, Bills, Contact

Float = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

SWITCHED_SHARE = 0.125
OTHERS = (("moved", 0.015), ("died", 0.003), ("cut_off", 0.003))
CHANGED_TARIFF_SHARE = 0.02
JUMP_FELT, JUMP_MOST = 0.12, 0.5
FIRST_LEAVING_DAY = 106
"""They leave within the last year or so, when a bill or two of everybody is out."""


@dataclass(frozen=True, slots=True)
class Causes:
    """Weights of the hidden cause, in logs of the daily chance."""

    jump: float = 3.0
    """A log unit by which a bill of the last 100 days exceeds the mean of the three before it by more than
    0.12, at most 0.5 of it."""
    jump_after_price_rise: float = 1.6
    """Times as much once prices have risen."""
    open_complaint: float = 2.1
    """A complaint that has waited a week for its answer, for as long as it waits."""
    late_bill: float = 0.5
    """Each bill of the last 190 days paid a week late or not at all, at most four."""
    cheaper_tariff: float = 1.7
    """The other tariff would save 12 % or more; in proportion below."""
    new_customer: float = 1.0
    """Less than two years with us."""
    a_year: float = -0.17
    """Each further year, at most ten."""
    small_business: float = 0.25
    industry: float = -1.2
    unseen: float = 0.35
    """Standard deviation of what nothing in the data tells."""


CAUSES = Causes()


@dataclass(frozen=True)
class Leaving:
    """One element a customer: day place on which the agreement no longer holds, or NEVER, and its reason."""

    day: Int64
    reason: tuple[str | None, ...]
    changed_tariff: Int64
    """Place of the billing period (2 to 13) that begins with the other household tariff, or NEVER."""


def switching_scores(
    seed: int,
    calendar: Calendar,
    customers: tuple[Customer, ...],
    bills: Bills,
    contacts: tuple[Contact, ...],
    causes: Causes = CAUSES,
) -> Float:
    """(customers, days): log of the chance to switch on a day, but for a constant. Knows nothing of later
    days."""
    days, count = np.arange(calendar.days), len(customers)
    score = np.zeros((count, calendar.days))
    risen = np.where(
        days >= calendar.place(calendar.price_change), causes.jump * causes.jump_after_price_rise, causes.jump
    )
    score += risen * _recent_jump(bills, count, calendar.days)
    score += causes.open_complaint * _open_complaints(calendar, count, contacts)
    score += causes.late_bill * np.minimum(_late_bills(bills, count, calendar.days), 4)
    score += causes.cheaper_tariff * np.minimum(bills.saving[:count] / 0.12, 1.0)[:, None]
    since = np.array([calendar.place(customer.since) for customer in customers])
    years = (days[None, :] - since[:, None]) / 365.25
    score += np.where(years < 2, causes.new_customer, causes.a_year * np.minimum(years - 2, 10))
    segment = {"small_business": causes.small_business, "industry": causes.industry, "household": 0.0}
    score += np.array([segment[customer.segment] for customer in customers])[:, None]
    score += stream(seed, "unseen").normal(0, causes.unseen, count)[:, None]
    score[[customer.planted is not None for customer in customers]] = -np.inf
    return score


def _recent_jump(bills: Bills, count: int, days: int) -> Float:
    """(customers, days): the largest jump above `JUMP_FELT` among the bills of the last 100 days."""
    recent = np.zeros((count, days))
    size = np.clip(bills.jump[:count] - JUMP_FELT, 0.0, JUMP_MOST)
    for customer, period in zip(*np.nonzero(size), strict=True):
        span = slice(bills.issued[customer, period], bills.issued[customer, period] + 100)
        recent[customer, span] = np.maximum(recent[customer, span], size[customer, period])
    return recent


def _open_complaints(calendar: Calendar, count: int, contacts: tuple[Contact, ...]) -> Float:
    waiting = np.zeros((count, calendar.days))
    for contact in contacts:
        if contact.complaint:
            made = calendar.place(contact.at.date())
            answered = calendar.place(contact.answered_at.date()) if contact.answered_at else calendar.days
            waiting[contact.customer, made + 7 : answered] = 1.0
    return waiting


def _late_bills(bills: Bills, count: int, days: int) -> Float:
    late = np.zeros((count, days))
    due, paid = bills.due[:count], bills.paid[:count]
    for customer, period in zip(*np.nonzero((paid == NEVER) | (paid > due + 7)), strict=True):
        start = due[customer, period] + 7
        late[customer, start : start + 183] += 1.0
    return late


def make_leaving(seed: int, calendar: Calendar, customers: tuple[Customer, ...], score: Float) -> Leaving:
    """Draw who leaves. A customer's patience is exponential; the base chance is found by halving."""
    draw = stream(seed, "leaving")
    count = len(customers)
    hazard = np.exp(score)
    hazard[:, :FIRST_LEAVING_DAY] = 0.0
    spent = np.cumsum(hazard, axis=1)
    patience = draw.exponential(1.0, count)
    base = _base_chance(spent[:, -1], patience, round(SWITCHED_SHARE * count))
    gone = spent[:, -1] * base >= patience
    day = np.where(gone, (spent * base < patience[:, None]).sum(axis=1), NEVER)
    reason: list[str | None] = ["switched" if left else None for left in gone]
    stays = [place for place in range(count) if not gone[place] and customers[place].planted is None]
    order = iter(draw.permutation(stays).tolist())
    for why, share in OTHERS:
        for _ in range(round(share * count)):
            place = next(order)
            reason[place], day[place] = why, draw.integers(FIRST_LEAVING_DAY, calendar.days)
    changed = np.full(count, NEVER)
    wanted = round(CHANGED_TARIFF_SHARE * count)
    for place in order:
        if wanted and customers[place].segment == "household":
            changed[place] = draw.integers(2, BILLS)
            wanted -= 1
    return Leaving(day, tuple(reason), changed)


def _base_chance(spent: Float, patience: Float, wanted: int) -> float:
    """The base at which `wanted` customers have run out of patience: between two neighbours' own bases."""
    with np.errstate(divide="ignore"):
        own = np.sort(patience / spent)
    return float((own[wanted - 1] + own[wanted]) / 2) if 0 < wanted < own.size else 0.0
