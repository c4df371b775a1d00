"""What to do next about a customer: offer something, see to them first, or leave them alone.

Who must not be asked, and why, comes from campaigns (`churn.campaigns.audience`): no second rules are here.
Whether an offer helps comes from finished campaigns, whose control groups were left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from churn.domain.campaigns.verdicts import Verdict
from churn.domain.value.worth import Horizon, saved_minor

Step = Literal["care", "offer", "alone", "unknown"]
"""See to them first; offer; leave alone, since contact does harm or brings nothing; nothing can be said."""
OFFERED = ("works", "not_measured", "early")
LEFT = ("harms", "costs_more", "none")
LOW_TIMES_USUAL = 1.0
"""Below so many times the usual chance they are left alone: who does not think of leaving is not reminded."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a finished campaign did to leaving, as a share of those who would have left: 0.2 is a fifth fewer,
    negative is more. relative, low: None where nobody left of those left alone, so that nothing is a share of
    it. None in `Offer.measured`: no campaign with it is over."""

    relative: float | None
    low: float | None
    high: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that campaigns offer. key: the campaign's code; cost_minor: of each who is asked."""

    key: str
    name: str
    cost_minor: float
    measured: Measured | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """A step with its reason. saved_minor, low_minor, high_minor: the expected saved margin after cost, None
    where it is not known."""

    step: Step
    reason: str
    offer: str = ""
    saved_minor: int | None = None
    low_minor: int | None = None
    high_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a customer stands. month_minor: margin a month, None unknown. why_not: campaigns' reason for which
    they must not be asked anything, "" where they may; asked_by: the campaign that asks them now, "" where
    none does; by_offer: why not, of each offer."""

    chance: float | None
    usual: float
    month_minor: float | None
    why_not: str = ""
    by_offer: tuple[tuple[str, str], ...] = ()
    asked_by: str = ""


def next_actions(
    one: Standing, offers: Sequence[Offer], horizon: Horizon, care_first: Sequence[str]
) -> list[Action]:
    """What to do, the best first; never empty. What was seen to work comes first by what it saves, then what
    is not measured yet (cheapest first), then what is to be left: what does harm, costs more than it keeps,
    or showed no effect."""
    if one.why_not in care_first:
        return [Action("care", one.why_not)]
    if one.why_not:
        return [Action("alone", one.why_not)]
    if one.asked_by:
        return [Action("offer", "asked_now", one.asked_by)]
    if one.chance is None:
        return [Action("unknown", "no_chance")]
    if one.chance < LOW_TIMES_USUAL * one.usual:
        return [Action("alone", "low")]
    if one.month_minor is not None and one.month_minor <= 0:
        return [Action("alone", "no_margin")]
    if not offers:
        return [Action("unknown", "no_offers")]
    reasons = dict(one.by_offer)
    eligible = [offer for offer in offers if not reasons.get(offer.key, "")]
    if not eligible:
        return [Action("alone", reasons[offers[0].key], offers[0].key)]
    good: list[tuple[int, float, Action]] = []
    bad: list[Action] = []
    for offer in eligible:
        action = _judged(one, offer, horizon)
        if action.step == "offer":
            order = OFFERED.index(action.reason)
            by = -(action.saved_minor or 0) if action.reason == "works" else offer.cost_minor
            good.append((order, by, action))
        else:
            bad.append(action)
    left = sorted(bad, key=lambda action: (LEFT.index(action.reason), action.offer))
    return [action for *_, action in sorted(good, key=lambda at: (at[0], at[1], at[2].offer))] + left


def _judged(one: Standing, offer: Offer, horizon: Horizon) -> Action:
    found = offer.measured
    if found is None:
        return Action("offer", "not_measured", offer.key)
    if found.verdict in ("early", "none"):
        return Action("offer" if found.verdict == "early" else "alone", found.verdict, offer.key)
    if one.month_minor is None or one.chance is None or found.relative is None or found.low is None:
        return Action("alone" if found.verdict == "harms" else "offer", found.verdict, offer.key)
    saved, low, high = (
        saved_minor(one.month_minor, one.chance, relative, horizon, offer.cost_minor)
        for relative in (found.relative, found.low, found.high)
    )
    if found.verdict == "harms":
        return Action("alone", "harms", offer.key, saved, low, high)
    if saved <= 0:
        return Action("alone", "costs_more", offer.key, saved, low, high)
    return Action("offer", "works", offer.key, saved, low, high)
