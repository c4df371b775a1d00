"""Counts and sums of an import: whatever stands in the file was taken, was there already, or was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Fate = Literal["made", "changed", "same", "refused"]
FATES: tuple[Fate, ...] = ("made", "changed", "same", "refused")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of a row: minor units of its currency, and the month (2026-11) it counts in."""

    currency: str
    month: str
    minor: int


@dataclass(slots=True)
class Sums:
    """Kept while rows go by. money: (currency, month) -> fate -> [rows, minor units]. unreadable: refused
    rows whose amount nobody can read."""

    rows: int = 0
    fates: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FATES, 0))
    reasons: dict[str, int] = field(default_factory=dict)
    money: dict[tuple[str, str], dict[str, list[int]]] = field(default_factory=dict)
    unreadable: int = 0

    def count(
        self, fate: Fate, money: Money | None = None, reason: str = "", has_money: bool = False
    ) -> None:
        """One row and what became of it; `has_money` where its kind has amounts."""
        self.rows += 1
        self.fates[fate] += 1
        if reason:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if money is not None:
            of_month = self.money.setdefault((money.currency, money.month), {})
            cell = of_month.setdefault(fate, [0, 0])
            cell[0] += 1
            cell[1] += money.minor
        elif has_money:
            self.unreadable += 1

    def document(
        self, booked: Mapping[tuple[str, str], tuple[int, int]] | None = None, *, compares: bool = False
    ) -> dict[str, Any]:
        """As reports have it. booked: what the ledger has of the rows that were taken or there already;
        compares: nothing was taken, and the ledger is held against all that the file says."""
        money = self._money(booked, compares) if booked is not None else []
        whole = self.rows == sum(self.fates.values())
        return {
            "rows": self.rows,
            **self.fates,
            "reasons": dict(sorted(self.reasons.items(), key=lambda one: (-one[1], one[0]))),
            "money": money,
            "unreadable": self.unreadable,
            "adds_up": whole and all(line["difference"] == 0 for line in money),
        }

    def _money(
        self, booked: Mapping[tuple[str, str], tuple[int, int]], compares: bool
    ) -> list[dict[str, Any]]:
        lines = []
        for key in sorted(self.money.keys() | booked.keys()):
            of_month = self.money.get(key, {})
            rows = sum(one[0] for one in of_month.values())
            made, changed, same, refused = (of_month.get(fate, [0, 0])[1] for fate in FATES)
            has, in_file = booked.get(key, (0, 0))[1], made + changed + same + refused
            line: dict[str, Any] = {"currency": key[0], "month": key[1], "rows": rows, "in_file": in_file}
            line |= {"made": made, "same": same, "refused": refused, "booked": has}
            line["difference"] = has - (in_file if compares else in_file - refused)
            lines.append(line)
        return lines
