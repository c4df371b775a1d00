"""Issued bills that may be others today: their readings, tariff or supply changed after they were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.accounts.correcting import LineTuple
from billing.queries.looking_back import TraceRow
from billing.queries.net_credits import CreditRow


@dataclass(frozen=True, slots=True)
class IssuedBill:
    """A bill as it was issued. cause: what changed. filled: readings were filled in for it. credits: what it
    leaves to the next, with its agreement; traces: to all later ones.

    lines: of its supplies; others: of none.
    """

    id: int
    number: str
    account_id: int
    cycle_day: int
    segment: str
    starts_on: date
    ends_before: date
    currency: str
    total_minor: int
    micro_kwh: int
    known_at: datetime
    filled: bool
    cause: str
    lines: tuple[LineTuple, ...]
    others: tuple[LineTuple, ...]
    credits: frozenset[tuple[int, CreditRow]] = frozenset()
    traces: frozenset[tuple[int, TraceRow]] = frozenset()


# A block's day is one of standard time, a bill's are local: what they share is told by instants.
_CHANGED = text(
    """
    with late as materialized (
        select k.channel_id, k.day, f.received_at
        from feeds f join blocks k on k.feed_id = f.id
        where f.received_at > cast(:since as timestamptz) and f.received_at <= :known_at
    ), points as (
        select h.service_point_id, l.day, max(l.received_at) as received_at,
               min((cast(l.day as timestamp) at time zone 'UTC') - h.offset_minutes * interval '1 minute')
               as starts_at
        from late l join channels h on h.id = l.channel_id
        group by 1, 2
    ), dials as (
        -- What a dial showed parts what was used since the read before from what was used until the next.
        select r.service_point_id, f.received_at,
               coalesce((select max(p.read_at) from register_reads p
                         where p.register_id = q.register_id and p.read_at < q.read_at), q.read_at)
               as starts_at,
               coalesce((select min(p.read_at) from register_reads p
                         where p.register_id = q.register_id and p.read_at > q.read_at), q.read_at)
               as ends_at
        from feeds f join register_reads q on q.feed_id = f.id join registers r on r.id = q.register_id
        where f.received_at > cast(:since as timestamptz) and f.received_at <= :known_at
        union all
        select r.service_point_id, f.received_at, q.starts_at, q.ends_before
        from feeds f join consumptions q on q.feed_id = f.id join registers r on r.id = q.register_id
        where f.received_at > cast(:since as timestamptz) and f.received_at <= :known_at
    ), found as (
        select b.id, 'readings' as cause
        from points p
        join agreements g on g.service_point_id = p.service_point_id
        join bills b on b.account_id = g.account_id and b.status = 'issued'
                    and p.day between b.starts_on - 1 and b.ends_before and p.received_at > b.known_at
        join tariffs t on t.id = g.tariff_id
        join service_points s on s.id = g.service_point_id
        join premises m on m.id = s.premise_id
        cross join lateral (select coalesce(t.document ->> 'timezone', m.timezone) as zone) z
        where g.starts_on < b.ends_before and (g.ends_before is null or g.ends_before > b.starts_on)
          and p.starts_at < (cast(b.ends_before as timestamp) at time zone z.zone)
          and p.starts_at + interval '1 day' > (cast(b.starts_on as timestamp) at time zone z.zone)
        union all
        select b.id, 'supply'
        from agreements g join bills b on b.account_id = g.account_id and b.status = 'issued'
        where g.ends_before < b.ends_before
          and exists (select from bill_lines l where l.bill_id = b.id and l.agreement_id = g.id
                      and l.ends_before > g.ends_before)
          and not exists (select from corrections c
                          where c.bill_id = b.id and c.state = 'dismissed' and c.cause = 'supply')
        union all
        select b.id, 'tariff'
        from tariff_history t
        join agreements g on g.tariff_id = t.tariff_id
        join bills b on b.account_id = g.account_id and b.status = 'issued' and b.id <= t.last_bill_id
                    and b.ends_before > t.changes_on
        where exists (select from bill_lines l where l.bill_id = b.id and l.agreement_id = g.id)
          and not exists (select from corrections c where c.bill_id = b.id and c.state = 'dismissed'
                          and c.cause = 'tariff' and c.decided_at > t.replaced_at)
        union all
        select b.id, 'tariff'
        from price_imports i
        join price_series s on s.id = i.series_id
        join lateral (select min(day) as first, max(day) as last from price_days where import_id = i.id) d
             on true
        join tariffs t on strpos(cast(t.document as text), cast(to_json(s.name) as text)) > 0
        join agreements g on g.tariff_id = t.id
        join bills b on b.account_id = g.account_id and b.status = 'issued' and b.known_at < i.received_at
                    and b.ends_before >= d.first and b.starts_on <= d.last + 1
        where i.received_at > cast(:since as timestamptz) and i.received_at <= :known_at
        union all
        select b.id, 'readings'
        from dials q
        join agreements g on g.service_point_id = q.service_point_id
        join bills b on b.account_id = g.account_id and b.status = 'issued' and b.known_at < q.received_at
                    and b.starts_on - 1 <= cast(q.ends_at as date)
                    and b.ends_before >= cast(q.starts_at as date)
        where g.starts_on < b.ends_before and (g.ends_before is null or g.ends_before > b.starts_on)
        union all
        -- What a corrected bill leaves to the next one, or to all that look back, may be another.
        select b.id, 'readings'
        from corrections c
        join bills p on p.id = c.new_bill_id and p.status = 'issued'
        join bills b on b.account_id = p.account_id and b.status = 'issued' and b.id < p.id
                    and (b.starts_on = p.ends_before or b.starts_on > p.ends_before
                         and exists (select from bill_traces t where t.bill_id = b.id))
        where c.decided_at > cast(:since as timestamptz)
        union all
        select c.bill_id, c.cause
        from corrections c join bills b on b.id = c.bill_id and b.status = 'issued'
        where c.state in ('proposed', 'held')
    )
    -- The farthest-reaching of several causes names the correction.
    select id, min(array_position(array['supply', 'tariff', 'readings'], cause)) from found group by id
    """
)
_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
_CAUSES = ("supply", "tariff", "readings")

_BILLS = text(
    """
    select b.id, b.number, b.account_id, a.cycle_day, c.segment, b.starts_on, b.ends_before, b.currency,
           b.total_minor, b.micro_kwh, b.known_at, exists (select from bill_fills f where f.bill_id = b.id)
    from bills b join accounts a on a.id = b.account_id join customers c on c.id = a.customer_id
    where b.id = any(:bills)
    order by b.id
    """
)
_CREDITS = text(
    "select bill_id, agreement_id, code, kind, label, hour, micro_kwh from net_credits "
    "where bill_id = any(:bills)"
)
_TRACES = text(
    "select bill_id, agreement_id, kind, code, label, month, days, amount from bill_traces "
    "where bill_id = any(:bills)"
)
_LINES = text(
    """
    select bill_id, agreement_id, charge, label, starts_on, ends_before, quantity_micro, unit, price_micro,
           amount_minor
    from bill_lines where bill_id = any(:bills) order by bill_id, position
    """
)


def changed_bills(session: Session, since: datetime | None, known_at: datetime) -> dict[int, str]:
    """Bills by id with the cause for which they may differ; one statement, whatever their number.

    Readings: of feeds received after `since` and up to `known_at`, where the bill did not know them. Supply
    that ended inside what was billed, tariffs and series of prices put right for days that were, and what
    waits already.
    """
    found = session.execute(_CHANGED, {"since": since or _ALWAYS, "known_at": known_at})
    return {bill_id: _CAUSES[place - 1] for bill_id, place in found}


def issued_bills(session: Session, causes: dict[int, str]) -> list[IssuedBill]:
    """The bills with their lines and what they leave to later ones; four statements."""
    ids = {"bills": list(causes)}
    lines = _lines_by_bill(session, list(causes))
    left_over: dict[int, list[tuple[int, CreditRow]]] = {}
    for bill_id, agreement_id, code, kind, label, hour, micro_kwh in session.execute(_CREDITS, ids):
        left_over.setdefault(bill_id, []).append((agreement_id, (code, kind, label, hour, micro_kwh)))
    traces: dict[int, list[tuple[int, TraceRow]]] = {}
    for bill_id, agreement_id, kind, code, label, month, days, amount in session.execute(_TRACES, ids):
        traces.setdefault(bill_id, []).append((agreement_id, (kind, code, label, month, days, amount)))
    found = []
    for row in session.execute(_BILLS, ids):
        own, others = lines[row[0]]
        left = frozenset(left_over.get(row[0], ()))
        past = frozenset(traces.get(row[0], ()))
        found.append(IssuedBill(*(*row, causes[row[0]], own, others, left, past)))
    return found


def _lines_by_bill(
    session: Session, bill_ids: Sequence[int]
) -> dict[int, tuple[tuple[LineTuple, ...], tuple[LineTuple, ...]]]:
    """Each bill's lines of supplies, and its others."""
    own: dict[int, list[LineTuple]] = {bill_id: [] for bill_id in bill_ids}
    others: dict[int, list[LineTuple]] = {bill_id: [] for bill_id in bill_ids}
    for bill_id, agreement_id, *line in session.execute(_LINES, {"bills": list(bill_ids)}):
        charge, label, starts_on, ends_before, quantity, unit, price, amount = line
        found = (charge, label, starts_on, ends_before, quantity, unit, price, amount)
        (others if agreement_id is None else own)[bill_id].append(found)
    return {bill_id: (tuple(own[bill_id]), tuple(others[bill_id])) for bill_id in bill_ids}
