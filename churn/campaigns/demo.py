"""The campaigns' part of the demo utility: one that is over, with an effect that is known since it was put
in, one that runs, and one that begins. Drawn as any campaign is, from customers who agreed to offers."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.campaigns.audience import Audience
from churn.campaigns.drafting import HOUSE, Wanted, change_arm, draft_campaign
from churn.campaigns.first_words import first_words
from churn.campaigns.judging import judge_due
from churn.campaigns.launching import launch
from churn.campaigns.tables import Campaign, CampaignKey
from utility_crm.demo.context import DemoBuild
from utility_crm.demo.random_streams import stream
from utility_crm.kit.errors import CareError
from utility_crm.kit.settings import settings
from utility_crm.segments.domain.tree import And, Leaf
from utility_crm.web.words import mark

OVER_AGO, RUNS_SINCE = timedelta(days=120), timedelta(days=9)
LEAST_SAVING_MINOR = 1000
"""A year; less is no reason to change."""
HOUSEHOLDS = Leaf("customer_kind", "any_of", ("household",))
TRUE_EFFECT = {"A": 0.14, "B": 0.24}
"""Of those in an arm of the campaign that is over, the share that takes the offer; of the others nobody."""
MOVED = {"direct_debit": 0.5}
"""How much likelier they take it than their arm's average, by way of paying, 1.5 of all others: an offer
moves those who look at each bill. The averages stay as they are."""
SO_FAR = {"A": 0.05, "B": 0.09}
KNOWN = mark(
    "The answers are simulated: in truth 14 of 100 take it by the letter, 24 with the agent as well."
)
RUNNING = mark("The answers are simulated.")
_ASKED = text("""
    select m.id, m.arm, a.payment_method from campaign_members m left join accounts a on a.id = m.account_id
    where m.campaign_id = :id and m.arm in ('A', 'B') order by m.id
""")
_SENT = text("update campaign_members set sent_at = :at where campaign_id = :id and arm in ('A', 'B')")
_ANSWERED = text("""
    update campaign_members m set answer = r.answer, answered_at = r.at, answered_via = r.via,
        outcome = case when r.answer = 'accepted' then :outcome else '' end,
        taken_on = case when r.answer = 'accepted' and :outcome = 'points' then cast(r.at as date) end
    from unnest(cast(:ids as bigint[]), cast(:answers as text[]), cast(:ats as timestamptz[]),
                cast(:vias as text[])) as r (id, answer, at, via)
    where m.id = r.id
""")
_POINTS = text("""
    insert into loyalty_points (customer_id, member_id, points, at)
    select m.customer_id, m.id, c.amount, m.answered_at from campaign_members m
    join campaigns c on c.id = m.campaign_id
    where c.id = :id and c.offer = 'points' and m.answer = 'accepted'
""")
_DAYS = text("""
    insert into campaign_days (campaign_id, day, arm, customers, sent, read, answered, accepted, taken, lost,
        spent_minor)
    select m.campaign_id, cast(d as date), m.arm, count(*), count(m.sent_at),
           count(*) filter (where m.answered_via = 'link' and m.answered_at < d + interval '1 day'),
           count(*) filter (where m.answered_at < d + interval '1 day'),
           count(*) filter (where m.answer = 'accepted' and m.answered_at < d + interval '1 day'),
           count(*) filter (where m.answer = 'accepted' and m.answered_at < d + interval '1 day'), 0, 0
    from campaign_members m, generate_series(cast(:first as timestamptz), cast(:last as timestamptz),
        interval '1 day') as d
    where m.campaign_id = :id and m.arm <> '' group by 1, 2, 3
""")
_NIGHT = text("select id, code from tariffs where code like '%night%' order by code limit 1")
_TWO_AREAS = text("select code from network_nodes where parent_id is null order by code limit 2")
_OWNER = text("select id from users where role = 'marketer' order by id limit 1")


def build(context: DemoBuild) -> None:
    """All of them."""
    as_of = context.plan.as_of
    with context.steps.step("Campaigns"), context.session() as session:
        names = (HOUSE, "retention", "efficiency", "tariff")
        session.add_all(CampaignKey(name=name, secret=f"demo-{context.plan.seed}-{name}") for name in names)
        session.flush()
        draw = stream(context.plan.seed, "campaigns")
        owner = session.scalar(_OWNER)
        over = as_of - OVER_AGO
        points = _begun(
            session, owner, over, name="Thank you, 500 points", offer="points", amount=500,
            ends_on=over + timedelta(days=41), decides_on=over + timedelta(days=95), note=KNOWN,
        )  # fmt: skip
        if points is not None:
            _answered(session, points, draw, TRUE_EFFECT, over, 40, "points")
            session.execute(_POINTS, {"id": points})
            _days(session, points, over, over + timedelta(days=95))
            session.get_one(Campaign, points).state = "finished"
            session.flush()
            looked = over + timedelta(days=95)  # the clock's first round of that day, and today's look again
            judge_due(session, datetime.combine(looked, time(0, 20), UTC), looked)
        since = as_of - RUNS_SINCE
        audit = _begun(
            session, owner, since, name="Energy audit before winter", offer="audit", amount=None,
            ends_on=since + timedelta(days=48), decides_on=since + timedelta(days=75), note=RUNNING,
        )  # fmt: skip
        if audit is not None:
            _answered(session, audit, draw, SO_FAR, since, RUNS_SINCE.days - 1, "task")
            _days(session, audit, since, as_of)
        _two_rates(session, owner, context)
        context.analyse("campaigns", "campaign_arms", "campaign_members", "campaign_days")


def _two_rates(session: Session, owner: int | None, context: DemoBuild) -> None:
    """A tariff of two rates for households of two areas that would save on it; in the others there are some
    left for a campaign that somebody tries. It begins this morning, and the clock hands its letters over.
    Where a small utility has too few of them, or no such tariff, there is none."""
    night = session.execute(_NIGHT).one_or_none()
    if night is None:
        return
    today, at = context.plan.as_of, context.now
    saves = Leaf("saving_on", "above", (Decimal(LEAST_SAVING_MINOR),), night.code)
    areas = Leaf("area", "any_of", tuple(session.scalars(_TWO_AREAS)))
    wanted = Wanted(
        name="Two rates for the winter", offer="tariff", currency=settings().currency,
        audience=Audience(And((HOUSEHOLDS, saves, areas))), tariff_id=night.id, amount=None,
        control_percent=30, baseline_percent=1, starts_on=today, ends_on=today + timedelta(days=41),
        decides_on=today + timedelta(days=72), budget_minor=50_000,
        costs={"email": 4, "sms": 6, "letter": 90, "call": 300, "accepted": 0},
    )  # fmt: skip
    try:
        with session.begin_nested():
            made = draft_campaign(session, wanted, now=at, by=owner)
            _second_arm(session, made, "tariff", at, owner)
            session.get_one(Campaign, made).secret = f"demo-{wanted.name}"
            launch(session, made, today=today, now=at, by=owner)
    except CareError:
        return


def _begun(
    session: Session,
    owner: int | None,
    day: date,
    *,
    name: str,
    offer: str,
    amount: int | None,
    ends_on: date,
    decides_on: date,
    note: str,
) -> int | None:
    """A campaign that began on a day; None where a small utility has too few who agreed."""
    at = datetime.combine(day, time(9, 30), UTC)
    wanted = Wanted(
        name=name, offer=offer, currency=settings().currency, audience=Audience(HOUSEHOLDS),
        tariff_id=None, amount=amount, control_percent=30, baseline_percent=1, starts_on=day, ends_on=ends_on,
        decides_on=decides_on, budget_minor=50_000,
        costs={"email": 4, "sms": 6, "letter": 90, "call": 300, "accepted": 250},
    )  # fmt: skip
    try:
        with session.begin_nested():
            made = draft_campaign(session, wanted, now=at, by=owner)
            _second_arm(session, made, offer, at, owner)
            row = session.get_one(Campaign, made)
            row.secret, row.note = f"demo-{name}", note
            launch(session, made, today=day, now=at, by=owner, past=True)
    except CareError:
        return None
    session.execute(_SENT, {"id": made, "at": at})
    return made


def _second_arm(session: Session, campaign_id: int, offer: str, at: datetime, by: int | None) -> None:
    change_arm(
        session, campaign_id, "B", name="Letter and agent", weight=1, ways=("notice", "prompt"),
        words=first_words(offer), now=at, by=by,
    )  # fmt: skip


def _answered(
    session: Session,
    campaign_id: int,
    draw: np.random.Generator,
    chances: dict[str, float],
    first: date,
    days: int,
    outcome: str,
) -> None:
    """Each takes it by chance, most within ten days; as many again say no."""
    given: dict[str, list[object]] = {"ids": [], "answers": [], "ats": [], "vias": []}
    rows = session.execute(_ASKED, {"id": campaign_id}).all()
    moved = [MOVED.get(row.payment_method, 1.5) for row in rows]
    usual = {
        arm: np.mean([one for one, row in zip(moved, rows, strict=True) if row.arm == arm]) for arm in chances
    }
    for row, more in zip(rows, moved, strict=True):
        lot, when, way = draw.random(3)
        chance = chances[row.arm] * more / usual[row.arm]
        if lot >= 1.6 * chance:
            continue
        hours = 3 + 24 * days * float(when) ** 2.5
        given["ids"].append(row.id)
        given["answers"].append("accepted" if lot < chance else "declined")
        given["ats"].append(datetime.combine(first, time(10), UTC) + timedelta(hours=hours))
        given["vias"].append("desk" if row.arm == "B" and way < 0.4 else "link")
    session.execute(_ANSWERED, given | {"outcome": outcome})


def _days(session: Session, campaign_id: int, first: date, last: date) -> None:
    ends = {"first": datetime.combine(first, time(), UTC), "last": datetime.combine(last, time(), UTC)}
    session.execute(_DAYS, {"id": campaign_id, **ends})
