"""What the command says. Loads frames and scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from churn.uplift.actions import learn_uplift
from churn.uplift.queries import Kept

SENTENCES = {
    "beats_leaving": "uplift ranks better than the chance of leaving",
    "as_good_as_leaving": "the chance of leaving ranks as well",
    "leaving_better": "the chance of leaving ranks better",
    "better": "better than asking at random",
    "only_leaving": "the chance of leaving is better than asking at random, uplift adds nothing that is seen",
    "worse": "worse than asking at random",
    "none": "not better than asking at random: no difference seen",
    "early": "not better than asking at random: too early to say",
}


@dataclass(frozen=True, slots=True)
class Told:
    """document: as promised in docs/campaigns.md; words: for a person."""

    document: Mapping[str, Any]
    words: str


def told(session: Session, campaign_id: int, code: str, *, now: datetime, today: date) -> Told:
    """Learn, keep and say. Raises NotFound, Conflict."""
    made = learn_uplift(session, campaign_id, now=now, today=today)
    found = [Kept(one.outcome, one.arm, one.day, one.state, one.figures) for one in made]
    document = {"campaign": code, "as_of": today.isoformat(), "uplift": [one.document() for one in found]}
    return Told(document, "\n".join(line for one in found for line in _lines(one)))


def _lines(one: Kept) -> list[str]:
    figures = one.figures
    whom = f"{one.outcome}, {'arm ' + one.arm if one.arm else 'all arms'}"
    if one.state != "told":
        return [
            f"{whom}: too few to learn from ({figures['asked_had']} of {figures['asked']} asked, "
            f"{figures['alone_had']} of {figures['alone']} left alone)"
        ]
    lines = [f"{whom}: {SENTENCES[figures['sentence']]}"]
    for name, ranking in figures["rankings"].items():
        area = ranking["qini"]
        lines.append(
            f"  {name:<22}{100 * area['value']:+.2f} in 100 beyond random "
            f"({100 * area['low']:+.2f} to {100 * area['high']:+.2f})"
        )
    return lines
