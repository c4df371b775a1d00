"""How many of those drawn would leave, by the chances that are kept, and what fall of it would be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.domain.campaigns.power import detectable_fall
from utility_crm.segments.domain.guarding import Group, mean_of

_CHANCE: Final = text("""
    select avg(score), count(*), sum(score), max(score) from churn_scores
    where customer_id = any(cast(:customers as bigint[]))
""")


@dataclass(frozen=True, slots=True)
class Leaving:
    """Told before a campaign begins, shares of one. share: of all who are drawn, who would leave within 90
    days of the draw by choice; fall: the least fall of it that all arms together show against control, None
    where not even that nobody leaves would be seen."""

    share: float
    fall: float | None

    def document(self) -> dict[str, Any]:
        """As it is kept with the plan."""
        return asdict(self)


def leaving(session: Session, customers: Sequence[int], alone: int) -> Leaving | None:
    """Of those who would be drawn, `alone` of them into control; None where the chances of fewer than half of
    them are known, or none is drawn into a group, or it would tell of one of them (the 15/15 rule)."""
    chance, known, total, largest = session.execute(_CHANCE, {"customers": list(customers)}).one()
    asked = len(customers) - alone
    if not alone or not asked or 2 * known < len(customers):
        return None
    if mean_of(Group("", len(customers), known, Fraction(total), Fraction(largest))) is None:
        return None
    share = float(chance)
    return Leaving(share, detectable_fall(share, asked, alone))


def as_planned(planned: Mapping[str, Any]) -> Leaving | None:
    """What was told before it began; None where it was not."""
    kept = planned.get("leaving")
    return None if kept is None else Leaving(kept["share"], kept["fall"])
