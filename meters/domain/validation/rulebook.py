"""Which rules a segment has, and with which numbers: defaults here, what a utility sets over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

SEGMENTS = ("household", "small_business", "industry", "default")
"""`default` are meters without a customer. Arrays by segment are in this order."""

DEFAULT = SEGMENTS.index("default")


@dataclass(frozen=True, slots=True)
class Rule:
    """severity: bad where a bill made from it would be wrong, warn where a person should look. `numbers` are
    its parameters: one for all segments, or four in the order of SEGMENTS. An estimate can put right what
    `estimable` finds; the others are accepted, or edited by hand."""

    severity: str
    numbers: Mapping[str, float | tuple[float, float, float, float]]
    estimable: bool = True


RULES: dict[str, Rule] = {
    # A hole is one once this many hours have passed since.
    "missing": Rule("warn", {"grace_hours": 6}),
    "negative": Rule("bad", {}),
    # Where the meter's own limit is not known: one phase of 100 A, three of 100 A, a works of 5 MW; gas
    # meters G4, G16, G400 (EN 1359's maximum flows). Per hour.
    "above_capacity": Rule("bad", {"kw": (23, 69, 5000, 5000), "cubic_metres": (6, 25, 650, 650)}),
    # Above factor x the highest so far, and above a floor per hour: a new kettle is no fault.
    "spike": Rule("bad", {"factor": 3, "floor_kw": (5, 12, 60, 12), "days": 14}),
    # hours of one value, or twice the channel's longest so far; unknown_hours where it has no history;
    # zero_days of nothing, or twice its longest so far.
    "stuck": Rule("warn", {"hours": 12, "unknown_hours": 24, "zero_days": 4, "days": 14}),
    "sum_check": Rule("bad", {"percent": 1, "kwh": 1}, estimable=False),
    "overlap": Rule("warn", {"percent": 1, "kwh": 0.1}),
    "future": Rule("bad", {"minutes": 15}, estimable=False),
    "unit_mismatch": Rule("bad", {"within": 2.5, "floor_kwh": 0.5, "days": 14}),
    # weekdays looked at, against the twenty before; how like the shape must be once moved back, and how much
    # more so than unmoved.
    "clock_drift": Rule(
        "warn", {"weekdays": 6, "most_hours": 6, "likeness": 0.8, "gain": 0.2}, estimable=False
    ),
    # Not a rule but what is done about one: gaps of `missing` estimated by the clock after so many days.
    "estimate_gaps": Rule("warn", {"after_days": 0}),
}

QUICK = ("missing", "negative", "above_capacity", "spike", "stuck", "future", "unit_mismatch")
"""Judged as readings come in; `overlap` then, too, of days that changed."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A rule as one segment has it."""

    segment: str
    rule: str
    enabled: bool
    parameters: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Every rule of every segment, by (segment, rule)."""

    settings: Mapping[tuple[str, str], Setting]

    def enabled(self, rule: str) -> npt.NDArray[np.bool_]:
        """bool (4,), by segment."""
        return np.array([self.settings[segment, rule].enabled for segment in SEGMENTS])

    def number(self, rule: str, name: str) -> npt.NDArray[np.float64]:
        """float (4,), by segment."""
        return np.array([self.settings[segment, rule].parameters[name] for segment in SEGMENTS], dtype=float)

    def micro(self, rule: str, name: str) -> npt.NDArray[np.int64]:
        """int64 (4,): a parameter in units as millionths."""
        return np.rint(self.number(rule, name) * 1e6).astype(np.int64)


def rulebook(changes: Iterable[tuple[str, str, bool, Mapping[str, Any]]] = ()) -> RuleBook:
    """The defaults, with (segment, rule, enabled, parameters) over them; a parameter that is not named keeps
    its default, a rule nobody knows is passed over."""
    settings = {
        (segment, name): Setting(segment, name, name != "estimate_gaps", _of_segment(rule, place))
        for name, rule in RULES.items()
        for place, segment in enumerate(SEGMENTS)
    }
    for segment, name, enabled, parameters in changes:
        if (segment, name) in settings:
            kept = dict(settings[segment, name].parameters)
            kept |= {key: float(value) for key, value in parameters.items() if key in kept}
            settings[segment, name] = Setting(segment, name, enabled, kept)
    return RuleBook(settings)


def _of_segment(rule: Rule, place: int) -> dict[str, float]:
    return {
        name: float(number[place] if isinstance(number, tuple) else number)
        for name, number in rule.numbers.items()
    }
