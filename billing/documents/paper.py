"""What the template of a bill is given: words and figures ready to be set, in the customer's language."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class From:
    """The supplier. back: one line above the address, for a letter that comes back."""

    name: str
    back: str
    address: tuple[str, ...]
    tax: tuple[str, ...]
    contact: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class To:
    """The addressee."""

    name: str
    address: tuple[str, ...]
    tax: str


@dataclass(frozen=True, slots=True)
class Headline:
    """The band: what it is for, what is asked, how much, until when."""

    what: str
    about: str
    ask: str
    total: str
    due: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A day: kWh, whether any of it was estimated, whether it is the highest, and a year before."""

    value: float
    estimated: bool
    high: bool
    before: float | None
    label: str


@dataclass(frozen=True, slots=True)
class Usage:
    """The chart of days. top: the scale's end in kWh; ticks: (kWh, words); notes: what the marks mean."""

    heading: str
    top: float
    ticks: tuple[tuple[float, str], ...]
    days: tuple[Bar, ...]
    notes: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """Rows of words and amounts under a heading, and what they come to; said: a sentence beside them."""

    heading: str
    rows: tuple[Pair, ...]
    total: Pair
    said: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Quantities beside one another: (label, kWh, words) each, bars from zero; said: what they say."""

    heading: str
    rows: tuple[tuple[str, float, str], ...]
    said: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """How to pay: (name, value, is it typed) rows, and a QR code as SVG; empty where none is needed."""

    heading: str
    rows: tuple[tuple[str, str, bool], ...]
    note: str
    qr: str
    scan: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the bill, net."""

    label: str
    detail: str
    quantity: str
    unit: str
    price: str
    amount: str


@dataclass(frozen=True, slots=True)
class PaperSite:
    """A place supplied, with its lines. total: where there are several places."""

    heading: str
    facts: tuple[Pair, ...]
    lines: tuple[Line, ...]
    total: Pair | None


@dataclass(frozen=True, slots=True)
class Tax:
    """Net, tax and total: taxes by rate, then the sums."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sums: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Words under a heading."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Paper:
    """The whole document. issued: year, month, day; the PDF carries that date and no other.

    account: what was owed before, and with this, None where nothing was. compared: the first bar is this
    bill's; months: the last is. brief: the details follow on page one.
    """

    language: str
    number: str
    title: str
    issued: tuple[int, int, int]
    supplier: From
    addressee: To
    facts: tuple[Pair, ...]
    headline: Headline
    usage: Usage | None
    summary: Summary
    account: Summary | None
    compared: Bars | None
    payment: Payment
    detail_heading: str
    columns: tuple[str, ...]
    sites: tuple[PaperSite, ...]
    sections: tuple[Section, ...]
    tax: Tax
    months: Bars | None
    footer: str
    brief: bool = False

    def document(self, shown: Callable[[str], str] = str) -> str:
        """As the template reads it; `shown` is asked of every text."""
        return json.dumps(_texts(asdict(self), shown), ensure_ascii=False, separators=(",", ":"))


def _texts(value: Any, shown: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {key: _texts(item, shown) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(item, shown) for item in value]
    return value
