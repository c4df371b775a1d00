"""The promised document of ``billing explain``: totals, effects as signed decimal strings, the sentence."""

from __future__ import annotations

from typing import TypedDict

from billing.domain.explanation.comparison import Comparison, FirstBill, PerDay
from billing.domain.explanation.waterfall import waterfall
from billing.domain.explanation.words import answer_of
from billing.domain.money import amount_text


class EffectDocument(TypedDict):
    effect: str
    amount: str
    detail: str


class ExplanationDocument(TypedDict):
    """before and difference are None where there is no earlier bill."""

    before: str | None
    after: str
    difference: str | None
    effects: list[EffectDocument]
    sentence: str


def explanation_document(found: Comparison | PerDay | FirstBill) -> ExplanationDocument:
    """Effects sum to the difference exactly, except against a bill of a few days, which has none."""
    decimals = found.after.decimals
    sentence = answer_of(found).sentence
    after = amount_text(found.after.total_minor, decimals)
    if isinstance(found, FirstBill):
        return {"before": None, "after": after, "difference": None, "effects": [], "sentence": sentence}
    difference = found.after.total_minor - found.before.total_minor
    effects: list[EffectDocument] = []
    if isinstance(found, Comparison):
        effects = [
            {
                "effect": row.name,
                "amount": amount_text(row.amount_minor, decimals),
                "detail": row.evidence.text,
            }
            for row in waterfall(found)
            if row.evidence is not None
        ]
    return {
        "before": amount_text(found.before.total_minor, decimals),
        "after": after,
        "difference": amount_text(difference, decimals),
        "effects": effects,
        "sentence": sentence,
    }
