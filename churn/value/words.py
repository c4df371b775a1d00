"""Words of value that are used in several places."""

from __future__ import annotations

from churn.campaigns.words import PACKAGE as CAMPAIGNS
from churn.campaigns.words import REASON_WORDS as CAMPAIGN_REASONS
from utility_crm.kit.parts import Tone
from utility_crm.web.words import mark, translator

PACKAGE = "churn.value"
DISPUTE = "dispute"
"""The reason beside those of campaigns for which care comes first."""
SEGMENT_WORDS = {
    "household": mark("Households"),
    "small_business": mark("Small businesses"),
    "industry": mark("Industry"),
}
STEP_WORDS = {
    "care": mark("First to care"),
    "offer": mark("Offer"),
    "alone": mark("Leave alone"),
    "unknown": mark("Not known"),
}
STEP_TONES: dict[str, Tone] = {"care": "warn", "offer": "now", "alone": "wait", "unknown": ""}
REASON_WORDS = {
    "care": mark("a complaint, a debt, a dispute or a need of particular care comes first"),
    DISPUTE: mark("a bill is disputed: care first"),
    "low": mark("less likely to leave than usual: whoever does not think of it is not reminded"),
    "no_margin": mark("they cost more than they bring"),
    "asked_now": mark("a campaign asks them now"),
    "no_chance": mark("their chance of leaving is not known"),
    "no_offers": mark("no campaign has offered anything yet"),
    "not_measured": mark("no finished campaign has measured yet what it does"),
    "early": mark("what it does is too early to say"),
    "none": mark("a finished campaign saw no effect"),
    "works": mark("a finished campaign kept customers by it"),
    "harms": mark("contact does harm: in a finished campaign more of those asked left"),
    "costs_more": mark("it would cost more than it keeps"),
    "not_theirs": mark("it is not for customers like them, or they have it already"),
}
"""Beside the reasons of campaigns for which somebody must not be asked."""
BY_WORDS = {
    "segment": mark("Kind of customer"),
    "area": mark("Area"),
    "tariff": mark("Tariff"),
    "tenth": mark("Chance of leaving"),
    "saved": mark("Saved segment"),
}


def reason_said(reason: str, language: str) -> str:
    """Why, in the reader's language; campaigns say their own reasons."""
    if reason in REASON_WORDS:
        return translator(language, PACKAGE)(REASON_WORDS[reason])
    return translator(language, CAMPAIGNS)(CAMPAIGN_REASONS.get(reason, reason))
