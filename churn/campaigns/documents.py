"""What commands of campaigns promise as JSON (docs/campaigns.md)."""

from __future__ import annotations

from typing import Any

from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from churn.campaigns.listed import Line
from churn.campaigns.results import Counts, Moved, Results, Row


def document(told: Results) -> dict[str, Any]:
    """The promised document of `campaigns results`."""
    one = told.campaign
    decimals = default_decimals(one.currency)

    def money(minor: float | None) -> str | None:
        return None if minor is None else amount_text(round(minor), decimals)

    back, kept = told.romi, told.kept_margin
    return {
        "campaign": one.code, "name": one.name, "offer": one.offer, "tariff": one.tariff or None,
        "state": one.state, "as_of": told.on_day.isoformat(), "decides_on": one.decides_on.isoformat(),
        "days": {outcome: day.isoformat() for outcome, day in one.days.items()},
        "detectable": dict(one.planned.get("detectable", {})),
        "leaving": one.planned.get("leaving"),
        "groups": {key: _counts(counts) for key, counts in told.by_arm.items()},
        "by_segment": [
            {"arm": arm, "segment": segment, **_counts(counts)}
            for (arm, segment), counts in told.by_segment.items()
        ],
        "by_channel": [
            {"arm": arm, "channel": channel or None, **_counts(counts)}
            for (arm, channel), counts in told.by_channel.items()
        ],
        "effects": [_effect(row) for row in told.rows],
        "earned_by": told.stands_on or None,
        "spent": money(told.spent_minor), "budget": money(one.budget_minor),
        "margin": None if kept is None else
            {"difference": money(kept.difference), "low": money(kept.low), "high": money(kept.high)},
        "romi": None if back is None else {"value": back.difference, "low": back.low, "high": back.high},
    }  # fmt: skip


def _counts(counts: Counts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in counts.__slots__}


def _effect(row: Row) -> dict[str, Any]:
    effect = row.effect
    return {
        "outcome": row.outcome, "arm": row.arm or None, "segment": row.segment or None, "count": row.count,
        "of": row.of, "control": row.control, "of_control": row.of_control, "verdict": row.verdict,
        "difference": None if effect is None else effect.difference,
        "low": None if effect is None else effect.low, "high": None if effect is None else effect.high,
        "level": row.level, "judged_on": row.judged_on and row.judged_on.isoformat(),
        "moved": None if row.moved is None else _moved(row.moved),
    }  # fmt: skip


def _moved(now: Moved) -> dict[str, Any]:
    effect = now.effect
    return {
        "on": now.on_day.isoformat(), "count": now.count, "of": now.of, "control": now.control,
        "of_control": now.of_control, "difference": None if effect is None else effect.difference,
        "low": None if effect is None else effect.low, "high": None if effect is None else effect.high,
    }  # fmt: skip


def line_document(one: Line) -> dict[str, Any]:
    """A line of `campaigns list`."""
    return {
        "campaign": one.code, "name": one.name, "kind": one.kind, "offer": one.offer,
        "tariff": one.tariff or None, "state": one.state, "starts_on": one.starts_on.isoformat(),
        "ends_on": one.ends_on.isoformat(), "decides_on": one.decides_on.isoformat(), "drawn": one.drawn,
        "control": one.control, "sent": one.sent, "accepted": one.accepted, "to_call": one.to_call,
        "verdicts": dict(one.verdicts),
    }  # fmt: skip
