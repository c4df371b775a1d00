"""What a pass over a file has seen of a column, in bounded memory: values, and evidence of how to read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from utility_crm.records.domain.amounts import mark_of
from utility_crm.records.domain.days import orders_of, parts_of

MOST_VALUES = 200
LONGEST_VALUE = 80
EXAMPLES = 3
AMBIGUOUS = ("dmy", "mdy")

Cell = str | dict[str, str] | None
"""As text stands in a file; of a workbook's typed cells {"n": a number's digits}, {"d": a day or an instant
in ISO 8601}, {"e": an error}, {"f": a formula that was never calculated}; None where there is nothing."""


@dataclass(slots=True)
class ColumnSeen:
    """values: how often each value stands there, as long as they are few; None once they are many. orders and
    marks: how many values can only be read so; either_*: a value that can be read both ways."""

    title: str
    filled: int = 0
    values: dict[str, int] | None = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    orders: dict[str, int] = field(default_factory=dict)
    either_day: str = ""
    marks: dict[str, int] = field(default_factory=dict)
    either_amount: str = ""

    def see(self, cell: Cell) -> None:
        """One more cell."""
        if cell is None or cell == "":
            return
        self.filled += 1
        shown = cell if isinstance(cell, str) else next(iter(cell.values()))
        if len(self.examples) < EXAMPLES and shown not in self.examples:
            self.examples.append(shown[:LONGEST_VALUE])
        self._count(shown)
        if isinstance(cell, str):
            self._weigh(cell)

    def _count(self, shown: str) -> None:
        if self.values is None:
            return
        if len(shown) > LONGEST_VALUE or (shown not in self.values and len(self.values) >= MOST_VALUES):
            self.values = None
        else:
            self.values[shown] = self.values.get(shown, 0) + 1

    def _weigh(self, text: str) -> None:
        if not text[:1].isdigit() and text[:1] not in "+-\u2212":
            return
        figures = text.split("T")[0].split()[0]
        if parts_of(figures) is not None:
            orders = orders_of(figures)
            if len(orders) == 1:
                only = next(iter(orders))
                self.orders[only] = self.orders.get(only, 0) + 1
            elif orders:
                self.either_day = self.either_day or figures
        mark = mark_of(text)
        if mark == "?":
            self.either_amount = self.either_amount or text
        elif mark:
            self.marks[mark] = self.marks.get(mark, 0) + 1

    @property
    def order(self) -> str:
        """The one order in which its days can be read; "" where it has to be asked."""
        told = {name for name in self.orders if name in AMBIGUOUS}
        if self.either_day or len(told) > 1:
            return next(iter(told)) if len(told) == 1 else ""
        return next(iter(told), "ymd")

    @property
    def mark(self) -> str:
        """The one mark by which its amounts can be read; "" where it has to be asked."""
        if len(self.marks) == 1:
            return next(iter(self.marks))
        return "" if self.marks or self.either_amount else "."

    def document(self) -> dict[str, Any]:
        return {
            "title": self.title, "filled": self.filled, "values": self.values, "examples": self.examples,
            "orders": self.orders, "either_day": self.either_day, "marks": self.marks,
            "either_amount": self.either_amount,
        }  # fmt: skip

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> ColumnSeen:
        return cls(**document)
