"""When each question of a campaign is judged, for good, and when figures have moved since.

A verdict that is reckoned anew at every look turns by chance sooner or later, as daily looks do before it. So
each question has one day, that stands before the campaign begins, and is answered once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from churn.domain.campaigns.effects import Effect
from churn.domain.campaigns.verdicts import Verdict, verdict
from churn.domain.label import HORIZON_DAYS

Outcome = Literal["taken", "lost", "margin"]
OUTCOMES: tuple[Outcome, ...] = ("taken", "lost", "margin")
BILLED_WITHIN_DAYS = 62
"""A day of use is billed so much later at most."""
LEAVING_AFTER_DAYS = HORIZON_DAYS + 1
MARGIN_AFTER_DAYS = LEAVING_AFTER_DAYS + BILLED_WITHIN_DAYS
"""After the draw, at the earliest."""
LATE_DAYS = 92
"""So long after its day figures are held against a verdict; what comes in later still is not looked for."""


def judging_days(began: date, ends_on: date, decides_on: date) -> Mapping[Outcome, date]:
    """The day of each question: that for looking, or the first after the last answer; not before the days
    are over in which who leaves is counted, and of margins not before those are billed."""
    looked = max(decides_on, ends_on + timedelta(days=1))
    return {
        "taken": looked,
        "lost": max(looked, began + timedelta(days=LEAVING_AFTER_DAYS)),
        "margin": max(looked, began + timedelta(days=MARGIN_AFTER_DAYS)),
    }


def final(effect: Effect | None, *, sized: bool, good: Literal["more", "less"] = "more") -> Verdict:
    """What is said on the day and stays. sized: as many as planned are still there. An interval that holds
    zero, of fewer than that, and what cannot be told at all, could not be seen (`unseen`)."""
    found = verdict(effect, reached=sized, good=good)
    return "unseen" if found == "early" else found


def moved(kept: Effect | None, said: Verdict, now: Effect | None, would_say: Verdict) -> bool:
    """Whether later figures tell something else than those that were judged: another word, or a difference
    that lies half way or more to an end of the interval that was said."""
    if would_say != said:
        return True
    if kept is None or now is None:
        return False
    way = (kept.high if now.difference > kept.difference else kept.low) - kept.difference
    return now.difference != kept.difference and abs(now.difference - kept.difference) >= abs(way) / 2
