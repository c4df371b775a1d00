"""Explanations worked out beforehand: kept by the clock, and used while nothing they were made from has
changed.

Kept is what was found, not the words of it: these are made in the reader's language at each look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.domain.explanation.comparison import Caveat
from billing.domain.explanation.moved_days import MovedDay
from billing.domain.explanation.weather.parting import MOST_DAYS, LeftOut, Weather
from billing.domain.explanation.weather.record import DailyRecord
from billing.domain.reckoning.days import Period
from billing.explaining.document import EffectRow, SupplyWeather
from billing.explaining.explained import Explained, Kind
from billing.explaining.hours import Stretch
from billing.queries.bills import BillRow
from billing.tables import KeptExplanation


@dataclass(frozen=True, slots=True)
class _Record:
    """A DailyRecord as lists: None is what nobody knows."""

    starts_on: date
    ends_before: date
    kwh: tuple[float | None, ...]
    celsius: tuple[float | None, ...]
    daylight: tuple[float | None, ...]
    free: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class _Supply:
    point: str
    found: Weather | LeftOut
    record: _Record | None


@dataclass(frozen=True, slots=True)
class _Document:
    """An Explained without its bills; alone_minor: what putting the estimates right comes to by itself."""

    decimals: int
    kind: Kind
    sentence: str
    if_asked_on: str
    rows: tuple[EffectRow, ...]
    caveats: tuple[Caveat, ...]
    moved: tuple[MovedDay, ...]
    moved_at: str
    weathers: tuple[_Supply, ...]
    names: Mapping[str, Mapping[str, str]]
    by_dials: bool
    alone_minor: int | None
    by_hours: bool
    most: Stretch | None


_DOCUMENTS: TypeAdapter[_Document] = TypeAdapter(_Document)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was found, and what putting its estimates right comes to by itself where that was reckoned.

    by_hours: whether `most` is known, the hours at which most was used, None where nothing was.
    """

    explained: Explained
    alone_minor: int | None
    by_hours: bool = False
    most: Stretch | None = None


def may_be_kept(bill: BillRow, against: BillRow, since: date) -> bool:
    """Whether all that the two are explained by lies within what the account's basis watches over: nothing
    before `since`."""
    return min(against.starts_on, bill.ends_before - timedelta(days=MOST_DAYS)) >= since


def keep_explanation(
    session: Session, pair: tuple[int, int], kept: Kept | None, basis: str, now: datetime
) -> None:
    """Write down what was found of the two bills, in place of what was before; None: it is to be worked out
    at each look."""
    document = None if kept is None else _DOCUMENTS.dump_python(_document(kept), mode="json")
    row: dict[str, Any] = {"basis": basis, "document": document, "reckoned_at": now}
    key = {"bill_id": pair[0], "against_id": pair[1]}
    statement = insert(KeptExplanation).values(**key, **row)
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=row))


def _document(kept: Kept) -> _Document:
    found = kept.explained
    return _Document(
        found.decimals, found.kind, found.sentence, found.if_asked_on, found.rows, found.caveats, found.moved,
        found.moved_at,
        tuple(_Supply(one.point, one.found, _written(one.record)) for one in found.weathers),
        found.names, found.by_dials, kept.alone_minor, kept.by_hours, kept.most,
    )  # fmt: skip


def explanation_of(document: str, bill: BillRow, against: BillRow) -> Kept:
    """What was found of the two bills, as it is kept."""
    told = _DOCUMENTS.validate_json(document)
    weathers = tuple(SupplyWeather(one.point, one.found, _record(one.record)) for one in told.weathers)
    found = Explained(
        bill, against, told.decimals, told.kind, told.sentence, told.if_asked_on, told.rows, told.caveats,
        told.moved, told.moved_at, weathers, told.names, told.by_dials,
    )  # fmt: skip
    return Kept(found, told.alone_minor, told.by_hours, told.most)


def _written(record: DailyRecord | None) -> _Record | None:
    if record is None:
        return None
    kwh, celsius, daylight = (
        tuple(None if np.isnan(value) else float(value) for value in values)
        for values in (record.kwh, record.celsius, record.daylight)
    )
    period = record.period
    return _Record(period.starts_on, period.ends_before, kwh, celsius, daylight, tuple(record.free.tolist()))


def _record(kept: _Record | None) -> DailyRecord | None:
    if kept is None:
        return None
    kwh, celsius, daylight = (np.array(one, np.float64) for one in (kept.kwh, kept.celsius, kept.daylight))
    return DailyRecord(Period(kept.starts_on, kept.ends_before), kwh, celsius, daylight, np.array(kept.free))
