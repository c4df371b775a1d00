"""What may be said of a ranking, by a rule that stands before anything is learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from churn.domain.uplift.repeating import Repeats

Held = Literal["better", "worse", "early", "none"]
UPLIFT, TRANSFORMED, LEAVING, SAVING = "two_model", "class_transformation", "leaving", "saving"
"""Rankings: by two models, whose verdict it is; by class transformation; by the chance of leaving on the day
of the draw; by what the offer would save."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A ranking's area beyond random, or beyond another's, with its 95 % interval; shares of those drawn."""

    value: float
    low: float
    high: float
    held: Held


def compared(value: float, low: float, high: float, *, reached: bool) -> Compared:
    """Until the planned size and the day for looking are reached nothing is claimed (`early`): who looks
    often would sometime find an interval clear of zero. Then one that is clear is `better` or `worse`, and of
    one that holds zero no difference was seen (`none`)."""
    held: Held = "none"
    if not reached:
        held = "early"
    elif low > 0 or high < 0:
        held = "better" if low > 0 else "worse"
    return Compared(value, low, high, held)


def against(
    areas: Mapping[str, float], repeats: Repeats, name: str, than: str = "", *, reached: bool
) -> Compared:
    """A ranking against random, or against another on the same customers."""
    value = areas[name] - (areas[than] if than else 0.0)
    return compared(value, *repeats.interval(name, than), reached=reached)


Sentence = Literal[
    "beats_leaving",
    "as_good_as_leaving",
    "leaving_better",
    "better",
    "only_leaving",
    "worse",
    "early",
    "none",
]


def sentence(random: Compared, leaving: Compared | None, leaving_random: Compared | None) -> Sentence:
    """Which sentence says it. random: uplift against random; leaving: uplift against the chance of leaving;
    leaving_random: the chance of leaving against random; both None where that chance is not known.

    Only a ranking that is better than random may be said to beat another: of two that know nothing, one is
    sometimes clear of the other.
    """
    if random.held == "better":
        if leaving is not None and leaving.held == "better":
            return "beats_leaving"
        if leaving_random is not None and leaving_random.held == "better":
            return "as_good_as_leaving" if leaving is None or leaving.held != "worse" else "leaving_better"
        return "better"
    if leaving_random is not None and leaving_random.held == "better":
        return "only_leaving"
    if random.held == "worse":
        return "worse"
    return "none" if random.held == "none" else "early"
