"""What can be offered, what it costs, and what finished campaigns measured of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.campaigns.audience import Asked, Audience, candidates, parts_of, saved_of
from churn.campaigns.results import Results, results
from churn.campaigns.words import BY_SAVING
from churn.domain.campaigns.effects import ratio_of_shares
from churn.domain.value.next_action import Measured, Offer
from utility_crm.segments.domain.tree import And, Tree, leaves_of

# Of so much of each thing offered the newest campaign says what it costs; the newest that is over, what it
# did.
_CAMPAIGNS = text("""
    select distinct on (c.offer, c.tariff_id, c.amount, c.state = 'finished')
           c.id, c.code, c.name, c.offer, c.kind, c.tariff_id, c.amount, c.costs, c.baseline_ppm, c.audience,
           c.state = 'finished' as finished, coalesce(t.name, '') as tariff
    from campaigns c left join tariffs t on t.id = c.tariff_id
    where c.launched_at is not null and c.currency = :currency
    order by c.offer, c.tariff_id, c.amount, c.state = 'finished', c.launched_at desc, c.id desc
""")
OF_THEMSELVES = ("customer_kind", "area", "city", "tariff", "read_remotely", "feeds_in")
"""Facts of what a customer is and has, as whom an offer is for asks about them."""


@dataclass(frozen=True, slots=True)
class Catalogued:
    """An offer as campaigns know it. key, name: of the newest campaign with it; measured_by: the code of the
    finished one that `measured` comes from; tried, lost, control, lost_control: its counts. whom: whom it is
    for."""

    key: str
    name: str
    offer: str
    kind: str
    tariff_id: int | None
    tariff: str
    amount: int | None
    cost_minor: float
    whom: Tree
    measured_by: str = ""
    measured: Measured | None = None
    tried: int = 0
    lost: int = 0
    control: int = 0
    lost_control: int = 0

    @property
    def plain(self) -> Offer:
        return Offer(self.key, self.name, self.cost_minor, self.measured)


def catalogue(session: Session, currency: str, today: date) -> list[Catalogued]:
    """Everything that a campaign offered or offers. A finished campaign is read once for each thing offered,
    of which there are a handful."""
    rows = session.execute(_CAMPAIGNS, {"currency": currency}).all()
    found: dict[tuple[str, int | None, int | None], Catalogued] = {}
    for row in sorted(rows, key=lambda one: one.finished):  # what is over comes last and adds to what runs
        key = (row.offer, row.tariff_id, row.amount)
        before = found.get(key)
        planned = float(row.costs.get("email", 0)) + row.baseline_ppm / 1e6 * row.costs.get("accepted", 0)
        one = before or Catalogued(
            row.code,
            row.name,
            row.offer,
            row.kind,
            row.tariff_id,
            row.tariff,
            row.amount,
            planned,
            _whom(session, Audience.of(row.audience)),
        )
        found[key] = _with_result(one, results(session, row.id, today)) if row.finished else one
    return sorted(found.values(), key=lambda one: one.key)


def must_not(
    session: Session, offers: Sequence[Catalogued], today: date, now: datetime
) -> dict[str, dict[int, str]]:
    """Of each offer, why customers must not be asked ("" where they may), by the same rules as its campaigns
    have: one statement an offer. Whoever stands in none is not whom it is for, or has it already."""
    found = {}
    for one in offers:
        asked = Asked(Audience(one.whom), one.kind, one.tariff_id, one.offer in BY_SAVING)
        rows = candidates(session, asked, today, now)
        found[one.key] = {row.customer_id: row.reason for row in rows if row.reason != "on_it"}
    return found


def _whom(session: Session, audience: Audience) -> Tree:
    """Whom it is for, as far as they cannot help it: what they would save, and whether they may leave, is
    judged for each."""
    saved = saved_of(session, audience)
    asked = [tree for tree in (saved.tree if saved else None, audience.tree) if tree is not None]
    parts = [part for tree in asked for part in parts_of(tree)]
    return And(tuple(part for part in parts if all(leaf.fact in OF_THEMSELVES for leaf in leaves_of(part))))


def _fewer(ratio: float | None) -> float | None:
    return None if ratio is None else 1 - ratio


def _with_result(one: Catalogued, told: Results) -> Catalogued:
    row = told.row("lost")
    cost = told.spent_minor / told.asked.customers if told.asked.customers else one.cost_minor
    measured = None
    if row is not None and row.effect is not None and row.level is not None and row.verdict != "unseen":
        found = ratio_of_shares(row.count, row.of, row.control, row.of_control, row.level)
        measured = Measured(_fewer(found.ratio), _fewer(found.high), 1 - found.low, row.verdict)
    counts = (row.of, row.count, row.of_control, row.control) if row is not None else (0, 0, 0, 0)
    tried, lost, control, lost_control = counts
    return replace(
        one, cost_minor=cost, measured_by=told.campaign.code, measured=measured, tried=tried, lost=lost,
        control=control, lost_control=lost_control,
    )  # fmt: skip
