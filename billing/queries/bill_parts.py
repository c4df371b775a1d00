"""What an issued bill was made of: its supplies, and the readings as they were billed and as they are known
now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.explanation.sides import Side
from billing.domain.plans.reactive_by_day import reactive_by_day
from billing.domain.plans.supply_state import NOTHING_KNOWN, SupplyState
from billing.domain.rating.rated import RatedBill
from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage, laid_on
from billing.domain.tariffs.tariff import Tariff
from billing.queries.bills import BillRow
from billing.queries.looking_back import pasts_before
from billing.queries.net_credits import states_before
from billing.queries.prices import named_by, prices_at_instants
from billing.queries.tariffs import parsed
from meters.usage import UsageTable, usage_at_instants


@dataclass(frozen=True, slots=True)
class BillPart:
    """One agreement's part of a bill. billed_minor: the sum of its lines as issued. meter: those that stood
    there in its days, one after another."""

    bill_id: int
    agreement_id: int
    service_point: str
    meter: str | None
    channel_id: int
    tariff: Tariff
    period: Period
    timezone: str
    billed_minor: int
    fills: tuple[tuple[datetime, int], ...]
    export_channel_id: int | None = None
    state: SupplyState = NOTHING_KNOWN
    reactive_channel_id: int | None = None

    @property
    def channels(self) -> tuple[int, ...]:
        """Those that its bill was made of."""
        more = (self.export_channel_id, self.reactive_channel_id)
        return (self.channel_id, *(channel for channel in more if channel is not None))

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The part's instants, half-open."""
        zone = self.tariff.zone(self.timezone)
        return day_starts_at(self.period.starts_on, zone), day_starts_at(self.period.ends_before, zone)


BY_REGISTERS = """
    exists (select from registers r where r.service_point_id = s.id)
    and not exists (
        select from blocks k join channels c on c.id = k.channel_id
        where c.service_point_id = s.id and c.direction = 'import' and c.unit <> 'kVArh'
          and k.day >= greatest(g.starts_on, b.starts_on) and k.day < least(g.ends_before, b.ends_before))
    and not exists (select from bill_fills z where z.bill_id = b.id)
"""
"""Of a bill `b`, an agreement `g` and its service point `s`: whether it was billed by registers though there
is a channel, which began only after it."""
_PARTS = text(
    f"""
    select l.bill_id, g.id, s.code,
           coalesce(
               (select string_agg(m.serial, ', ' order by m.installed_on) from meters m
                where m.service_point_id = s.id
                  and m.installed_on < least(g.ends_before, b.ends_before)
                  and (m.removed_before is null or m.removed_before > greatest(g.starts_on, b.starts_on))),
               (select m.serial from meters m where m.service_point_id = s.id
                and m.installed_on < b.ends_before order by m.installed_on desc limit 1)),
           h.id, cast(coalesce(
               (select d.document from tariff_history d where d.tariff_id = t.id and d.last_bill_id >= b.id
                order by d.last_bill_id, d.id limit 1), t.document) as text),
           greatest(g.starts_on, b.starts_on),
           least(g.ends_before, b.ends_before), p.timezone, l.billed, f.starts_at, f.micro_kwh,
           (select min(x.id) from channels x
            where x.service_point_id = s.id and x.direction = 'export' and x.unit = 'kWh'),
           (select min(x.id) from channels x
            where x.service_point_id = s.id and x.direction = 'import' and x.unit = 'kVArh'),
           coalesce(g.ends_before <= b.ends_before, false)
    from (select bill_id, agreement_id, sum(amount_minor) as billed from bill_lines
          where bill_id = any(:bills) group by bill_id, agreement_id) l
    join bills b on b.id = l.bill_id
    join agreements g on g.id = l.agreement_id
    join tariffs t on t.id = g.tariff_id
    join service_points s on s.id = g.service_point_id
    join premises p on p.id = s.premise_id
    join channels h on h.service_point_id = s.id and h.direction = 'import'
                    and h.unit = case when t.document -> 'volume' is null then 'kWh' else 'm3' end
    left join bill_fills f on f.bill_id = b.id and f.channel_id = h.id
    where not ({BY_REGISTERS})
    order by l.bill_id, s.code, g.starts_on
    """
)


def parts_of_bills(session: Session, bill_ids: Sequence[int]) -> dict[int, tuple[BillPart, ...]]:
    """The parts of each bill, by service point and time."""
    found: dict[int, list[BillPart]] = {bill_id: [] for bill_id in bill_ids}
    for row in session.execute(_PARTS, {"bills": list(bill_ids)}):
        bill_id, agreement, point, meter, channel, document, first, last, zone, billed, at, micro, *more = row
        given, reactive, ends = more
        tariff = parsed(document)
        found[bill_id].append(
            BillPart(
                *(bill_id, agreement, point, meter, channel),
                tariff,
                Period(first, last),
                zone,
                int(billed),
                tuple(zip(at or (), micro or (), strict=True)),
                given if tariff.reads_export else None,
                SupplyState(ends=ends and (tariff.reads_export or tariff.looks_back)),
                reactive if tariff.reads_reactive else None,
            )
        )
    return {bill_id: tuple(parts) for bill_id, parts in found.items()}


_OTHERS = text(
    """
    select bill_id, case charge when 'budget' then 'budget' else 'corrections' end,
           cast(sum(amount_minor) as bigint)
    from bill_lines where bill_id = any(:bills) and agreement_id is null group by 1, 2
    """
)


def other_lines(session: Session, bill_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """What lines of no supply come to on each bill that has any: `corrections` (use of too long ago that is
    not charged), `budget` (the difference to a fixed amount)."""
    found: dict[int, dict[str, int]] = {}
    for bill_id, effect, amount in session.execute(_OTHERS, {"bills": list(bill_ids)}):
        found.setdefault(bill_id, {})[effect] = amount
    return found


@dataclass(frozen=True, slots=True)
class ReadPart:
    """A part with its readings. side: as billed, and where something has come in since, as known now."""

    part: BillPart
    side: Side


class _KnownSide(Side):
    """A side that is asked again and again, and answers from memory."""

    @cached_property
    def _bill(self) -> RatedBill:
        return super().bill()

    @cached_property
    def _actual(self) -> Usage:
        return super().actual()

    def bill(self) -> RatedBill:
        return self._bill

    def actual(self) -> Usage:
        return self._actual


def read_parts(session: Session, bill: BillRow, parts: Sequence[BillPart]) -> tuple[ReadPart, ...]:
    """A bill's parts with their readings as the bill saw them and as they are known now; one statement."""
    return read_bills(session, [(bill, parts)])[0]


def read_bills(
    session: Session, bills: Sequence[tuple[BillRow, Sequence[BillPart]]]
) -> list[tuple[ReadPart, ...]]:
    """The same of several bills, still in one statement; one more where their tariffs name price series."""
    every = [part for _, parts in bills for part in parts]
    if not every:
        return [() for _ in bills]
    *then, now = usage_at_instants(
        session,
        list(dict.fromkeys(channel for part in every for channel in part.channels)),
        min(part.span[0] for part in every),
        max(part.span[1] for part in every),
        [*(bill.known_at for bill, _ in bills), None],
    )
    known_now = _rows(now)
    return [
        tuple(_read(part, _rows(tables), known_now) for part in parts)
        for parts, tables in zip(_priced(session, bills), then, strict=True)
    ]


def _priced(
    session: Session, bills: Sequence[tuple[BillRow, Sequence[BillPart]]]
) -> list[tuple[BillPart, ...]]:
    """Each bill's parts, their tariffs with the prices that the bill knew, and what the bills before left; at
    most a statement each."""
    every = [part for _, parts in bills for part in parts]
    known = prices_at_instants(
        session,
        named_by(part.tariff for part in every),
        min(part.span[0] for part in every),
        max(part.span[1] for part in every),
        [bill.known_at for bill, _ in bills],
    )
    reading = [(bill, part) for bill, parts in bills for part in parts if part.tariff.reads_export]
    starts = [(bill.account_id, part.service_point, part.period.starts_on) for bill, part in reading]
    states = {
        (bill.id, part.agreement_id): state
        for (bill, part), state in zip(reading, states_before(session, starts), strict=True)
    }
    looking = [(bill, part) for bill, parts in bills for part in parts if part.tariff.looks_back]
    pasts = pasts_before(session, [(part.agreement_id, part.period.starts_on) for _, part in looking])
    for (bill, part), past in zip(looking, pasts, strict=True):
        key = bill.id, part.agreement_id
        states[key] = past.added_to(states.get(key, NOTHING_KNOWN))
    return [
        tuple(
            replace(
                part,
                tariff=part.tariff.with_prices(prices),
                state=replace(states.get((bill.id, part.agreement_id), NOTHING_KNOWN), ends=part.state.ends),
            )
            for part in parts
        )
        for (bill, parts), prices in zip(bills, known, strict=True)
    ]


def _read(part: BillPart, then: dict[int, Usage], now: dict[int, Usage]) -> ReadPart:
    billed, known = _filled(part, then.get(part.channel_id)), now.get(part.channel_id)
    if known is not None:
        known = _inside(known, part)
        known = known if _comparable(billed, known) else None
    if part.export_channel_id is not None and part.export_channel_id in then:
        given = then[part.export_channel_id]
        export = laid_on(given, billed.starts_at, billed.interval_minutes, billed.micro_kwh.size)
        billed = replace(billed, export=export)
    state = part.state
    if part.reactive_channel_id is not None and part.reactive_channel_id in then:
        reacted = reactive_by_day(
            then[part.reactive_channel_id], part.period, part.tariff.zone(part.timezone)
        )
        state = replace(state, reactive=reacted)
    side = _KnownSide(billed, part.tariff, part.period, part.timezone, known, state)
    return ReadPart(part, side)


def _rows(tables: Sequence[UsageTable]) -> dict[int, Usage]:
    return {
        channel: Usage(
            table.starts_at,
            table.interval_minutes,
            table.micro[row],
            table.missing[row],
            table.estimated[row],
        )
        for table in tables
        for row, channel in enumerate(table.channel_ids)
    }


def _inside(found: Usage, part: BillPart) -> Usage:
    """The part's own intervals of a longer row."""
    step = timedelta(minutes=found.interval_minutes)
    starts_at, ends_before = part.span
    begin = max(0, -((found.starts_at - starts_at) // step))
    end = min(found.micro_kwh.size, -((found.starts_at - ends_before) // step))
    chosen = slice(begin, max(begin, end))
    return Usage(
        found.starts_at + begin * step,
        found.interval_minutes,
        found.micro_kwh[chosen],
        found.missing[chosen],
        found.estimated[chosen],
    )


def _filled(part: BillPart, found: Usage | None) -> Usage:
    """The readings as billed: what was missing is what it was taken for, and flagged estimated."""
    if found is None:
        found = _nothing_read(part)
    found = _inside(found, part)
    if not part.fills:
        return found
    step = timedelta(minutes=found.interval_minutes)
    values, missing = found.micro_kwh.copy(), found.missing.copy()
    estimated = found.estimated.copy()
    for at, micro_kwh in part.fills:
        place = (at - found.starts_at) // step
        if 0 <= place < values.size:
            values[place], missing[place], estimated[place] = micro_kwh, False, True
    return Usage(found.starts_at, found.interval_minutes, values, missing, estimated)


def _nothing_read(part: BillPart) -> Usage:
    """The part's intervals where not one was read: as they were filled, else half-hours."""
    starts_at, ends_before = part.span
    first, step = starts_at, timedelta(minutes=30)
    filled = sorted(at for at, _ in part.fills if starts_at <= at < ends_before)
    if len(filled) > 1:
        first, step = filled[0], min(later - earlier for earlier, later in pairwise(filled))
    size = -((first - ends_before) // step)
    minutes = int(step / timedelta(minutes=1))
    return Usage.of(first, minutes, np.zeros(size, dtype=np.int64), np.ones(size, dtype=bool))


def _comparable(billed: Usage, known: Usage) -> bool:
    apart = (known.starts_at - billed.starts_at) % timedelta(minutes=billed.interval_minutes)
    return known.interval_minutes == billed.interval_minutes and not apart
