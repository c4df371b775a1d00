"""An explanation as pages and commands show it, whether a bill has one supply or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from billing.domain.explanation.comparison import Caveat, Comparison, FirstBill, PerDay
from billing.domain.explanation.evidence import Figure
from billing.domain.explanation.moved_days import MovedDay, moved_days
from billing.domain.explanation.waterfall import waterfall
from billing.domain.explanation.words import Answer, answer_of
from billing.domain.money import amount_text
from billing.queries.bills import BillRow

Kind = Literal["first", "per_day", "compared"]


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One effect. noun: the cause as a phrase; detail: how we know it; figures: what the detail is made
    of; plural: whether the noun is."""

    effect: str
    noun: str
    amount_minor: int
    detail: str
    figures: tuple[Figure, ...] = ()
    plural: bool = False


class EffectDocument(TypedDict):
    """One effect, its amount a signed decimal string."""

    effect: str
    amount: str
    detail: str


class ExplanationDocument(TypedDict):
    """The promised document of `billing explain`; before and difference are None where there is no earlier
    bill. Effects add up to the difference exactly, except against a bill of a few days, which has none."""

    before: str | None
    after: str
    difference: str | None
    effects: list[EffectDocument]
    sentence: str


@dataclass(frozen=True, slots=True)
class Explained:
    """rows: largest first; where kind is `compared`, their amounts add up to the difference exactly.

    moved: the days that moved most at `moved_at`, a service point where the bill has several.
    """

    bill: BillRow
    against: BillRow | None
    decimals: int
    kind: Kind
    sentence: str
    if_asked_on: str
    rows: tuple[EffectRow, ...]
    caveats: tuple[Caveat, ...] = ()
    moved: tuple[MovedDay, ...] = ()
    moved_at: str = ""

    @property
    def difference_minor(self) -> int:
        return self.bill.total_minor - (self.against.total_minor if self.against else 0)

    @property
    def left_over_minor(self) -> int:
        """The difference less all effects: zero in every comparison."""
        return self.difference_minor - sum(row.amount_minor for row in self.rows)

    def document(self) -> ExplanationDocument:
        """The promised document of `billing explain`: totals, and effects as signed decimal strings."""

        def amount(minor: int) -> str:
            return amount_text(minor, self.decimals)

        return {
            "before": amount(self.against.total_minor) if self.against else None,
            "after": amount(self.bill.total_minor),
            "difference": amount(self.difference_minor) if self.against else None,
            "effects": [
                {"effect": row.effect, "amount": amount(row.amount_minor), "detail": row.detail}
                for row in self.rows
            ],
            "sentence": self.sentence,
        }


def explained(
    bill: BillRow, against: BillRow | None, found: Comparison | PerDay | FirstBill, *, days: bool
) -> Explained:
    """The domain's answer about two bills of one supply each. days: also look for those that moved most."""
    answer: Answer = answer_of(found)
    kind: Kind = "compared" if isinstance(found, Comparison) else "per_day"
    if isinstance(found, FirstBill):
        kind = "first"
    rows: tuple[EffectRow, ...] = ()
    moved: tuple[MovedDay, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    if isinstance(found, Comparison):
        rows = effect_rows(found)
        caveats = found.caveats
        moved = moved_days(found) if days else ()
    decimals = found.after.decimals
    return Explained(bill, against, decimals, kind, answer.sentence, answer.if_asked_on, rows, caveats, moved)


def effect_rows(found: Comparison) -> tuple[EffectRow, ...]:
    """The effects of a comparison, the largest first."""
    return tuple(
        EffectRow(
            row.name, row.noun, row.amount_minor, row.evidence.text, row.evidence.figures, plural=row.plural
        )
        for row in waterfall(found)
        if row.evidence is not None
    )
