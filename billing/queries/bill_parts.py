"""What an issued bill was made of: its supplies, and the readings as they were billed and as they are known
now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.axis import day_starts_at
from billing.domain.days import Period
from billing.domain.explanation.sides import Side
from billing.domain.tariff import Tariff
from billing.domain.usage import Usage
from billing.queries.bills import BillRow
from billing.queries.tariffs import parsed
from meters.usage import UsageTable, usage


@dataclass(frozen=True, slots=True)
class BillPart:
    """One agreement's part of a bill. billed_minor: the sum of its lines as issued."""

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

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The part's instants, half-open."""
        zone = self.tariff.zone(self.timezone)
        return day_starts_at(self.period.starts_on, zone), day_starts_at(self.period.ends_before, zone)


_PARTS = text(
    """
    select l.bill_id, g.id, s.code,
           (select m.serial from meters m where m.service_point_id = s.id and m.installed_on < b.ends_before
            order by m.installed_on desc limit 1),
           h.id, cast(t.document as text), greatest(g.starts_on, b.starts_on),
           least(g.ends_before, b.ends_before), p.timezone, l.billed, f.starts_at, f.micro_kwh
    from (select bill_id, agreement_id, sum(amount_minor) as billed from bill_lines
          where bill_id = any(:bills) group by bill_id, agreement_id) l
    join bills b on b.id = l.bill_id
    join agreements g on g.id = l.agreement_id
    join tariffs t on t.id = g.tariff_id
    join service_points s on s.id = g.service_point_id
    join premises p on p.id = s.premise_id
    join channels h on h.service_point_id = s.id and h.direction = 'import' and h.unit = 'kWh'
    left join bill_fills f on f.bill_id = b.id and f.channel_id = h.id
    order by l.bill_id, s.code, g.starts_on
    """
)


def parts_of_bills(session: Session, bill_ids: Sequence[int]) -> dict[int, tuple[BillPart, ...]]:
    """The parts of each bill, by service point and time."""
    found: dict[int, list[BillPart]] = {bill_id: [] for bill_id in bill_ids}
    for row in session.execute(_PARTS, {"bills": list(bill_ids)}):
        bill_id, agreement, point, meter, channel, document, first, last, zone, billed, at, micro = row
        found[bill_id].append(
            BillPart(
                *(bill_id, agreement, point, meter, channel),
                parsed(document),
                Period(first, last),
                zone,
                int(billed),
                tuple(zip(at or (), micro or (), strict=True)),
            )
        )
    return {bill_id: tuple(parts) for bill_id, parts in found.items()}


@dataclass(frozen=True, slots=True)
class ReadPart:
    """A part with its readings. side: as billed, and where something has come in since, as known now."""

    part: BillPart
    side: Side


def read_parts(
    session: Session, bill: BillRow, parts: Sequence[BillPart], *, with_known: bool = True
) -> tuple[ReadPart, ...]:
    """The parts with their readings as the bill saw them; two statements for a bill, one without
    `with_known`."""
    if not parts:
        return ()
    channels = list(dict.fromkeys(part.channel_id for part in parts))
    starts_at = min(part.span[0] for part in parts)
    ends_before = max(part.span[1] for part in parts)
    then = _rows(usage(session, channels, starts_at, ends_before, bill.known_at))
    now = _rows(usage(session, channels, starts_at, ends_before)) if with_known else {}
    found = []
    for part in parts:
        billed = _filled(part, then.get(part.channel_id))
        known = now.get(part.channel_id)
        if known is not None:
            known = _inside(known, part)
            if not _comparable(billed, known):
                known = None
        found.append(ReadPart(part, Side(billed, part.tariff, part.period, part.timezone, known)))
    return tuple(found)


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
    starts_at, ends_before = part.span
    if found is None:
        size = int((ends_before - starts_at) / timedelta(minutes=30))
        found = Usage.of(starts_at, 30, np.zeros(size, dtype=np.int64), np.ones(size, dtype=bool))
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


def _comparable(billed: Usage, known: Usage) -> bool:
    apart = (known.starts_at - billed.starts_at) % timedelta(minutes=billed.interval_minutes)
    return known.interval_minutes == billed.interval_minutes and not apart
