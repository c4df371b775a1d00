"""The waterfall as rows: the earlier bill, each effect from where the last one ended, the later bill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from billing.domain.explanation.comparison import Comparison
from billing.domain.explanation.evidence import evidence_of
from billing.domain.explanation.figures import Evidence
from billing.domain.explanation.nouns import noun_of


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    """A post stands for a total (starts_minor 0); a bar reaches from starts_minor to ends_minor."""

    kind: Literal["post", "effect"]
    name: str
    noun: str
    starts_minor: int
    ends_minor: int
    evidence: Evidence | None
    plural: bool = False

    @property
    def amount_minor(self) -> int:
        return self.ends_minor - self.starts_minor


def waterfall(found: Comparison) -> tuple[WaterfallRow, ...]:
    """Largest effect first; the last bar ends where the later bill stands."""
    rows = [WaterfallRow("post", "before", "", 0, found.before.total_minor, None)]
    level = found.before.total_minor
    for name, amount in sorted(
        zip(found.factors, found.effects_minor, strict=True), key=lambda pair: -abs(pair[1])
    ):
        evidence = evidence_of(found, name)
        noun = noun_of(found, name)
        rows.append(
            WaterfallRow("effect", name, noun.text, level, level + amount, evidence, plural=noun.plural)
        )
        level += amount
    rows.append(WaterfallRow("post", "after", "", 0, found.after.total_minor, None))
    return tuple(rows)
