"""A strategy of dunning: steps, what stops them, what an order to limit or suspend needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

STEPS: Final = ("reminder", "overdue", "final_warning", "limitation_notice", "suspension_notice", "hand_over")
"""What the clock may post, in the only order a strategy may have them. `hand_over` gives the account to a
person and tells the customer nothing."""
DISCONNECTING: Final = frozenset({"limitation_notice", "suspension_notice"})
"""Notices that supply will be limited or suspended."""
ORDERS: Final = ("limitation", "suspension")
"""What only a person orders."""
FLAGS: Final = ("vulnerable", "medical")
STOPS: Final = (*FLAGS, "season", "temperature", "advisory", "dates", "weekend")
CHANNELS: Final = ("any", "letter")
COUNTED_FROM: Final = ("sent", "delivered")


@dataclass(frozen=True, slots=True)
class Step:
    """A step. `after_days`: of the first, since the day the oldest bill was due; of the others, since the
    former was delivered, or was sent where `counts_from` allows that. Debt below
    `smallest_debt_minor` is left alone. `norm`: the debt must exceed the strategy's norm, too."""

    step: str
    after_days: int
    counts_from: str
    channel: str
    smallest_debt_minor: int
    fee_minor: int
    norm: bool
    source: str


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` to `last`, both among them, in an area of the network; "" means everywhere."""

    first: date
    last: date
    area: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """What holds back the steps and orders in `holds`.

    vulnerable, medical   the flag of the customer
    season                from_day to to_day (month, day), for customers with one of `flags`; none: for all
    temperature           yesterday's highest and the next day's stay at or below at_most_millicelsius
    advisory, dates       the days announced, and days_after more; `advisory`: others may have been announced
    weekend               Saturday and Sunday
    """

    stop: str
    holds: frozenset[str]
    source: str
    flags: tuple[str, ...] = ()
    from_day: tuple[int, int] = (1, 1)
    to_day: tuple[int, int] = (12, 31)
    at_most_millicelsius: int = 0
    days_after: int = 0
    announced: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Confirm:
    """A rule that only a person can know to hold; its words by language."""

    name: str
    words: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class OrderRule:
    """What an order needs: the notice `after_step`, and `wait_days` since it was delivered (sent, where
    `counts_from` allows it). `limited_days`: supply has been limited for so long; None: it need not be."""

    order: str
    after_step: str
    wait_days: int
    counts_from: str
    limited_days: int | None
    norm: bool
    confirm: tuple[Confirm, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Version:
    """What holds from a day on. The norm is `norm_months` of `norm_monthly_minor`; None: nobody gave it."""

    starts_on: date
    steps: tuple[Step, ...]
    stops: tuple[Stop, ...]
    orders: tuple[OrderRule, ...]
    norm_months: int = 0
    norm_monthly_minor: int | None = None

    @property
    def norm_minor(self) -> int | None:
        """The debt that must be exceeded; None: not known."""
        return None if self.norm_monthly_minor is None else self.norm_months * self.norm_monthly_minor

    def step(self, name: str) -> Step | None:
        return next((one for one in self.steps if one.step == name), None)

    def order(self, name: str) -> OrderRule | None:
        return next((one for one in self.orders if one.order == name), None)


@dataclass(frozen=True, slots=True)
class Strategy:
    """For whom: country and its part ("" for any), segments, and a currency where amounts are named."""

    code: str
    name: str
    country: str
    subdivision: str
    segments: tuple[str, ...]
    currency: str
    versions: tuple[Version, ...]

    def on(self, day: date) -> Version | None:
        """The version in force on a day; None before the first."""
        return next((one for one in reversed(self.versions) if one.starts_on <= day), None)


def strategy_for(
    strategies: Iterable[Strategy], *, country: str, subdivision: str, segment: str, currency: str, day: date
) -> Strategy | None:
    """The one that names the place most closely, among those for the segment that are in force on the day."""
    fitting = [
        one
        for one in strategies
        if segment in one.segments
        and one.country in ("", country)
        and one.subdivision in ("", subdivision)
        and one.currency in ("", currency)
        and one.on(day) is not None
    ]
    weighed = sorted(fitting, key=lambda one: (bool(one.country), bool(one.subdivision), bool(one.currency)))
    return weighed[-1] if weighed else None
