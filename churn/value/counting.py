"""Once a day everybody who is supplied is held against what they bring, and told what to do next. Never
commits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from churn.campaigns.audience import CARE_FIRST, SEGMENTS, still_may_be_asked
from churn.domain.value.next_action import Action, Standing, next_actions
from churn.domain.value.pareto import curve
from churn.domain.value.quintiles import fifths
from churn.domain.value.worth import MONTH_DAYS, Horizon, at_stake_minor, months_at_risk, worth_minor
from churn.value.margins import Base, standings
from churn.value.offers import Catalogued, catalogue, must_not
from churn.value.tables import CustomerValue, ValueDay
from churn.value.words import DISPUTE
from utility_crm.kit.settings import settings

SLICE = 5000
FEWEST_DAYS = 28
"""Days of bills below which no month's margin is said."""
FIRST_TO_CARE = (*CARE_FIRST, DISPUTE)
_ONE_AT_A_TIME = 7_304_062
_DISPUTED = text("""
    select distinct a.customer_id from disputes d join accounts a on a.id = d.account_id
    where d.state = 'open'
""")
# Who is in an arm and has not answered; whoever is left alone is in none, and their offers say so.
_ASKED_NOW = text("""
    select distinct on (m.customer_id) m.customer_id, c.code
    from campaign_members m join campaigns c on c.id = m.campaign_id
    where c.state = 'running' and c.starts_on <= :today and c.ends_on >= :today
      and m.arm not in ('', 'control') and m.answer in ('', 'not_now')
    order by m.customer_id, c.launched_at desc, c.id desc
""")
_FROM = text("""
    select (select max(as_of) from churn_scores), (select max(scored_at) from churn_runs),
           (select min(valid_from) from cost_rates where currency = :currency),
           (select max(brought_at) from cost_rates)
""")
_PUT = text("""
    insert into customer_values (customer_id, segment, area, tariff, chance, revenue_minor, margin_minor,
        unknown_days, days, month_minor, worth_minor, at_stake_minor, months_at_risk, last_act_on, acts,
        recency, frequency, money, step, reason, offer, saved_minor, actions)
    select customer_id, segment, area, tariff, chance, revenue_minor, margin_minor, unknown_days, days,
        month_minor, worth_minor, at_stake_minor, months_at_risk, last_act_on, acts, recency, frequency,
        money, step, reason, offer, saved_minor, actions
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (
        customer_id bigint, segment text, area text, tariff text, chance double precision,
        revenue_minor bigint, margin_minor bigint, unknown_days integer, days integer, month_minor bigint,
        worth_minor bigint, at_stake_minor bigint, months_at_risk double precision, last_act_on date,
        acts integer, recency smallint, frequency smallint, money smallint, step text, reason text,
        offer text, saved_minor bigint, actions jsonb)
""")


@dataclass(frozen=True, slots=True)
class Counted:
    """What a run did: `done` False where nothing had changed since. known: customers whose margin is."""

    done: bool
    customers: int
    known: int


def count_values(session: Session, today: date, now: datetime, *, again: bool = False) -> Counted:
    """Work out everybody's value and next action as of today. Repeated, it changes nothing, unless costs or
    scores came in since; `again`: all the same."""
    session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _ONE_AT_A_TIME})
    currency = settings().currency
    scored_on, scored_at, costs_from, brought_at = session.execute(_FROM, {"currency": currency}).one()
    last = session.execute(
        select(ValueDay.counted_at, ValueDay.customers, ValueDay.known).where(ValueDay.day == today)
    ).one_or_none()
    newer = [at for at in (scored_at, brought_at) if at is not None and last and at > last.counted_at]
    if last is not None and not again and not newer:
        return Counted(False, last.customers, last.known)
    horizon = Horizon(settings().value_horizon_months, settings().value_discount_percent)
    everybody = standings(session, today)
    offers = catalogue(session, currency, today)
    steps = _steps(session, everybody, offers, horizon, today, now)
    rows = list(_rows(everybody, steps, horizon, today))
    session.execute(delete(CustomerValue))
    for start in range(0, len(rows), SLICE):
        session.execute(_PUT, {"rows": json.dumps(rows[start : start + SLICE])})
    known = [row for row in rows if row["margin_minor"] is not None]
    day = {
        "day": today, "counted_at": now, "currency": currency, "customers": len(rows), "known": len(known),
        "revenue_minor": sum(row["revenue_minor"] for row in rows),
        "margin_minor": _sum(known, "margin_minor"), "worth_minor": _sum(known, "worth_minor"),
        "at_stake_minor": _sum(known, "at_stake_minor"), "horizon_months": horizon.months,
        "discount_percent": horizon.discount_percent,
        "scored_on": scored_on, "costs_from": costs_from, "offers": [_kept(one) for one in offers],
        "curves": _curves(everybody),
    }  # fmt: skip
    statement = insert(ValueDay).values(day)
    session.execute(statement.on_conflict_do_update(index_elements=["day"], set_=day))
    session.flush()
    return Counted(True, len(rows), len(known))


def _steps(
    session: Session,
    everybody: Sequence[Base],
    offers: Sequence[Catalogued],
    horizon: Horizon,
    today: date,
    now: datetime,
) -> list[list[Action]]:
    """What to do about each, the best first."""
    why = still_may_be_asked(session, [one.customer_id for one in everybody], today)
    disputed = set(session.scalars(_DISPUTED))
    asked = {row.customer_id: row.code for row in session.execute(_ASKED_NOW, {"today": today})}
    reasons = must_not(session, offers, today, now)
    plain = [one.plain for one in offers]
    scores = [one.chance for one in everybody if one.chance is not None]
    usual = sum(scores) / len(scores) if scores else 0.0
    found = []
    for one in everybody:
        key = one.customer_id
        first = why.get(key, "") or (DISPUTE if key in disputed else "")
        by_offer = tuple((code, them.get(key, "not_theirs")) for code, them in reasons.items())
        standing = Standing(one.chance, usual, month_minor(one), first, by_offer, asked.get(key, ""))
        found.append(next_actions(standing, plain, horizon, FIRST_TO_CARE))
    return found


def month_minor(one: Base) -> int | None:
    """The margin of a month, at the rate of the bills' days."""
    if one.margin_minor is None or one.days < FEWEST_DAYS:
        return None
    return round(one.margin_minor * MONTH_DAYS / one.days)


def _rows(
    everybody: Sequence[Base], steps: Sequence[Sequence[Action]], horizon: Horizon, today: date
) -> Iterator[dict[str, Any]]:
    since = [None if one.last_act_on is None else (today - one.last_act_on).days for one in everybody]
    recency = fifths(since, high_is_best=False)
    frequency = fifths([one.acts for one in everybody])
    money = fifths([one.revenue_minor for one in everybody])
    for place, one in enumerate(everybody):
        month, first = month_minor(one), steps[place][0]
        known = month is not None and one.chance is not None
        yield {
            "customer_id": one.customer_id, "segment": one.segment, "area": one.area, "tariff": one.tariff,
            "chance": one.chance, "revenue_minor": one.revenue_minor,
            "margin_minor": one.margin_minor, "unknown_days": one.unknown_days, "days": one.days,
            "month_minor": month,
            "worth_minor": worth_minor(month, one.chance, horizon) if known else None,  # type: ignore[arg-type]
            "at_stake_minor": at_stake_minor(month, one.chance, horizon) if known else None,  # type: ignore[arg-type]
            "months_at_risk": None if one.chance is None else months_at_risk(one.chance, horizon),
            "last_act_on": None if one.last_act_on is None else one.last_act_on.isoformat(),
            "acts": one.acts, "recency": recency[place] or 1, "frequency": frequency[place],
            "money": money[place], "step": first.step, "reason": first.reason, "offer": first.offer,
            "saved_minor": first.saved_minor, "actions": [asdict(action) for action in steps[place]],
        }  # fmt: skip


def _kept(one: Catalogued) -> dict[str, Any]:
    """An offer as the day keeps it: without its question of whom, which is the campaign's."""
    return {name: value for name, value in asdict(one).items() if name != "whom"}


def _curves(everybody: Sequence[Base]) -> dict[str, dict[str, Any]]:
    """Who brings how much: of everybody, and of each segment; of margin, among those whose it is known."""
    found: dict[str, dict[str, Any]] = {}
    for segment in ("", *SEGMENTS):
        mine = [one for one in everybody if segment in ("", one.segment)]
        margins = [one.margin_minor for one in mine if one.margin_minor is not None]
        drawn = {
            "revenue": curve([one.revenue_minor for one in mine]),
            "margin": curve(margins),
        }
        found[segment] = {"customers": len(mine), "margins": len(margins)} | {
            name: None if one is None else asdict(one) for name, one in drawn.items()
        }
    return found


def _sum(rows: Sequence[Mapping[str, Any]], name: str) -> int | None:
    """None where it is known of nobody."""
    values = [row[name] for row in rows if row[name] is not None]
    return sum(values) if values else None
