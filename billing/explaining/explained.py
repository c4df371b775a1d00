"""An explanation as pages and commands show it, whether a bill has one supply or several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from billing.domain.explanation.comparison import Caveat, Comparison, FirstBill, PerDay
from billing.domain.explanation.moved_days import MovedDay, moved_days
from billing.domain.explanation.waterfall import waterfall
from billing.domain.explanation.weather.record import DailyRecord
from billing.domain.explanation.words import Answer, answer_of
from billing.explaining.document import EffectRow, ExplanationDocument, SupplyWeather, explanation_document
from billing.queries.bills import BillRow
from utility_crm.web.words import mark

HOURS_UNKNOWN = mark(
    "One of the bills is by dials: at which hours it was used is not known, and not told apart."
)
"""Said where a bill by intervals was held against one by registers."""
Kind = Literal["first", "per_day", "compared"]


@dataclass(frozen=True, slots=True)
class Explained:
    """rows: largest first; where kind is `compared`, their amounts add up to the difference exactly.

    moved: the days that moved most at `moved_at`, a service point where the bill has several. weathers: of
    each service point whose weather was looked for. names: by language, what the tariffs of both bills call
    their labels. by_dials: a bill by intervals was held against one by registers, as those would have counted
    it.
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
    weathers: tuple[SupplyWeather, ...] = ()
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict, compare=False)
    by_dials: bool = False

    @property
    def difference_minor(self) -> int:
        return self.bill.total_minor - (self.against.total_minor if self.against else 0)

    @property
    def left_over_minor(self) -> int:
        """The difference less all effects: zero in every comparison."""
        return self.difference_minor - sum(row.amount_minor for row in self.rows)

    def document(self) -> ExplanationDocument:
        """The promised document of `billing explain`."""
        return explanation_document(
            self.against.total_minor if self.against else None,
            self.bill.total_minor,
            self.decimals,
            self.rows,
            self.sentence,
            self.weathers,
            compared=self.kind == "compared",
        )


def explained(
    bill: BillRow,
    against: BillRow | None,
    found: Comparison | PerDay | FirstBill,
    *,
    days: bool,
    point: str = "",
    record: DailyRecord | None = None,
) -> Explained:
    """The domain's answer about two bills of one supply each. days: also look for those that moved most;
    point: the supply's service point; record: the days its weather was looked for in."""
    answer: Answer = answer_of(found)
    kind: Kind = "compared" if isinstance(found, Comparison) else "per_day"
    if isinstance(found, FirstBill):
        kind = "first"
    rows: tuple[EffectRow, ...] = ()
    moved: tuple[MovedDay, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    weathers: tuple[SupplyWeather, ...] = ()
    if isinstance(found, Comparison):
        weathers = (SupplyWeather(point, found.weather, record),) if found.weather is not None else ()
        rows = effect_rows(found)
        caveats = found.caveats
        moved = moved_days(found) if days else ()
    decimals = found.after.decimals
    return Explained(
        bill,
        against,
        decimals,
        kind,
        answer.sentence,
        answer.if_asked_on,
        rows,
        caveats,
        moved,
        weathers=weathers,
    )


def effect_rows(found: Comparison) -> tuple[EffectRow, ...]:
    """The effects of a comparison, the largest first."""
    return tuple(
        EffectRow(
            row.name, row.noun, row.amount_minor, row.evidence.text, row.evidence.figures, plural=row.plural
        )
        for row in waterfall(found)
        if row.evidence is not None
    )
