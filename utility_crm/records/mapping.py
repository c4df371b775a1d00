"""How a file of another system is read: its columns as our fields, its words as ours, days and amounts."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from utility_crm.kit.errors import Invalid
from utility_crm.records.domain.days import ORDERS
from utility_crm.records.domain.seen import ColumnSeen
from utility_crm.records.kinds import EXTERNAL, Kind
from utility_crm.web.words import mark

_PARTS = ("columns", "fixed", "values", "dates", "decimals")
MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Mapping:
    """By field: `columns` the title it is read from; `fixed` what stands for all rows; `values` their words
    as ours; `dates` the order of figures (dmy, mdy, ymd); `decimals` the mark before the parts."""

    columns: Map[str, str] = field(default_factory=dict)
    fixed: Map[str, str] = field(default_factory=dict)
    values: Map[str, Map[str, str]] = field(default_factory=dict)
    dates: Map[str, str] = field(default_factory=dict)
    decimals: Map[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, document: Map[str, Any]) -> Mapping:
        return cls(**{name: document.get(name, {}) for name in _PARTS})


@dataclass(frozen=True, slots=True)
class Ask:
    """What only a person can say before rows can be read: `what`, of which field, a value that shows why."""

    what: Literal["required", "dates", "decimals"]
    field: str
    title: str = ""
    value: str = ""

    def document(self) -> dict[str, str]:
        return asdict(self)


def read_mapping(content: bytes, kind: Kind, where: str = "mapping") -> Mapping:
    """A mapping file: TOML, or JSON where it begins with a brace. Raises Invalid naming what is wrong."""
    if len(content) > MOST_BYTES:
        raise Invalid("mapping", mark("A mapping file is small; this is none."), where)
    try:
        text = content.decode("utf-8-sig")
        told = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        words = mark("The mapping file cannot be read: %(why)s.")
        raise Invalid("mapping", words, where, why=str(error)) from error
    return checked(told, kind, where)


def checked(told: Any, kind: Kind, where: str = "mapping") -> Mapping:
    """A mapping document whose every field is one of the kind's. Raises Invalid."""
    names = {one.name for one in kind.fields}
    if not isinstance(told, dict):
        raise Invalid("mapping", mark("A mapping has the parts %(parts)s."), where, parts=", ".join(_PARTS))
    for part in told.keys() - {"kind", "source", "encoding", "delimiter", "sheet"}:
        if part not in _PARTS or not isinstance(told[part], dict):
            raise Invalid(
                "mapping",
                mark("A mapping has the parts %(parts)s."),
                f"{where}, {part}",
                parts=", ".join(_PARTS),
            )
        for name, value in told[part].items():
            place = f"{where}, {part}.{name}"
            if name not in names:
                words = mark("%(kind)s have no field %(name)s; there are %(names)s.")
                figures = {"kind": kind.name, "name": name, "names": ", ".join(sorted(names))}
                raise Invalid("mapping", words, place, **figures)
            _check_value(kind, part, name, value, place)
    return Mapping.of(told)


def _check_value(kind: Kind, part: str, name: str, value: Any, place: str) -> None:
    choices = kind.field(name).choices
    if part == "values":
        ours = set(value.values()) if isinstance(value, dict) else {None}
        allowed = set(choices) | {""} if choices else {"yes", "no", ""}
        if not all(isinstance(one, str) for one in ours) or not ours <= allowed:
            words = mark("The words of %(name)s become one of %(names)s.")
            raise Invalid("mapping", words, place, name=name, names=", ".join(sorted(allowed - {""})))
        return
    allowed_words = {"dates": ORDERS, "decimals": (".", ",")}.get(part, ())
    if not isinstance(value, str) or (allowed_words and value not in allowed_words):
        shown = ", ".join(allowed_words) or "…"
        raise Invalid("mapping", mark("Say one of %(names)s here."), place, names=shown)


def open_asks(kind: Kind, mapping: Mapping, columns: Sequence[ColumnSeen]) -> list[Ask]:
    """What a person has to say before the rows can be read. Raises Invalid where a column is not there."""
    by_title = {column.title: column for column in columns}
    found: list[Ask] = []
    for one in kind.fields:
        title = mapping.columns.get(one.name, "")
        if title and title not in by_title:
            words = mark("The file has no column %(title)s; it has %(titles)s.")
            figures = {"title": title, "titles": ", ".join(by_title)}
            raise Invalid("no_such_column", words, f"columns.{one.name}", **figures)
        if not title:
            if one.required and not mapping.fixed.get(one.name):
                found.append(Ask("required", one.name))
            continue
        column = by_title[title]
        if one.type in ("day", "instant") and not mapping.dates.get(one.name) and not column.order:
            found.append(Ask("dates", one.name, title, column.either_day or _first(column)))
        if one.type == "amount" and not mapping.decimals.get(one.name) and not column.mark:
            found.append(Ask("decimals", one.name, title, column.either_amount or _first(column)))
    return found


def _first(column: ColumnSeen) -> str:
    return column.examples[0] if column.examples else ""


def settled(kind: Kind, mapping: Mapping, columns: Sequence[ColumnSeen]) -> Mapping:
    """With the orders and marks that the columns prove put in where nobody has said them."""
    by_title = {column.title: column for column in columns}
    dates, decimals = dict(mapping.dates), dict(mapping.decimals)
    for one in kind.fields:
        column = by_title.get(mapping.columns.get(one.name, ""))
        if column is None:
            continue
        if one.type in ("day", "instant") and not dates.get(one.name):
            dates[one.name] = column.order
        if one.type == "amount" and not decimals.get(one.name):
            decimals[one.name] = column.mark
    return replace(mapping, dates=dates, decimals=decimals)


def must_be_said(kind: Kind, mapping: Mapping, columns: Sequence[ColumnSeen]) -> None:
    """Raises Invalid for the first thing that only a person can say."""
    for ask in open_asks(kind, mapping, columns):
        figures = {"field": ask.field, "title": ask.title, "value": ask.value}
        if ask.what == "required":
            words = mark("No column is named for %(field)s: say columns.%(field)s in a mapping file.")
            if ask.field == EXTERNAL:
                words = mark(
                    "No column is named for %(field)s, and without it a file dropped twice would double: "
                    "say columns.%(field)s in a mapping file."
                )
        elif ask.what == "dates":
            words = mark(
                "%(value)s in column %(title)s may be read in two ways: say dates.%(field)s, dmy or mdy."
            )
        else:
            words = mark(
                "%(value)s in column %(title)s may be thousands or parts: say decimals.%(field)s, "
                "a point or a comma."
            )
        raise Invalid(f"ask_{ask.what}", words, f"{ask.what}.{ask.field}", **figures)
