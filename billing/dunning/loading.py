"""How late accounts stand: what is owed, what holds it back, what they were told and when it arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from billing.domain.dunning.deciding import Posted, Standing
from billing.domain.dunning.file import read_strategy
from billing.domain.dunning.stopping import Circumstances, standing
from billing.domain.dunning.strategy import STEPS, Strategy, Version, strategy_for
from billing.dunning.shipped import shipped
from billing.queries.dunning import DUNNABLE
from billing.queries.late_fees import Jurisdiction
from billing.tables import DunningStrategy
from utility_crm.kit.settings import settings
from utility_crm.network.temperatures import temperatures

_LATE = f"""
    with recursive {DUNNABLE}, late_all as (
        select account_id, cast(sum(open_minor) as bigint) as late_minor, min(due_on) as oldest from bills
        where status = 'issued' and open_minor > 0 and due_on <= :due_by group by account_id
    ), asked as (
        select account_id, cast(sum(amount_minor) as bigint) as debt_minor,
               min(due_on) filter (where amount_minor > 0) as oldest
        from dunnable group by account_id
    ), roots as (
        select id, id as area_id, code from network_nodes where parent_id is null
        union all
        select n.id, r.area_id, r.code from network_nodes n join roots r on n.parent_id = r.id
    )
    select a.id, a.number, a.customer_id, a.payer_id, a.currency, c.segment, p.name as payer,
           coalesce(l.late_minor, 0) as late_minor, coalesce(k.debt_minor, 0) as debt_minor,
           coalesce(k.oldest, l.oldest) as oldest, x.id as case_id, x.opened_on, x.reason as was,
           array(select distinct kind from customer_flags f
                 where f.customer_id in (a.customer_id, a.payer_id)) as flags,
           array_remove(array[
               case when exists (select from disputes d where d.account_id = a.id and d.state = 'open')
                    then 'dispute' end,
               case when exists (select from payment_plans d
                                 where d.account_id = a.id and d.state = 'running') then 'plan' end,
               case when exists (select from promises d where d.account_id = a.id and d.state = 'open')
                    then 'promise' end], null) as agreed,
           greatest(
               (select max(cast(y.received_at at time zone :zone as date)) from payments y
                where y.account_id = a.id and y.amount_minor > 0),
               (select max(d.closed_on) from disputes d where d.account_id = a.id and d.state = 'lost'),
               (select max(d.ended_on) from payment_plans d where d.account_id = a.id),
               (select max(d.ended_on) from promises d where d.account_id = a.id)) as counted_from,
           (select max(cast(o.created_at at time zone :zone as date)) from outbox o
            where o.account_id = a.id and o.notice = 'payment_reminder' and o.state <> 'withheld'
              and o.customer_id = a.payer_id) as told_on,
           home.area_id, home.code as area,
           (select coalesce(json_agg(json_build_array(
                s.id, s.step, s.posted_on, cast(o.sent_at at time zone :zone as date),
                coalesce(v.delivered_on, case when o.receipt in ('delivered', 'read')
                                              then cast(o.receipt_at at time zone :zone as date) end),
                o.state = 'withheld' and o.reason = 'no_longer_true', s.notice_key) order by s.id), '[]')
            from dunning_steps s left join outbox o on o.key = s.notice_key
            left join dunning_deliveries v on v.step_id = s.id where s.case_id = x.id) as steps
    from accounts a
    join customers c on c.id = a.customer_id
    join customers p on p.id = a.payer_id
    left join late_all l on l.account_id = a.id
    left join asked k on k.account_id = a.id
    left join dunning_cases x on x.account_id = a.id and x.closed_on is null
    left join lateral (
        select r.area_id, r.code from occupancies h join premises m on m.id = h.premise_id
        join roots r on r.id = m.node_id
        where h.account_id = a.id order by h.ends_before is null desc, h.starts_on desc limit 1
    ) home on true
    where (l.late_minor > 0 or x.id is not null)
    order by a.id
"""


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of an open case. void: its notice was taken back before it was sent."""

    id: int
    step: str
    posted_on: date
    sent_on: date | None
    delivered_on: date | None
    void: bool
    notice_key: str


@dataclass(frozen=True, slots=True)
class LateAccount:
    """An account that is late or has a case, with the strategy that holds for it, if one does."""

    id: int
    number: str
    customer_id: int
    payer_id: int
    payer: str
    currency: str
    case_id: int | None
    opened_on: date | None
    was: str
    standing: Standing
    given: Circumstances
    steps: tuple[StepRow, ...]
    strategy: Strategy | None
    version: Version | None

    @property
    def limited_on(self) -> date | None:
        """Since when supply is limited by order; None: it is not, or is suspended."""
        return self._ordered[0]

    @property
    def suspended_on(self) -> date | None:
        return self._ordered[1]

    @property
    def restoring(self) -> bool:
        """Ops was told to restore, and did not say that it was done."""
        ends = [one.step for one in self.steps if one.step in ("limitation", "suspension", *_ENDS, "restore")]
        return bool(ends) and ends[-1] == "restore"

    @property
    def handed_over(self) -> bool:
        return any(one.step == "hand_over" for one in self.steps)

    def turn(self, step: str) -> int:
        """The number that the step has if it is posted again: one more than were taken back unsent."""
        return 1 + sum(one.step == step for one in self.steps)

    @property
    def _ordered(self) -> tuple[date | None, date | None]:
        limited = suspended = None
        for one in self.steps:
            if one.step == "limitation":
                limited = one.posted_on
            elif one.step == "suspension":
                suspended = one.posted_on
            elif one.step in _ENDS:
                limited = suspended = None
        return limited, suspended


_ENDS = ("taken_back", "restored")


def strategies(session: Session) -> tuple[Strategy, ...]:
    """Those that came with the platform, with those that were imported in their place or beside them."""
    found = {one.code: one for one in shipped()}
    for document in session.scalars(select(DunningStrategy.document).order_by(DunningStrategy.code)):
        one = read_strategy(document)
        found[one.code] = one
    return tuple(found.values())


def late_accounts(
    session: Session, today: date, law: Jurisdiction, account_ids: Sequence[int] | None = None
) -> tuple[LateAccount, ...]:
    """All, or some; two statements, and one an area where a rule asks for temperatures."""
    values: dict[str, Any] = {"today": today, "due_by": today - timedelta(days=1)}
    values["zone"] = settings().timezone
    statement = _LATE
    if account_ids is not None:
        statement = statement.replace("    order by a.id\n", "    and a.id = any(:accounts) order by a.id\n")
        values["accounts"] = list(account_ids)
    known = strategies(session)
    weather: dict[int, tuple[int | None, int | None]] = {}
    rows = session.execute(text(statement), values).all()
    return tuple(_late(session, row, known, law, today, weather) for row in rows)


def _late(
    session: Session,
    row: Row[Any],
    known: Sequence[Strategy],
    law: Jurisdiction,
    today: date,
    weather: dict[int, tuple[int | None, int | None]],
) -> LateAccount:
    strategy = strategy_for(
        known, country=law.country, subdivision=law.subdivision, segment=row.segment, currency=row.currency,
        day=today,
    )  # fmt: skip
    version = strategy.on(today) if strategy else None
    yesterday = following = None
    if version and row.area_id is not None and any(one.stop == "temperature" for one in version.stops):
        if row.area_id not in weather:
            weather[row.area_id] = _highest(session, row.area_id, today)
        yesterday, following = weather[row.area_id]
    given = Circumstances(frozenset(row.flags), row.area or "", yesterday, following)
    steps = tuple(
        StepRow(i, step, date.fromisoformat(on), _day(sent), _day(come), bool(void), key)
        for i, step, on, sent, come, void, key in row.steps
    )
    counted = row.counted_from
    if counted is None or row.opened_on is None or counted < row.opened_on:
        counted = None
    stood = Standing(
        row.late_minor,
        row.debt_minor,
        row.oldest,
        tuple(_posted(one) for one in steps if one.step in STEPS and not one.void),
        counted,
        frozenset(row.agreed),
        standing(version.stops, given, today) if version else (),
        row.told_on,
    )
    return LateAccount(
        row.id, row.number, row.customer_id, row.payer_id, row.payer, row.currency, row.case_id,
        row.opened_on, row.was or "", stood, given, steps, strategy, version,
    )  # fmt: skip


def _posted(one: StepRow) -> Posted:
    if one.step == "hand_over":
        return Posted(one.step, one.posted_on, one.posted_on, one.posted_on)
    return Posted(one.step, one.posted_on, one.sent_on, one.delivered_on)


def _day(written: str | None) -> date | None:
    return None if written is None else date.fromisoformat(written)


def _highest(session: Session, area_id: int, today: date) -> tuple[int | None, int | None]:
    """The highest of yesterday and of the day that begins, thousandths of a degree; None where an hour of it
    is not known."""
    zone = ZoneInfo(settings().timezone)
    found = []
    for day in (today - timedelta(days=1), today):
        begins = datetime.combine(day, time(), zone)
        ends = datetime.combine(day + timedelta(days=1), time(), zone)
        degrees = temperatures(session, area_id, begins, ends, 30)
        known = degrees.size > 0 and not np.isnan(degrees).any()
        found.append(round(float(degrees.max()) * 1000) if known else None)
    return found[0], found[1]
