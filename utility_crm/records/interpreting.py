"""A row of cells as values of our fields: what cannot be read is refused with its place, never put right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from dateutil import parser as dateparser

from utility_crm.records.domain.amounts import amount_of
from utility_crm.records.domain.days import Order, day_of, parts_of
from utility_crm.records.domain.seen import Cell
from utility_crm.records.guessing import value_of
from utility_crm.records.kinds import EXTERNAL, Field, Kind, Refusal
from utility_crm.records.mapping import Mapping
from utility_crm.web.words import mark

LONGEST_SHOWN = 200
WORDS = {
    "cells": mark("The row has %(have)s cells where the titles have %(want)s."),
    "required": mark("Nothing stands here, and it is needed."),
    "error": mark("The cell holds an error: %(value)s."),
    "not_calculated": mark("The formula %(value)s was never calculated; open the workbook and save it."),
    "too_long": mark("More than %(most)s characters."),
    "day": mark("“%(value)s” is no day that can be read."),
    "instant": mark("“%(value)s” is no day and hour that can be read."),
    "amount": mark("“%(value)s” is no amount."),
    "unknown_value": mark("Nobody has said what “%(value)s” means here."),
}


class _Months(dateparser.parserinfo):
    """Months and weekdays in English and in Russian, as they are written in dates."""

    MONTHS = [  # noqa: RUF012 - dateutil reads it from the class
        (*english, *russian)
        for english, russian in zip(
            dateparser.parserinfo.MONTHS,
            [
                ("январь", "января", "янв"), ("февраль", "февраля", "фев", "февр"), ("март", "марта", "мар"),
                ("апрель", "апреля", "апр"), ("май", "мая"), ("июнь", "июня", "июн"), ("июль", "июля", "июл"),
                ("август", "августа", "авг"), ("сентябрь", "сентября", "сен", "сент"),
                ("октябрь", "октября", "окт"), ("ноябрь", "ноября", "ноя", "нояб"),
                ("декабрь", "декабря", "дек"),
            ],
            strict=True,
        )
    ]  # fmt: skip
    JUMP = [*dateparser.parserinfo.JUMP, "г", "года", "в"]  # noqa: RUF012


_INFO = _Months()
_ONE, _OTHER = datetime(2000, 2, 3, 4, 5), datetime(2003, 4, 5, 6, 7)  # noqa: DTZ001 - never kept


@dataclass(frozen=True, slots=True)
class Read:
    """values: of the fields that can be read; refused: why the row cannot be taken."""

    values: dict[str, Any]
    refused: tuple[Refusal, ...]


class CannotRead(Exception):
    """A value that cannot be: the code of WORDS, and figures."""

    def __init__(self, code: str, **figures: Any) -> None:
        self.code, self.figures = code, figures
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class _Part:
    field: Field
    place: int
    fixed: str
    read: Callable[[Cell], Any]


class Reader:
    """Reads rows of one file by its mapping."""

    def __init__(
        self, kind: Kind, mapping: Mapping, titles: Sequence[str], *, timezone: str, today: date
    ) -> None:
        self._width, self._today = len(titles), today
        zone = ZoneInfo(timezone)
        places = {title: place for place, title in enumerate(titles)}
        self._parts = [
            _Part(one, places.get(mapping.columns.get(one.name, ""), -1),
                  mapping.fixed.get(one.name, "") or one.otherwise, _read_as(one, mapping, zone))
            for one in kind.fields
        ]  # fmt: skip

    def read(self, line: int, cells: Sequence[Cell]) -> Read:
        """The row's values, or why not."""
        have = len(cells)
        while have > self._width and cells[have - 1] is None:
            have -= 1
        if have > self._width:
            figures = {"have": have, "want": self._width}
            return Read({}, (Refusal(line, "", "cells", WORDS["cells"], "", figures),))
        values: dict[str, Any] = {}
        refused: list[Refusal] = []
        for part in self._parts:
            cell = cells[part.place] if 0 <= part.place < have else None
            told = cell if cell is not None else part.fixed or None
            if told is None:
                if part.field.required:
                    refused.append(Refusal(line, part.field.name, "required", WORDS["required"]))
                continue
            try:
                values[part.field.name] = part.read(told)
            except CannotRead as wrong:
                shown = (told if isinstance(told, str) else next(iter(told.values())))[:LONGEST_SHOWN]
                refused.append(
                    Refusal(line, part.field.name, wrong.code, WORDS[wrong.code], shown,
                            {"value": shown, **wrong.figures})
                )  # fmt: skip
        return Read(values, tuple(refused))


def _read_as(one: Field, mapping: Mapping, zone: ZoneInfo) -> Callable[[Cell], Any]:
    order, mark_ = mapping.dates.get(one.name, ""), mapping.decimals.get(one.name, "")
    words = {key.casefold().strip(): ours for key, ours in mapping.values.get(one.name, {}).items()}
    if one.type == "day":
        return lambda cell: _day(cell, order)
    if one.type == "instant":
        return lambda cell: _instant(cell, order, zone)
    if one.type == "amount":
        return lambda cell: _amount(cell, mark_)
    if one.type in ("choice", "yes"):
        return lambda cell: _choice(one, words, _text(cell, one.longest))
    return lambda cell: _text(cell, one.longest, one_line=one.type == "text" or one.name == EXTERNAL)


def _text(cell: Cell, longest: int, *, one_line: bool = True) -> str:
    told = cell if isinstance(cell, str) else _typed(cell)
    told = " ".join(told.split()) if one_line else told.replace("\r\n", "\n").strip()
    if len(told) > longest:
        raise CannotRead("too_long", most=longest)
    return told


def _typed(cell: dict[str, str] | None) -> str:
    """What a workbook's typed cell says. Raises CannotRead for errors and formulas without a value."""
    what, value = next(iter((cell or {"n": ""}).items()))
    if what == "e":
        raise CannotRead("error")
    if what == "f":
        raise CannotRead("not_calculated")
    return value


def _choice(one: Field, words: dict[str, str], told: str) -> Any:
    key = told.casefold().strip()
    ours = words[key] if key in words else value_of(one, told)
    if not ours:
        raise CannotRead("unknown_value")
    return ours == "yes" if one.type == "yes" else ours


def _amount(cell: Cell, mark_: str) -> Decimal:
    if isinstance(cell, dict):
        found = amount_of(_typed(cell), ".") if "n" in cell else None
        if "d" not in cell and "n" not in cell:
            _typed(cell)
    else:
        found = amount_of(str(cell), "," if mark_ == "," else ".")
    if found is None:
        raise CannotRead("amount")
    return found


def _day(cell: Cell, order: str) -> date:
    told = (cell if isinstance(cell, str) else _typed(cell)).strip()
    found = _figures(told.split("T")[0].split()[0], order) if told else None
    if found is None:
        found = _by_words(told)
    if found is None:
        raise CannotRead("day")
    return found.date() if isinstance(found, datetime) else found


def _instant(cell: Cell, order: str, zone: ZoneInfo) -> datetime:
    """Of the zone's clock where no offset is written; midnight where there is no hour. In UTC."""
    told = (cell if isinstance(cell, str) else _typed(cell)).strip()
    first, _, rest = told.replace("T", " ", 1).partition(" ") if told[:1].isdigit() else (told, "", "")
    day = _figures(first, order)
    if day is not None:
        hour = _hour(rest.strip())
    else:
        found = _by_words(told)
        if found is None:
            raise CannotRead("instant")
        day, hour = found.date(), found.timetz()
    if hour is None:
        raise CannotRead("instant")
    return datetime.combine(day, hour, hour.tzinfo or zone).astimezone(UTC)


def _figures(told: str, order: str) -> date | None:
    if parts_of(told) is None:
        return None
    found = day_of(told, cast("Order", order or "ymd"))
    if found is None:
        raise CannotRead("day")
    return found


def _hour(told: str) -> time | None:
    if not told:
        return time()
    try:
        found = time.fromisoformat(told if told[1:2] != ":" else f"0{told}")
    except ValueError:
        by_words = _by_words(f"2000-02-03 {told}")
        return by_words.timetz() if by_words is not None else None
    return found


def _by_words(told: str) -> datetime | None:
    """5 January 2026, 5 января 2026 г.; what leaves day, month or year open is none: what a default would put
    in stands out by trying two."""
    if not told or parts_of(told) is not None:
        return None
    try:
        one = dateparser.parse(told, _INFO, default=_ONE)
        other = dateparser.parse(told, _INFO, default=_OTHER)
    except (ValueError, OverflowError, TypeError):
        return None
    if one.date() != other.date():
        return None
    return one if one.timetz() == other.timetz() else datetime.combine(one.date(), time())
