"""Verdicts as they are kept: written once, read by whoever shows them. Never commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from churn.campaigns.results.counting import Tally
from churn.campaigns.results.rows import Moved, Row
from churn.campaigns.tables import CampaignCounts, CampaignVerdict
from churn.domain.campaigns.effects import Effect
from churn.domain.campaigns.judging import Outcome

_MOVED = text("""
    update campaign_verdicts v set checked_on = :today, moved = r.moved
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (outcome text, arm text, segment text, moved jsonb)
    where v.campaign_id = :id and (v.outcome, v.arm, v.segment) = (r.outcome, r.arm, r.segment)
""")
MOVED_ROWS = _MOVED
"""Keeps, of rows in `:rows`, what their figures moved to by `:today` (null: nothing else)."""


def kept_rows(session: Session, campaign_id: int) -> list[Row]:
    """All that is judged of a campaign: all together first, then by arm, then by segment. One statement."""
    statement = (
        select(CampaignVerdict)
        .where(CampaignVerdict.campaign_id == campaign_id)
        .order_by(CampaignVerdict.segment, CampaignVerdict.arm)
    )
    return [_row(one) for one in session.scalars(statement)]


def keep_verdicts(
    session: Session, campaign_id: int, rows: Iterable[Row], *, now: datetime, today: date
) -> set[Outcome]:
    """Write down what was judged; what stands there already stays as it is. Which questions are new."""
    given = [_values(campaign_id, row, now, today) for row in rows]
    if not given:
        return set()
    statement = insert(CampaignVerdict).on_conflict_do_nothing().returning(CampaignVerdict.outcome)
    return set(session.scalars(statement, given).all())  # type: ignore[arg-type]


def keep_counts(session: Session, campaign_id: int, tally: Tally, spent_minor: int, today: date) -> None:
    """Write down how the groups stood when the last of their shares was judged; once."""
    given = {
        "campaign_id": campaign_id, "counted_on": today, "spent_minor": spent_minor,
        "groups": tally.document(),
    }  # fmt: skip
    session.execute(insert(CampaignCounts).values(given).on_conflict_do_nothing())


def moved_document(row: Row, today: date) -> dict[str, Any]:
    """A later day's figures of a verdict, as `campaign_verdicts.moved` keeps them."""
    return {
        "on": today.isoformat(), "count": row.count, "of": row.of, "control": row.control,
        "of_control": row.of_control, "effect": None if row.effect is None else _ends(row.effect),
    }  # fmt: skip


def _values(campaign_id: int, row: Row, now: datetime, today: date) -> dict[str, Any]:
    difference, low, high = (None, None, None) if row.effect is None else _ends(row.effect)
    return {
        "campaign_id": campaign_id, "outcome": row.outcome, "arm": row.arm, "segment": row.segment,
        "count": row.count, "of_arm": row.of, "control": row.control, "of_control": row.of_control,
        "difference": difference, "low": low, "high": high, "level": row.level, "verdict": row.verdict,
        "source": row.source, "judged_on": today, "judged_at": now, "checked_on": today,
    }  # fmt: skip


def _ends(effect: Effect) -> Sequence[float]:
    return [effect.difference, effect.low, effect.high]


def _row(one: CampaignVerdict) -> Row:
    effect = None
    if one.difference is not None and one.low is not None and one.high is not None:
        effect = Effect(one.difference, one.low, one.high)
    return Row(
        one.outcome, one.arm, one.segment, one.count, one.of_arm, one.control, one.of_control,  # type: ignore[arg-type]
        effect, one.verdict, one.level, one.source, one.judged_on,  # type: ignore[arg-type]
        None if one.moved is None else _moved(one.moved),
    )  # fmt: skip


def _moved(told: Mapping[str, Any]) -> Moved:
    effect = None if told["effect"] is None else Effect(*told["effect"])
    on_day = date.fromisoformat(told["on"])
    return Moved(on_day, told["count"], told["of"], told["control"], told["of_control"], effect)
