"""Who would be in which arm of a campaign, who is left alone, and who must not be asked and why. Nothing is
kept but the secrets of its draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from churn.campaigns.audience import Candidate, candidates
from churn.campaigns.drafting import HOUSE, asked_of, key_of
from churn.campaigns.tables import Campaign, CampaignArm
from churn.domain.campaigns.assigning import CONTROL, Share, arms_of, controls
from notifications.domain.permission import Withhold
from notifications.outbox.queueing import foresee
from notifications.types.campaign import Offer, campaign
from utility_crm.kit.settings import settings

SLICE = 5000

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


@dataclass(frozen=True, slots=True)
class Draw:
    """Everybody who fits, side by side. why: they must not be asked; "" where they may. arms: theirs,
    `control`, or "" where they are left out."""

    found: Sequence[Candidate]
    why: Sequence[str]
    arms: Sequence[str]


def arms_drafted(session: Session, campaign_id: int) -> Sequence[CampaignArm]:
    """A campaign's arms, by their letters."""
    statement = select(CampaignArm).where(CampaignArm.campaign_id == campaign_id).order_by(CampaignArm.key)
    return session.scalars(statement).all()


def drawn(
    session: Session, row: Campaign, arms: Sequence[CampaignArm], today: date, now: datetime, past: bool
) -> Draw:
    """As it would be begun now. past: as on an earlier day."""
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
    strata = [stratum_of(one) for one in asked] if row.stratified else None
    shares = [Share(one.key, one.weight) for one in arms]
    ids = [one.customer_id for one in asked]
    arm = dict(zip(ids, arms_of(ids, shares, row.secret, strata), strict=True))
    of = {one: arm.get(one, CONTROL) for one in customers}
    return Draw(found, why, [of.get(one.customer_id, "") for one in found])


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


def stratum_of(one: Candidate) -> str:
    """Within which arms are dealt out: segment, area and size of saving."""
    saving = one.saving_minor
    return f"{one.segment}/{one.area}/{'' if saving is None else len(str(abs(saving)))}"
