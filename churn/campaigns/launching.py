"""A campaign begins: who is frozen, whoever must not be asked is left out with the reason, and the rest is
drawn into arms and a group that is left alone. Never commits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.tariffs.file import default_decimals
from churn.campaigns.audience import Candidate
from churn.campaigns.drafting import hold_draft, hold_draws, note_event
from churn.campaigns.drawing import SLICE, arms_drafted, drawn, stratum_of
from churn.campaigns.previewing import Preview, told_of
from churn.campaigns.sending import dearest_way
from churn.campaigns.tables import Campaign, CampaignArm
from utility_crm.kit.errors import Conflict, Refused
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

FEWEST = 10
"""Customers in all below which there is nothing to draw."""

_PUT = text("""
    insert into campaign_members (campaign_id, customer_id, account_id, arm, reason, segment, stratum,
        saving_minor, basis, drawn_at)
    select :campaign, customer_id, account_id, arm, reason, segment, stratum, saving_minor, basis, :now
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (
        customer_id bigint, account_id bigint, arm text, reason text, segment text, stratum text,
        saving_minor bigint, basis jsonb)
    order by customer_id
""")


def launch(
    session: Session, campaign_id: int, *, today: date, now: datetime, by: int | None, past: bool = False
) -> Preview:
    """Freeze who and arms, and let it run. past: as on an earlier day, as a simulated one is.

    Where it is large (`campaign_second_person_from`, `_budget`), whoever is not who asked for it begins it;
    nothing is asked of what is simulated, or of nobody (`by` None).

    Raises NotFound; Conflict where it began already; what `refuse_in_vain` raises; Refused where a second
    person has to begin it.
    """
    row = hold_draft(session, campaign_id)
    arms = arms_drafted(session, row.id)
    hold_draws(session)
    draw = drawn(session, row, arms, today, now, past)
    told = told_of(session, row, arms, draw)
    refuse_in_vain(row, arms, told, today=today, past=past)
    if by is not None and not past and needs_second(row, told.drawn) and asked_by(row) in (None, by):
        raise Refused(
            "second_person", mark("It is large: a second person begins it, once one has asked for it.")
        )
    rows = [_row(one, why, arm, row) for one, why, arm in zip(draw.found, draw.why, draw.arms, strict=True)]
    for start in range(0, len(rows), SLICE):
        given = {"campaign": row.id, "rows": json.dumps(rows[start : start + SLICE]), "now": now}
        session.execute(_PUT, given)
    row.state, row.launched_at, row.launched_by = "running", now, by
    row.planned = {
        "groups": {one.key: one.customers for one in told.groups},
        "detectable": {one.key: one.detectable for one in told.groups if one.detectable is not None},
    }
    if told.leaving is not None:
        row.planned["leaving"] = told.leaving.document()
    note_event(session, row.id, "launched", now, by, str(told.drawn))
    session.flush()
    return told


def refuse_in_vain(
    row: Campaign, arms: Sequence[CampaignArm], told: Preview, *, today: date, past: bool = False
) -> None:
    """What is wrong is said before anybody is asked whether they are sure.

    Raises Conflict where its days are over; Refused where nobody or too few are left to draw, or its budget
    does not pay for the first letter."""
    if row.ends_on < today and not past:
        raise Conflict("over", mark("Its last day for an answer is over: choose later days."), "ends_on")
    if not told.drawn:
        raise Refused("nobody", mark("Nobody is left to ask, so there is nothing to begin."))
    if told.drawn < FEWEST or any(one.customers == 0 for one in told.groups):
        words = mark("Only %(count)s customers are left: too few to draw groups from.")
        raise Refused("too_few", words, count=told.drawn)
    # a letter may go by the dearest way, so sending stops where that would not be paid for
    if row.budget_minor < dearest_way(row.costs) and any("notice" in one.ways for one in arms):
        raise Refused(
            "unpaid", mark("The budget does not pay for one letter: raise it, or let the arms do without.")
        )


def needs_second(row: Campaign, drawn: int) -> bool:
    """Whether it is so large that two people begin it: one asks, another does."""
    known = settings()
    people, budget = known.campaign_second_person_from, known.campaign_second_person_budget
    unit = 10 ** default_decimals(row.currency)
    return bool((people and drawn >= people) or (budget and row.budget_minor >= budget * unit))


def asked_by(row: Campaign) -> int | None:
    """Who asked for a draft to begin, as it stands; None: nobody."""
    found = row.planned.get("asked_by")
    return int(found) if found is not None else None


def ask_to_begin(session: Session, campaign_id: int, *, now: datetime, by: int) -> None:
    """Keep that somebody wants it to begin as it stands: another does it. Raises NotFound, Conflict."""
    row = hold_draft(session, campaign_id)
    row.planned = {"asked_by": by, "asked_at": now.isoformat()}
    session.flush()


def _row(one: Candidate, why: str, arm: str, campaign_row: Campaign) -> dict[str, Any]:
    basis: dict[str, Any] = {}
    if one.saving_minor is not None and one.on_day is not None:
        basis = {
            "own_minor": one.own_minor, "other_minor": one.other_minor, "coverage_ppm": one.coverage_ppm,
            "on_day": one.on_day.isoformat(),
        }  # fmt: skip
    return {
        "customer_id": one.customer_id, "account_id": one.account_id, "arm": arm, "reason": why,
        "segment": one.segment, "stratum": stratum_of(one) if campaign_row.stratified else "",
        "saving_minor": one.saving_minor, "basis": basis,
    }  # fmt: skip
