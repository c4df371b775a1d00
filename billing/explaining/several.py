"""Bills with several supplies: each is compared with its own of the earlier bill, and the effects are added.

A service point whose tariff changed inside a bill is one supply with one tariff, whose versions change on
that day. What stands in one bill only is an effect of its own: its whole amount.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from billing.domain.charges.tax import TaxCharge
from billing.domain.explanation.as_registers import as_registers
from billing.domain.explanation.comparison import (
    LEAST_DAYS,
    AnySide,
    Caveat,
    Comparison,
    FirstBill,
    PerDay,
    compare,
)
from billing.domain.explanation.moved_days import moved_days
from billing.domain.explanation.phrases import bill_names, money_text
from billing.domain.explanation.register_sides import RegisterSide
from billing.domain.explanation.sides import Side
from billing.domain.explanation.weather.parting import LeftOut, Weather
from billing.domain.explanation.weather.record import DailyRecord
from billing.domain.explanation.words import Piece, answer_of
from billing.domain.money import Rounding, div_round
from billing.domain.rating.rated import Line, RatedBill
from billing.domain.reckoning.axis import epoch_minute
from billing.domain.reckoning.days import HOLIDAY, HolidayCalendar, Period, day_kind
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.tariff import Charge, Tariff, Version
from billing.explaining.document import EffectRow, SupplyWeather
from billing.explaining.explained import HOURS_UNKNOWN, Explained, effect_rows
from billing.explaining.weather import WeatherKnown
from billing.queries.bill_parts import ReadPart
from billing.queries.bills import BillRow
from billing.queries.register_parts import ReadRegisters

AnyPart = ReadPart | ReadRegisters
"""A part of a bill, by intervals or by registers."""


@dataclass(frozen=True, slots=True)
class _Supply:
    """A supply of one bill: its readings and prices on consecutive days of one service point."""

    point: str
    side: AnySide
    total_minor: int
    channel_id: int | None


def explain_several(
    bill: BillRow,
    against: BillRow | None,
    before: Sequence[AnyPart],
    after: Sequence[AnyPart],
    weathers: WeatherKnown,
    *,
    days: bool,
    others: tuple[Mapping[str, int], Mapping[str, int]] = ({}, {}),
) -> Explained:
    """The same answer as for single supplies. Raises NotComparable."""
    whole = _whole_bill(after, others[1])
    if against is None:
        answer = answer_of(FirstBill(whole))
        return Explained(bill, None, whole.decimals, "first", answer.sentence, "", ())
    earlier = _whole_bill(before, others[0])
    if earlier.period.days < LEAST_DAYS:
        answer = answer_of(PerDay(earlier, whole, _a_day(earlier), _a_day(whole)))
        return Explained(bill, against, whole.decimals, "per_day", answer.sentence, "", ())
    olds, news = _supplies(before), _supplies(after)
    pairs = [(old, new) for new in news for old in olds if old.point == new.point]
    # A point that has several unjoined stretches in a bill has no one counterpart.
    single = [
        (old, new)
        for old, new in pairs
        if sum(old.point == one.point for one in olds) == sum(new.point == one.point for one in news) == 1
    ]
    metered = [_metered_alike(old, new) for old, new in single]
    by_dials = any(found is not None and found != pair for found, pair in zip(metered, single, strict=True))
    single = [found for found in metered if found is not None]
    looked = {new.point: _weather(old, new, weathers) for old, new in single}
    compared = [(new.point, compare(old.side, new.side, looked[new.point][0])) for old, new in single]
    alone = _not_split(olds, news, {point for point, _ in compared}) + _whole_lines(*others)
    rows = _added(compared, alone)
    largest = max(compared, key=lambda pair: abs(pair[1].difference_minor), default=None)
    caveats: tuple[Caveat, ...] = tuple(caveat for _, found in compared for caveat in found.caveats)
    sentence, asked = _words(bill, against, rows, caveats, whole)
    if by_dials:
        asked = f"{asked} {HOURS_UNKNOWN}".strip()
    return Explained(
        bill,
        against,
        whole.decimals,
        "compared",
        sentence,
        asked,
        rows,
        caveats,
        moved_days(largest[1]) if largest and days else (),
        largest[0] if largest else "",
        tuple(
            SupplyWeather(point, found.weather, looked[point][1])
            for point, found in compared
            if found.weather is not None
        ),
        by_dials=by_dials,
    )


def _metered_alike(old: _Supply, new: _Supply) -> tuple[_Supply, _Supply] | None:
    """Both by intervals or both by registers: of one of each, the intervals as the other's registers would
    have counted them. None where those could not tell its money."""
    a, b = old.side, new.side
    if isinstance(a, Side) and isinstance(b, RegisterSide):
        told = as_registers(a, b.names)
        return None if told is None else (replace(old, side=told, channel_id=None), new)
    if isinstance(a, RegisterSide) and isinstance(b, Side):
        told = as_registers(b, a.names)
        return None if told is None else (old, replace(new, side=told, channel_id=None))
    return old, new


def _weather(
    old: _Supply, new: _Supply, weathers: WeatherKnown
) -> tuple[Weather | LeftOut | None, DailyRecord | None]:
    """Of one service point's supply in both bills."""
    if new.channel_id is None or old.channel_id != new.channel_id:
        return None, None
    if not isinstance(old.side, Side) or not isinstance(new.side, Side):
        return None, None
    return weathers.between(new.channel_id, old.side, new.side)


_WHOLE = {
    "corrections": ("use of long ago that is not charged", "lines of the bills, as they stand"),
    "budget": ("what the fixed amount leaves for the yearly settlement", "lines of the bills, as they stand"),
}


def _whole_lines(before: Mapping[str, int], after: Mapping[str, int]) -> list[EffectRow]:
    """Lines of no supply, outside the game of factors: each kind one effect, its whole difference."""
    return [
        EffectRow(effect, noun, after.get(effect, 0) - before.get(effect, 0), detail)
        for effect, (noun, detail) in _WHOLE.items()
        if effect in before or effect in after
    ]


def _whole_bill(parts: Sequence[AnyPart], others: Mapping[str, int]) -> RatedBill:
    """All parts as one rated bill, with what its lines of no supply come to."""
    bills = [item.side.bill() for item in parts]
    first, last = min(b.period.starts_on for b in bills), max(b.period.ends_before for b in bills)
    more = tuple(
        Line("discount", effect, effect, bills[0].currency, 0, 0, amount, first, last)
        for effect, amount in others.items()
    )
    return RatedBill(
        Period(first, last),
        bills[0].currency,
        bills[0].decimals,
        (*(line for bill in bills for line in bill.lines), *more),
        sum(bill.intervals for bill in bills),
        sum(bill.missing_count for bill in bills),
        sum(bill.estimated_count for bill in bills),
        sum(bill.micro_kwh for bill in bills),
        sum(bill.estimated_micro_kwh for bill in bills),
    )


def _a_day(bill: RatedBill) -> int:
    return div_round(bill.total_minor, bill.period.days, Rounding.HALF_UP)


def _not_split(olds: Sequence[_Supply], news: Sequence[_Supply], split: Collection[str]) -> list[EffectRow]:
    """What could not be compared point by point, each point as one effect."""
    points = dict.fromkeys(one.point for one in (*olds, *news) if one.point not in split)
    rows = []
    for point in points:
        old, new = (sum(one.total_minor for one in side if one.point == point) for side in (olds, news))
        there = [any(one.point == point for one in side) for side in (olds, news)]
        words = "changed supply inside a bill, or is metered otherwise now, so it is not split further"
        if not all(there):
            words = "is new on this bill" if there[1] else "is on the earlier bill only"
        rows.append(EffectRow(f"supply:{point}", f"service point {point}", new - old, f"{point} {words}"))
    return rows


def _added(compared: Iterable[tuple[str, Comparison]], alone: Iterable[EffectRow]) -> tuple[EffectRow, ...]:
    """One row an effect; its detail names each service point."""
    rows: dict[str, EffectRow] = {}
    for point, found in compared:
        for row in effect_rows(found):
            detail = f"{point}: {row.detail}"
            known = rows.get(row.effect)
            if known is None:
                rows[row.effect] = replace(row, detail=detail, figures=())
            else:
                larger = known if abs(known.amount_minor) >= abs(row.amount_minor) else row
                amount = known.amount_minor + row.amount_minor
                words = f"{known.detail}; {detail}"
                rows[row.effect] = replace(larger, amount_minor=amount, detail=words, figures=())
    return tuple(sorted((*rows.values(), *alone), key=lambda row: -abs(row.amount_minor)))


def _words(
    bill: BillRow, against: BillRow, rows: Sequence[EffectRow], caveats: Sequence[Caveat], whole: RatedBill
) -> tuple[str, str]:
    """The sentence, and the rest if asked on."""
    subject, other = bill_names(
        Period(against.starts_on, against.ends_before), Period(bill.starts_on, bill.ends_before)
    )
    difference = bill.total_minor - against.total_minor

    def money(minor: int) -> str:
        return money_text(minor, whole.currency, whole.decimals)

    doubt = ", with some use still estimated" if caveats else ""
    if difference == 0:
        start = f"{subject} is the same as {other}"
    else:
        start = f"{subject} is {money(difference)} {'more' if difference > 0 else 'less'} than {other}"
    main = next((row for row in rows if row.amount_minor * difference > 0), None)
    cause = "" if main is None else f"; the largest part, {money(main.amount_minor)}, is {main.noun}"
    others = [
        Piece(row.effect, row.noun, row.amount_minor, row.plural)
        for row in rows
        if row is not main and row.amount_minor
    ]
    rest = "; ".join(piece.moves(money(piece.amount_minor)) for piece in others)
    return f"{start}{cause}{doubt}.", f"{rest[0].upper()}{rest[1:]}." if rest else ""


def _supplies(parts: Sequence[AnyPart]) -> list[_Supply]:
    """Parts that follow one another at a service point become one, where they can be priced as one."""
    found: list[_Supply] = []
    for item in parts:
        next_one = _Supply(item.part.service_point, item.side, item.part.billed_minor, item.part.channel_id)
        joined = _joined(found[-1], next_one) if found else None
        if joined is not None:
            found[-1] = joined
        else:
            found.append(next_one)
    return found


def _joined(one: _Supply, other: _Supply) -> _Supply | None:
    """Two stretches as one, or None where that would not give the same money."""
    a, b = one.side, other.side
    if not isinstance(a, Side) or not isinstance(b, Side):
        return None
    alike = (
        (one.point, one.channel_id) == (other.point, other.channel_id)
        and a.period.ends_before == b.period.starts_on
        and a.usage.interval_minutes == b.usage.interval_minutes
        and _frame(a.tariff) == _frame(b.tariff)
        and a.zone == b.zone
        and not (a.tariff.reads_reactive or b.tariff.reads_reactive)
    )
    calendar, shared = _shared_calendar(a, b)
    if not alike or not shared:
        return None
    period = Period(a.period.starts_on, b.period.ends_before)
    known = None if a.known is None and b.known is None else _chained(a.known or a.usage, b.known or b.usage)
    usage = _chained(a.usage, b.usage)
    if usage is None:
        return None
    tariff = replace(_spliced(a.tariff, b.tariff, b.period), holidays=calendar)
    side = Side(usage, tariff, period, a.timezone, known)
    total = one.total_minor + other.total_minor
    return _Supply(one.point, side, total, one.channel_id) if side.bill().total_minor == total else None


def _frame(tariff: Tariff) -> tuple[object, ...]:
    return tariff.currency, tariff.decimals, tariff.rounding, tariff.timezone


def _shared_calendar(a: Side, b: Side) -> tuple[HolidayCalendar | None, bool]:
    """The calendar for both, and whether there is one: none is needed where no holiday fell in either
    stretch."""
    calendars = a.tariff.holidays, b.tariff.holidays
    if calendars[0] == calendars[1]:
        return calendars[0], True
    fell = any(
        day_kind(day, calendar) == HOLIDAY
        for side, calendar in zip((a, b), calendars, strict=True)
        for day in side.period.dates()
    )
    return None, not fell


def _chained(one: Usage, other: Usage) -> Usage | None:
    """Readings that follow each other without a step between."""
    if one.ends_before != other.starts_at or epoch_minute(one.starts_at) % one.interval_minutes != (
        epoch_minute(other.starts_at) % one.interval_minutes
    ):
        return None
    return Usage(
        one.starts_at,
        one.interval_minutes,
        np.concatenate((one.micro_kwh, other.micro_kwh)),
        np.concatenate((one.missing, other.missing)),
        np.concatenate((one.estimated, other.estimated)),
    )


def _spliced(before: Tariff, after: Tariff, from_period: Period) -> Tariff:
    """One tariff that is `before` until the day of the change and `after` from then on.

    The later one's codes are marked, so that no line of the two runs together: each is rounded by itself,
    as billed.
    """
    starts_on = from_period.starts_on
    kept = tuple(version for version in before.versions if version.starts_on < starts_on)
    first = replace(after.version_on(starts_on), starts_on=starts_on)
    later = (first, *(version for version in after.versions if version.starts_on > starts_on))
    mark = f"~{starts_on}"
    marked = tuple(_marked(version, mark) for version in later)
    return replace(after, code=f"{before.code}+{after.code}", versions=(*kept, *marked))


def _marked(version: Version, mark: str) -> Version:
    charges: list[Charge] = []
    for charge in version.charges:
        code = charge.code + mark
        if isinstance(charge, TaxCharge):
            base = None if charge.base is None else tuple(name + mark for name in charge.base)
            charges.append(replace(charge, code=code, base=base))
        else:
            charges.append(replace(charge, code=code))
    return replace(version, charges=tuple(charges))
