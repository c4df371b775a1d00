"""What is kept of whom a campaign moves: session in, frozen values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of `campaign_uplift`, without its model."""

    outcome: str
    arm: str
    day: date
    state: str
    figures: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """As the command gives it."""
        return {"outcome": self.outcome, "arm": self.arm or None, "state": self.state, **self.figures}


_KEPT = text("""
    select outcome, arm, day, state, figures from campaign_uplift
    where campaign_id = :id order by outcome, arm
""")


def kept(session: Session, campaign_id: int) -> Sequence[Kept]:
    """All that is known; empty before its day. One statement."""
    return [Kept(*row) for row in session.execute(_KEPT, {"id": campaign_id})]
