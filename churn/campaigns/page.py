"""The page of one campaign: its questions, answered from what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from billing.what_if.report import Bin, histogram_of
from churn.campaigns.audience import CARE, Audience, Step, funnel
from churn.campaigns.calling import CallLine, call_list, to_call
from churn.campaigns.drafting import asked_of
from churn.campaigns.keeping import Leaving, as_planned
from churn.campaigns.pictures import Curve, Intervals, curve, intervals
from churn.campaigns.previewing import Preview, preview
from churn.campaigns.queries import (
    ArmRow,
    LogRow,
    Person,
    arms,
    care_first,
    kept_back,
    left_out,
    log,
    savings,
    some_of_them,
)
from churn.campaigns.queries import curve as kept_days
from churn.campaigns.results import Campaigned, Results, campaigned, results
from churn.campaigns.sending import offers_of
from churn.campaigns.tables import Campaign
from churn.uplift.page import Moves, moves
from notifications.types.campaign import Offer
from utility_crm.segments.domain.tree import leaves_of
from utility_crm.segments.queries import choices_of
from utility_crm.segments.words import Words

OF_DRAFT = ("who", "saving", "not", "arms", "change")
OF_RUNNING = ("who", "saving", "not", "arms", "result", "keeps", "cost", "earns")
CALLS, MOVES = "calls", "moves"
OUTCOMES = {"result": "taken", "keeps": "lost", "earns": "margin"}
"""What is held against control, by question."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition in words ("" is who a segment was frozen with), of a saved segment or, `named` "", the
    campaign's own; and how many customers are left after it."""

    said: str
    named: str
    left: int
    dropped: int


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """Everything the template shows. preview: of a draft; told: of what began. Evidence of questions that
    were not chosen is empty."""

    chosen: str
    asks: tuple[str, ...]
    campaign: Campaigned
    audience: Audience
    arms: Sequence[ArmRow]
    log: Sequence[LogRow]
    left_out: Sequence[tuple[str, int]]
    everybody: int
    rules: Sequence[Rule]
    preview: Preview | None
    told: Results | None
    saving_median: int | None
    sample: Offer | None
    to_call: int = 0
    readable: bool = True
    kept_back: Sequence[tuple[str, int]] = ()
    care: Sequence[Person] = ()
    some: Sequence[Person] = ()
    bins: Sequence[Bin] = ()
    intervals: Intervals | None = None
    curve: Curve | None = None
    calls: Sequence[CallLine] = ()
    moves: Moves | None = None

    @property
    def outcome(self) -> str:
        """What the chosen question is about."""
        return OUTCOMES.get(self.chosen, "taken")

    @property
    def draft(self) -> bool:
        return self.campaign.state == "draft"

    @property
    def drawn(self) -> int:
        """Customers in all groups, or who would be."""
        if self.preview is not None:
            return self.preview.drawn
        return 0 if self.told is None else self.told.asked.customers + self.told.control.customers

    @property
    def out(self) -> int:
        """Customers who are left out before the draw."""
        return sum(count for _, count in self.left_out)

    @property
    def care_first(self) -> int:
        return sum(count for reason, count in self.left_out if reason == CARE)

    @property
    def detectable(self) -> float | None:
        """The least rise that the best placed arm shows, as it was told before it began."""
        if self.preview is not None:
            return self.preview.best
        return min(self.campaign.planned.get("detectable", {}).values(), default=None)

    @property
    def leaving(self) -> Leaving | None:
        """Who would leave, and what fall of it would be seen, as it was told before it began."""
        return self.preview.leaving if self.preview is not None else as_planned(self.campaign.planned)


def campaign_page(
    session: Session, campaign_id: int, ask: str, *, today: date, now: datetime, language: str
) -> CampaignPage:
    """The page with one question answered in full. Raises NotFound."""
    one = campaigned(session, campaign_id)
    row = session.get_one(Campaign, campaign_id)
    draft = one.state == "draft"
    lines = arms(session, campaign_id)
    listed = [line for line in lines if "call" in line.ways]
    asks = OF_DRAFT if draft else (*OF_RUNNING, *((CALLS,) if listed else ()), MOVES)
    chosen = ask if ask in asks else "who" if draft else "result"
    calls = call_list(session, campaign_id) if chosen == CALLS else []
    told = None if draft else results(session, campaign_id, today)
    seen = preview(session, row, today=today, now=now) if draft else None
    audience = Audience.of(row.audience)
    told_of = funnel(session, asked_of(row), today, now) if chosen == "who" else (0, ())
    known = savings(session, campaign_id) if seen is None else seen.savings
    evidence: dict[str, Any] = {"readable": told_of is not None}
    everybody, steps = told_of or (0, ())
    if chosen == "not" and not draft:
        evidence = {"care": care_first(session, campaign_id), "kept_back": kept_back(session, campaign_id)}
    if chosen == "who" and not draft:
        evidence |= {"some": some_of_them(session, campaign_id)}
    if chosen == "saving":
        amounts = np.array([value for value in known if value], dtype=np.int64)
        evidence = {"bins": histogram_of(amounts)}
    if chosen in OUTCOMES and told is not None:
        mine = [line for line in told.rows if line.outcome == OUTCOMES[chosen]]
        evidence = {"intervals": intervals(mine)}
        if chosen == "result":
            evidence["curve"] = curve(kept_days(session, campaign_id), told)
    return CampaignPage(
        chosen, asks, one, audience, lines, log(session, campaign_id),
        seen.left_out if seen is not None else left_out(session, campaign_id), everybody,
        _rules(session, steps, one.currency, language), seen, told,
        round(median(known)) if known else None, _sample(lines, one, known, language),
        to_call=to_call(session, campaign_id) if listed and not draft else 0, calls=calls,
        moves=None if draft else moves(session, campaign_id, one.kind), **evidence,
    )  # fmt: skip


def _rules(session: Session, steps: Sequence[Step], currency: str, language: str) -> list[Rule]:
    parts = [step.part for step in steps if step.part is not None]
    facts = {leaf.fact for part in parts for leaf in leaves_of(part)}
    words = Words(language, currency, choices_of(session, facts) if facts else {})
    return [
        Rule("" if step.part is None else words.tree(step.part), step.named, step.left, step.dropped)
        for step in steps
    ]


def _sample(lines: Sequence[ArmRow], one: Campaigned, known: Sequence[int], language: str) -> Offer | None:
    """What one customer reads: the middle one's figures, in the reader's language."""
    written = next((line for line in lines if "notice" in line.ways), lines[0] if lines else None)
    if written is None:
        return None
    saving = round(median(known)) if known else None
    offers = offers_of(dict(written.words), one, saving)
    return offers.get(language) or offers.get("en")
