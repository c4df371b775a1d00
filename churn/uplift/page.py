"""What the campaign's page shows of whom it moves, from what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.domain.uplift.verdicts import LEAVING, SAVING, TRANSFORMED, UPLIFT
from churn.uplift.facts import MOST, WORTHY
from churn.uplift.pictures import Chart, Lanes, chart, lanes
from churn.uplift.queries import Kept, kept

STAYING = "retention"
_FINDS = text(f"select :id in (select campaign_id from ({WORTHY}) w order by day desc, code limit {MOST})")


@dataclass(frozen=True, slots=True)
class Moves:
    """The answer. shown: the outcome that the campaign is for, all arms together, or the other one where only
    that can be told; None before anything was learned. wanted: the one it is for. every: all that is kept.
    finds: whether it says of others whom to ask (`churn.uplift.moving`)."""

    wanted: str
    shown: Kept | None
    every: Sequence[Kept]
    finds: bool = False

    @property
    def told(self) -> bool:
        return self.shown is not None and self.shown.state == "told"

    @property
    def figures(self) -> Mapping[str, Any]:
        return {} if self.shown is None else self.shown.figures

    @property
    def rankings(self) -> Mapping[str, Any]:
        """In the order of the table."""
        found = self.figures.get("rankings", {})
        return {name: found[name] for name in (UPLIFT, TRANSFORMED, LEAVING, SAVING) if name in found}

    @property
    def than(self) -> Mapping[str, Any]:
        """By ranking, how much uplift is better than it."""
        return {one["than"]: one for one in self.figures.get("differences", ())}

    @property
    def arms(self) -> Sequence[Kept]:
        """The same outcome, arm by arm."""
        return [one for one in self.every if self.shown and one.arm and one.outcome == self.shown.outcome]

    @property
    def other(self) -> Kept | None:
        """The other outcome, all arms together."""
        return next(
            (one for one in self.every if self.shown and not one.arm and one.outcome != self.shown.outcome),
            None,
        )

    @property
    def worth_asking(self) -> float:
        """From how many won of a hundred alike it pays to ask them; where nobody told what one earns, as many
        as the campaign won on the whole. One decimal, which is a tenth at least."""
        cut = self.figures.get("cut")
        pays = cut["cost_minor"] / cut["worth_minor"] if cut else self.figures["effect"]["difference"]
        return max(0.1, round(100 * float(pays), 1))

    @property
    def chart(self) -> Chart | None:
        return chart(self.rankings) if self.told else None

    @property
    def lanes(self) -> Lanes | None:
        return lanes(self.rankings) if self.told else None


def moves(session: Session, campaign_id: int, kind: str) -> Moves:
    """Two statements."""
    every = kept(session, campaign_id)
    wanted = "stayed" if kind == STAYING else "taken"
    whole = sorted(
        (one for one in every if not one.arm), key=lambda one: (one.state != "told", one.outcome != wanted)
    )
    finds = bool(session.scalar(_FINDS, {"id": campaign_id}))
    return Moves(wanted, whole[0] if whole else None, every, finds)
