"""Segments of the simulated utility: a few that its marketer saved, with two months of sizes, and the facts
they stand on."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from utility_crm.auth.tables import User
from utility_crm.demo.context import DemoBuild
from utility_crm.kit.errors import Invalid, Refused
from utility_crm.segments.actions import freeze_segment, refresh_facts, save_segment
from utility_crm.segments.domain.tree import read_tree
from utility_crm.segments.offers import offers
from utility_crm.segments.tables import SegmentSize

WEEKS: Final = 8
_HOUSEHOLD = {"fact": "customer_kind", "op": "any_of", "values": ["household"]}
_WRITTEN_TO = {"fact": "may_be_written_to", "op": "any_of", "values": ["email", "sms"]}
_NO_CARE = {"not": {"fact": "needs_care", "op": "yes"}}
_NO_COMPLAINT = {"not": {"fact": "open_complaint", "op": "yes"}}
SEGMENTS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    (
        "Households who may leave",
        {
            "and": [
                _HOUSEHOLD,
                {
                    "or": [
                        {"fact": "chance_to_leave", "op": "at_least", "values": [15]},
                        {"fact": "agreement_ends", "op": "in_next_days", "values": [60]},
                    ]
                },
                _NO_COMPLAINT,
                _NO_CARE,
                _WRITTEN_TO,
            ]
        },
    ),
    (
        "Read remotely, use much",
        {
            "and": [
                {"fact": "read_remotely", "op": "yes"},
                {"fact": "yearly_use", "op": "above", "values": [4000]},
                _NO_CARE,
            ]
        },
    ),
    ("Solar roofs", {"and": [{"fact": "feeds_in", "op": "yes"}, _HOUSEHOLD]}),
    (
        "Late but talking to us",
        {
            "and": [
                {"fact": "overdue", "op": "above", "values": [0]},
                {"fact": "contacts_90", "op": "at_least", "values": [1]},
            ]
        },
    ),
)
FROZEN: Final = "Asked in autumn"


def build(context: DemoBuild) -> None:
    """The facts are worked out, then segments are saved as a person would."""
    now = min(context.now, datetime.combine(context.plan.as_of, time(7), UTC))
    with context.steps.step("Segments"), context.session() as session:
        refresh_facts(session, now, now)
        owner = session.scalar(select(User.id).where(User.role == "marketer").order_by(User.id).limit(1))
        for name, document in [*SEGMENTS, *_of_a_saving(session), (FROZEN, SEGMENTS[0][1])]:
            try:
                tree = read_tree(document, offers())
            except Invalid:
                continue  # a package that offers one of its facts is not installed
            made = save_segment(session, name, tree, now, by=owner)
            if name == FROZEN:
                with suppress(Refused):  # where a small utility has nobody like that, it stays open
                    freeze_segment(session, made, "the list of the autumn letter", now)
            else:
                _grew(session, made, context.plan.as_of)


def _of_a_saving(session: Session) -> list[tuple[str, dict[str, Any]]]:
    """Who would save on a tariff by the hour."""
    known = "select code from tariffs order by (code like '%night%') desc, code limit 1"
    code = session.execute(text(known)).scalar_one_or_none()
    if code is None:
        return []
    saving = {"fact": "saving_on", "parameter": code, "op": "above", "values": [4000]}
    return [("Would save on another tariff", {"and": [_HOUSEHOLD, saving, _NO_CARE, _WRITTEN_TO]})]


def _grew(session: Session, segment_id: int, as_of: date) -> None:
    """Sizes of the weeks before: some fewer the longer ago, the same for the same segment."""
    size = session.scalar(select(SegmentSize.size).where(SegmentSize.segment_id == segment_id))
    if size is None:
        return
    for week in range(1, WEEKS + 1):
        fewer = size * week * (2 + (segment_id * 7 + week * 5) % 4) // 200
        on_day = as_of - timedelta(weeks=week)
        session.add(SegmentSize(segment_id=segment_id, on_day=on_day, size=max(size - fewer, 0)))
