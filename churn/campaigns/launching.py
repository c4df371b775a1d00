"""A campaign begins: who is frozen, whoever must not be asked is left out with the reason, and the rest is
drawn into arms and a group that is left alone. Never commits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from billing.domain.tariffs.file import default_decimals
from churn.campaigns.audience import Candidate, candidates, summed_up
from churn.campaigns.drafting import HOUSE, asked_of, hold_draft, hold_draws, key_of, note_event
from churn.campaigns.keeping import Leaving, leaving
from churn.campaigns.tables import Campaign, CampaignArm
from churn.domain.campaigns.assigning import CONTROL, Share, arms_of, controls
from churn.domain.campaigns.looks import each_of
from churn.domain.campaigns.power import detectable
from notifications.domain.permission import Withhold
from notifications.outbox.queueing import foresee
from notifications.types.campaign import TYPE, Offer, campaign
from utility_crm.kit.errors import Conflict, Refused
from utility_crm.kit.settings import settings
from utility_crm.kit.shares import LEVEL
from utility_crm.web.words import mark

SLICE = 5000
FEWEST = 10
"""Customers in all below which there is nothing to draw."""

_MAY_BE_CALLED = text("""
    select distinct on (s.customer_id) s.customer_id, s.granted
    from consents s
    where s.customer_id = any(cast(:customers as bigint[])) and s.purpose = 'marketing' and s.channel = 'call'
    order by s.customer_id, s.at desc, s.id desc
""")
_HAS_PHONE = text("""
    select distinct customer_id from contact_points
    where customer_id = any(cast(:customers as bigint[])) and kind = 'phone'
""")
_PUT = text("""
    insert into campaign_members (campaign_id, customer_id, account_id, arm, reason, segment, stratum,
        saving_minor, basis, drawn_at)
    select :campaign, customer_id, account_id, arm, reason, segment, stratum, saving_minor, basis, :now
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (
        customer_id bigint, account_id bigint, arm text, reason text, segment text, stratum text,
        saving_minor bigint, basis jsonb)
    order by customer_id
""")


@dataclass(frozen=True, slots=True)
class Group:
    """An arm or the control group as it would be drawn: how many, and the least rise above the usual that
    would be seen in it, a share of one; None where none would."""

    key: str
    customers: int
    detectable: float | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come of beginning now."""

    drawn: int
    groups: tuple[Group, ...]
    left_out: tuple[tuple[str, int], ...]
    savings: tuple[int, ...] = ()
    """What those who would be drawn would save in a year, the least first; minor units."""
    leaving: Leaving | None = None
    """Of those who would be drawn; None where their chances are not known."""

    @property
    def alone(self) -> int:
        """Customers in the control group."""
        return self.groups[-1].customers

    @property
    def out(self) -> int:
        """Customers who are left out before the draw."""
        return sum(count for _, count in self.left_out)

    @property
    def best(self) -> float | None:
        """The least rise that some arm would show."""
        found = [one.detectable for one in self.groups if one.detectable is not None]
        return min(found, default=None)


@dataclass(frozen=True, slots=True)
class _Draw:
    found: Sequence[Candidate]
    why: Sequence[str]
    arms: Sequence[str]


def preview(session: Session, row: Campaign, *, today: date, now: datetime) -> Preview:
    """What beginning now would come to; nothing is kept but the secrets of its draw."""
    return preview_of(session, row, arms_drafted(session, row.id), today=today, now=now)


def preview_of(
    session: Session, row: Campaign, arms: Sequence[CampaignArm], *, today: date, now: datetime
) -> Preview:
    """The same of a campaign that need not be kept, with these arms."""
    return _preview(session, row, arms, _drawn(session, row, arms, today, now, False))


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
    draw = _drawn(session, row, arms, today, now, past)
    told = _preview(session, row, arms, draw)
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
    dearest = max(int(row.costs.get(way, 0)) for way in TYPE.channels)
    if row.budget_minor < dearest and any("notice" in one.ways for one in arms):
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


def arms_drafted(session: Session, campaign_id: int) -> Sequence[CampaignArm]:
    """A campaign's arms, by their letters."""
    statement = select(CampaignArm).where(CampaignArm.campaign_id == campaign_id).order_by(CampaignArm.key)
    return session.scalars(statement).all()


def _drawn(
    session: Session, row: Campaign, arms: Sequence[CampaignArm], today: date, now: datetime, past: bool
) -> _Draw:
    found = candidates(session, replace(asked_of(row), past=past), today, now)
    unreached = _unreached(session, row, arms, [one for one in found if not one.reason], now)
    why = [one.reason or unreached.get(one.customer_id, "") for one in found]
    free = [one for one, reason in zip(found, why, strict=True) if not reason]
    customers = [one.customer_id for one in free]
    alone = controls(
        customers, key_of(session, row.kind), row.control_ppm / 1e6,
        key_of(session, HOUSE), settings().campaign_holdout_percent / 100,
    )  # fmt: skip
    asked = [one for one, control in zip(free, alone, strict=True) if not control]
    strata = [_stratum(one) for one in asked] if row.stratified else None
    shares = [Share(one.key, one.weight) for one in arms]
    ids = [one.customer_id for one in asked]
    arm = dict(zip(ids, arms_of(ids, shares, row.secret, strata), strict=True))
    of = {one: arm.get(one, CONTROL) for one in customers}
    return _Draw(found, why, [of.get(one.customer_id, "") for one in found])


def _unreached(
    session: Session, row: Campaign, arms: Sequence[CampaignArm], free: Sequence[Candidate], now: datetime
) -> dict[int, str]:
    """Whoever some arm could not reach is left out of all of them, so that groups are alike."""
    ways = {way for one in arms for way in one.ways}
    why: dict[int, str] = {}
    ids = [one.customer_id for one in free]
    if "call" in ways:
        allowed = {key for key, granted in session.execute(_MAY_BE_CALLED, {"customers": ids}) if granted}
        phones = set(session.scalars(_HAS_PHONE, {"customers": ids}))
        why |= {one: "no_call_consent" for one in ids if one not in allowed}
        why |= {one: "no_address" for one in ids if one in allowed and one not in phones}
    if "notice" in ways:
        offers = {"en": Offer("-", ("-",), "-")}
        for start in range(0, len(ids), SLICE):
            part = [one for one in ids[start : start + SLICE] if one not in why]
            asked = [
                campaign(customer_id=one, code=row.code, offers=offers, last_on=row.ends_on) for one in part
            ]
            for one, verdict in zip(part, foresee(session, asked, now), strict=True):
                if isinstance(verdict, Withhold):
                    why[one] = str(verdict.reason)
    return why


def _stratum(one: Candidate) -> str:
    saving = one.saving_minor
    return f"{one.segment}/{one.area}/{'' if saving is None else len(str(abs(saving)))}"


def _preview(session: Session, row: Campaign, arms: Sequence[CampaignArm], draw: _Draw) -> Preview:
    sizes = Counter(one for one in draw.arms if one)
    keys = [one.key for one in arms]
    base, control = row.baseline_ppm / 1e6, sizes[CONTROL]
    level = each_of(LEVEL, len(keys))
    rises = {
        key: detectable(base, sizes[key], control, level=level) if control and sizes[key] else None
        for key in keys
    }
    groups = [Group(key, sizes[key], rises[key]) for key in keys]
    reasons = Counter(why for why in draw.why if why)
    drawn = [one.customer_id for one, arm in zip(draw.found, draw.arms, strict=True) if arm]
    return Preview(
        sum(sizes.values()), (*groups, Group(CONTROL, control, None)), summed_up(reasons.items()),
        tuple(sorted(one.saving_minor for one, arm in zip(draw.found, draw.arms, strict=True)
                     if arm and one.saving_minor is not None)),
        leaving(session, drawn, control),
    )  # fmt: skip


def _row(one: Candidate, why: str, arm: str, campaign_row: Campaign) -> dict[str, Any]:
    basis: dict[str, Any] = {}
    if one.saving_minor is not None and one.on_day is not None:
        basis = {
            "own_minor": one.own_minor, "other_minor": one.other_minor, "coverage_ppm": one.coverage_ppm,
            "on_day": one.on_day.isoformat(),
        }  # fmt: skip
    return {
        "customer_id": one.customer_id, "account_id": one.account_id, "arm": arm, "reason": why,
        "segment": one.segment, "stratum": _stratum(one) if campaign_row.stratified else "",
        "saving_minor": one.saving_minor, "basis": basis,
    }  # fmt: skip
