"""Which rules a bill is held against, with which numbers: defaults here, what a utility sets over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SEGMENTS = ("household", "small_business", "industry")
"""Numbers by segment are in this order; who has another is taken for a household."""

Number = float | tuple[float, float, float]

RULES: Mapping[str, Mapping[str, Number]] = {
    # More than so many days, or than this share of the period, was not measured.
    "estimates": {"days": 10, "percent": 50},
    # Use a day is more than so many per cent above, or below, what it was a year ago and a month ago, beyond
    # what the weather explains; and by more than a floor.
    "jump_up": {"percent": (100, 100, 60), "floor_kwh": (6, 25, 500)},
    "jump_down": {"percent": (65, 65, 60), "floor_kwh": (6, 25, 500)},
    # Nothing was used at all, where before it was more than this a day.
    "zero_use": {"floor_kwh": 0.3},
    # The customer would be owed money by a bill.
    "negative": {"below_minor": 0},
    # So many days of supply between the bill before and this one were never billed.
    "missing_cycle": {"days": 1},
    # So many days may not be charged any more, so that their cost is left out.
    "too_old": {"days": 1},
    # Open findings of validation on these days: grave ones at least, slight ones where so many are asked for.
    "findings": {"bad": 1, "warn": (0, 0, 0)},
    # Not a rule but how far a total may move, per cent, before a release no longer holds.
    "release": {"percent": 5},
}


@dataclass(frozen=True, slots=True)
class Setting:
    """Numbers of a rule for a segment, a tariff, both or neither (None: any); they go before the defaults,
    those of a tariff before those of a segment."""

    rule: str
    segment: str | None = None
    tariff_id: int | None = None
    enabled: bool = True
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """The rules as one segment and tariff has them: those that are on, with their numbers."""

    rules: Mapping[str, Mapping[str, float]]

    def number(self, rule: str, name: str) -> float:
        return self.rules[rule][name]

    def on(self, rule: str) -> bool:
        return rule in self.rules


class GateBook:
    """All settings; `limits` of a segment and tariff are worked out once."""

    def __init__(self, settings: Iterable[Setting] = ()) -> None:
        # The most special last, so that it is laid over the others.
        self._settings = sorted(
            settings, key=lambda one: (one.tariff_id is not None, one.segment is not None)
        )
        self._known: dict[tuple[str, int], Limits] = {}

    def limits(self, segment: str, tariff_id: int) -> Limits:
        """segment: of the account's customer."""
        key = segment, tariff_id
        if key not in self._known:
            self._known[key] = self._worked_out(segment, tariff_id)
        return self._known[key]

    def _worked_out(self, segment: str, tariff_id: int) -> Limits:
        place = SEGMENTS.index(segment) if segment in SEGMENTS else 0
        found = {rule: _of_segment(numbers, place) for rule, numbers in RULES.items()}
        off: set[str] = set()
        for one in self._settings:
            if one.segment in (None, segment) and one.tariff_id in (None, tariff_id):
                found[one.rule] = found[one.rule] | dict(one.numbers)
                (off.discard if one.enabled else off.add)(one.rule)
        return Limits({rule: numbers for rule, numbers in found.items() if rule not in off})


def _of_segment(numbers: Mapping[str, Number], place: int) -> dict[str, float]:
    return {name: value[place] if isinstance(value, tuple) else value for name, value in numbers.items()}
