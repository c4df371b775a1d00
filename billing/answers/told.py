"""What an answer is outside a page: a sentence, figures that add up, a chart and its evidence.

The customer page draws the same answer from the same loads; the API and the command line tell it as this
document.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from billing.answers.parameters import Parameter
from billing.domain.money import amount_text, micro_text
from billing.domain.tariffs.file import default_decimals
from billing.queries.bills import BillRow
from utility_crm.kit.parts import Answer, CustomerCall, Question, Sheet


class FigureDocument(TypedDict):
    """A figure by its lasting name; `unit` is a currency, kWh, days, a share of one, or empty."""

    name: str
    value: str
    unit: str


class PartDocument(TypedDict):
    """One of the amounts that add up."""

    name: str
    amount: str


class SumDocument(TypedDict):
    """Parts and the total that they reconcile to: `left_over` is the total less the parts."""

    parts: list[PartDocument]
    total: str
    left_over: str
    currency: str


class ChartDocument(TypedDict):
    """Series of (label, value), in the order of the axis."""

    kind: str
    unit: str
    series: list[dict[str, object]]


class EvidenceDocument(TypedDict):
    """What the answer was made from, and where to look at it; `href` is empty where there is no page."""

    kind: str
    id: str
    href: str


class AnswerDocument(TypedDict):
    """The promised document of `billing answer` and of the API."""

    account: str
    question: str
    title: str
    sentence: str
    if_asked_on: str
    figures: list[FigureDocument]
    adds_up: SumDocument | None
    chart: ChartDocument | None
    evidence: list[EvidenceDocument]


@dataclass(frozen=True, slots=True)
class Figure:
    """See FigureDocument."""

    name: str
    value: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Sum:
    """Named amounts in minor units, and the total they have to reach."""

    parts: tuple[tuple[str, int], ...]
    total_minor: int
    currency: str

    @property
    def left_over_minor(self) -> int:
        return self.total_minor - sum(amount for _, amount in self.parts)

    def document(self) -> SumDocument:
        decimals = default_decimals(self.currency)
        return {
            "parts": [{"name": name, "amount": amount_text(minor, decimals)} for name, minor in self.parts],
            "total": amount_text(self.total_minor, decimals),
            "left_over": amount_text(self.left_over_minor, decimals),
            "currency": self.currency,
        }


@dataclass(frozen=True, slots=True)
class Series:
    """A line or a set of columns of a chart: (label, value as a decimal string)."""

    name: str
    points: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """kind: columns, waterfall, heat or range."""

    kind: str
    unit: str
    series: tuple[Series, ...]

    def document(self) -> ChartDocument:
        return {
            "kind": self.kind,
            "unit": self.unit,
            "series": [
                {
                    "name": one.name,
                    "points": [{"label": label, "value": value} for label, value in one.points],
                }
                for one in self.series
            ],
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """See EvidenceDocument."""

    kind: str
    id: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer in full. sentence: to be said aloud, in the language asked for."""

    sentence: str
    if_asked_on: str = ""
    figures: tuple[Figure, ...] = ()
    adds_up: Sum | None = None
    chart: Chart | None = None
    evidence: tuple[Evidence, ...] = ()

    def document(self, account: str, question: str, title: str) -> AnswerDocument:
        return {
            "account": account,
            "question": question,
            "title": title,
            "sentence": self.sentence,
            "if_asked_on": self.if_asked_on,
            "figures": [{"name": one.name, "value": one.value, "unit": one.unit} for one in self.figures],
            "adds_up": self.adds_up.document() if self.adds_up else None,
            "chart": self.chart.document() if self.chart else None,
            "evidence": [{"kind": one.kind, "id": one.id, "href": one.href} for one in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """One question about an account: its short answer and its sheet on the page, and the same told.

    takes: what it may be asked with outside the page.
    """

    key: str
    title: str
    order: int
    short: Callable[[CustomerCall], Answer]
    sheet: Callable[[CustomerCall], Sheet]
    told: Callable[[CustomerCall], Told]
    takes: tuple[Parameter, ...] = ()

    def question(self) -> Question:
        """As the customer page asks it."""
        return Question(self.key, self.title, self.order, self.short, self.sheet)


def money_figure(name: str, minor: int, currency: str) -> Figure:
    """An amount in minor units."""
    return Figure(name, amount_text(minor, default_decimals(currency)), currency)


def kwh_figure(name: str, micro_kwh: int) -> Figure:
    """Energy in millionths of a kWh."""
    return Figure(name, micro_text(micro_kwh), "kWh")


def date_figure(name: str, day: date) -> Figure:
    """A local date."""
    return Figure(name, day.isoformat())


def bill_evidence(bill: BillRow) -> Evidence:
    """A bill, with its page."""
    return Evidence("bill", bill.number, f"/bills/{bill.number}")
