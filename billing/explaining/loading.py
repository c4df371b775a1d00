"""From two stored bills to the comparison of what they were made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from billing.domain.errors import NotComparable, NotRateable
from billing.domain.explanation.comparison import explain
from billing.explaining.explained import Explained, explained
from billing.explaining.several import AnyPart, explain_several
from billing.explaining.weather import NO_WEATHER, WeatherKnown, weather_known
from billing.queries.bill_parts import ReadPart, other_lines, parts_of_bills, read_bills
from billing.queries.bills import BillRow
from billing.queries.register_parts import registers_of_bills
from utility_crm.kit.errors import Conflict, Refused
from utility_crm.web.words import mark


def explain_bill(
    session: Session,
    bill: BillRow,
    against: BillRow | None,
    *,
    days: bool = True,
    read: Sequence[tuple[ReadPart, ...]] = (),
) -> Explained:
    """Why `bill` differs from `against`; without one, what there is to say about a first bill.

    days: also find the days that moved most. read: what `read_both` gave, where that has been asked already.
    Two statements, three for the weather, and more where registers were billed. Raises Refused where the two
    may not be compared (another account or currency), Conflict where a bill can no longer be made again from
    what is stored.
    """
    if against is not None and against.account_id != bill.account_id:
        raise Refused("other_account", mark("The two bills belong to different accounts."), against.number)
    if against is not None and against.id == bill.id:
        raise Refused("same_bill", mark("A bill cannot be held against itself."), bill.number)
    both = [bill] if against is None else [against, bill]
    sides: list[tuple[AnyPart, ...]] = [*(list(read) or read_both(session, bill, against))]
    try:
        # Most bills are their supplies; only where they are not is it asked what else is on them.
        others: dict[int, dict[str, int]] = {}
        if not _whole(both, sides):
            dials = registers_of_bills(session, both)
            sides = [(*mine, *more) for mine, more in zip(sides, dials, strict=True)]
            others = {} if _whole(both, sides) else other_lines(session, [one.id for one in both])
        for one, mine in zip(both, sides, strict=True):
            _check(one, mine, others.get(one.id, {}))
        weathers = NO_WEATHER
        if against is not None:
            by_interval = [[item for item in mine if isinstance(item, ReadPart)] for mine in sides]
            weathers = weather_known(session, bill.account_id, by_interval[0], by_interval[1])
        alike = len({type(item) for mine in sides for item in mine}) == 1
        if not others and alike and all(len(mine) == 1 for mine in sides):
            found = _single(bill, against, sides, weathers, days=days)
            return replace(found, names=_names(sides))
        found = explain_several(
            bill,
            against,
            sides[0] if against is not None else (),
            sides[-1],
            weathers,
            days=days,
            others=(others.get(both[0].id, {}), others.get(bill.id, {})),
        )
        return replace(found, names=_names(sides))
    except NotComparable as fault:
        raise Refused(fault.code, f"The two bills cannot be compared: {fault}.", bill.number) from fault


def _names(sides: Sequence[tuple[AnyPart, ...]]) -> dict[str, dict[str, str]]:
    """By language, what the tariffs of the two bills call their labels; the later bill's word stands."""
    found: dict[str, dict[str, str]] = {}
    for item in (item for mine in sides for item in mine):
        for language, names in item.part.tariff.labels:
            found.setdefault(language, {}).update(names)
    return found


def _single(
    bill: BillRow,
    against: BillRow | None,
    sides: Sequence[tuple[AnyPart, ...]],
    weathers: WeatherKnown,
    *,
    days: bool,
) -> Explained:
    after = sides[-1][0]
    if against is None:
        return explained(bill, None, explain(None, after.side), days=days)
    before = sides[0][0]
    weather, record = None, None
    if (
        isinstance(before, ReadPart)
        and isinstance(after, ReadPart)
        and before.part.channel_id == after.part.channel_id
    ):
        weather, record = weathers.between(after.part.channel_id, before.side, after.side)
    found = explain(before.side, after.side, weather)
    return explained(bill, against, found, days=days, point=after.part.service_point, record=record)


def read_both(session: Session, bill: BillRow, against: BillRow | None) -> list[tuple[ReadPart, ...]]:
    """What the two bills were made of, with their readings, the earlier first; two statements."""
    both = [bill] if against is None else [against, bill]
    parts = parts_of_bills(session, [one.id for one in both])
    return read_bills(session, [(one, parts[one.id]) for one in both])


def of_readings_alone(bill: BillRow, against: BillRow, read: Sequence[tuple[ReadPart, ...]]) -> bool:
    """Whether `read`, what `read_both` gave, is all that both bills are made of: no dials, no other lines."""
    return _whole([against, bill], read)


def _whole(bills: Sequence[BillRow], sides: Sequence[Sequence[AnyPart]]) -> bool:
    return all(mine and _billed(mine) == one.total_minor for one, mine in zip(bills, sides, strict=True))


def _billed(parts: Sequence[AnyPart]) -> int:
    return sum(item.part.billed_minor for item in parts)


def _check(bill: BillRow, parts: Sequence[AnyPart], others: Mapping[str, int]) -> None:
    """The engine must give, from the readings known then, what was issued; else nothing may be built on it.
    Lines of no supply stand as they were issued."""
    try:
        same = bool(parts) and all(item.side.bill().total_minor == item.part.billed_minor for item in parts)
    except NotRateable:
        same = False
    if not same or _billed(parts) + sum(others.values()) != bill.total_minor:
        raise Conflict(
            "not_reproducible",
            mark("Bill %(bill)s cannot be made again from the readings and prices that are stored."),
            bill.number,
            bill=bill.number,
        )
