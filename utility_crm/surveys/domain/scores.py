"""What answers add up to, and how sure that is.

Satisfaction (CSAT) is a score of 1 to 5; its figure is the share of 4 and 5. Recommendation (NPS) is a score
of 0 to 10; its figure is the share of promoters (9, 10) less that of detractors (0 to 6), from -1 to 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from types import MappingProxyType
from typing import Literal

from utility_crm.kit import shares

Question = Literal["csat", "nps"]
QUESTIONS: tuple[Question, ...] = ("csat", "nps")
SCORES: Mapping[str, range] = MappingProxyType({"csat": range(1, 6), "nps": range(11)})
_GOOD: Mapping[str, int] = MappingProxyType({"csat": 4, "nps": 9})
_BAD: Mapping[str, int] = MappingProxyType({"csat": 2, "nps": 6})
Z = shares.z_of()
"""Of a 95 % interval."""


def is_score(question: str, score: int) -> bool:
    """Whether a question can be answered with it."""
    return score in SCORES.get(question, ())


def is_good(question: str, score: int) -> bool:
    """CSAT 4 and 5; NPS 9 and 10."""
    return score >= _GOOD[question]


def is_bad(question: str, score: int) -> bool:
    """CSAT 1 and 2; NPS 0 to 6: somebody should talk to them."""
    return score <= _BAD[question]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval, and of how many answers it is."""

    value: float
    low: float
    high: float
    answers: int


def wilson(good: int, answers: int) -> Interval:
    """A share with Wilson's score interval (`kit.shares`).

    Raises ValueError for no answers, or more good ones than there are.
    """
    low, high = shares.wilson(good, answers)
    return Interval(good / answers, low, high, answers)


def promoters_less_detractors(promoters: int, detractors: int, answers: int) -> Interval:
    """The net promoter score with its adjusted Wald interval: three answers are added, a quarter of them
    promoters, a quarter detractors (B. Rocks, The American Statistician 70, 2016), which holds for few, too.

    Raises ValueError for no answers, or more of a kind than there are.
    """
    if min(promoters, detractors) < 0 or promoters + detractors > answers or not answers:
        raise ValueError("a score is of one answer at least")
    score = (promoters - detractors) / answers
    many = answers + 3
    up, down = (promoters + 0.75) / many, (detractors + 0.75) / many
    half = Z * sqrt((up + down - (up - down) ** 2) / many)
    low, high = up - down - half, up - down + half
    return Interval(score, max(-1.0, min(score, low)), min(1.0, max(score, high)), answers)


@dataclass(frozen=True, slots=True)
class Tally:
    """Answers to one question, counted: good are CSAT 4-5 or promoters, bad CSAT 1-2 or detractors. asked:
    surveys that went out, of which `answers` came back."""

    question: Question
    asked: int = 0
    answers: int = 0
    good: int = 0
    bad: int = 0

    def figure(self, fewest: int) -> Interval | None:
        """What they add up to; None where they are fewer than `fewest`: too few to say."""
        if self.answers < max(1, fewest):
            return None
        if self.question == "csat":
            return wilson(self.good, self.answers)
        return promoters_less_detractors(self.good, self.bad, self.answers)

    @property
    def response(self) -> float | None:
        """The share of those asked who answered; None where nobody was asked."""
        return self.answers / self.asked if self.asked else None

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.question, self.asked + other.asked, self.answers + other.answers, self.good + other.good,
            self.bad + other.bad,
        )  # fmt: skip


def tally(question: Question, scores: Iterable[int | None]) -> Tally:
    """Surveys that went out, by their scores: None for one that was not answered."""
    found = list(scores)
    given = [one for one in found if one is not None]
    return Tally(
        question,
        len(found),
        len(given),
        sum(is_good(question, one) for one in given),
        sum(is_bad(question, one) for one in given),
    )
