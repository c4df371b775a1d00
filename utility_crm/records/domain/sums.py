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

    def document(self, booked: Mapping[tuple[str, str], tuple[int, int]] | None = None) -> dict[str, Any]:
        """As reports have it. booked: what the ledger has of the rows that were taken or there already."""
        return {
            "rows": self.rows,
            **self.fates,
            "reasons": dict(sorted(self.reasons.items(), key=lambda one: (-one[1], one[0]))),
            "money": self._money(booked or {}) if booked is not None else [],
            "unreadable": self.unreadable,
            "adds_up": self.adds_up(booked),
        }

    def adds_up(self, booked: Mapping[tuple[str, str], tuple[int, int]] | None = None) -> bool:
        """Whether every row has one fate, and the ledger holds exactly what the file says was taken."""
        whole = self.rows == sum(self.fates.values())
        if booked is None:
            return whole
        return whole and all(line["difference"] == 0 for line in self._money(booked))

    def _money(self, booked: Mapping[tuple[str, str], tuple[int, int]]) -> list[dict[str, Any]]:
        lines = []
        for key in sorted(self.money.keys() | booked.keys()):
            of_month = self.money.get(key, {})
            rows = sum(one[0] for one in of_month.values())
            made, changed, same, refused = (of_month.get(fate, [0, 0])[1] for fate in FATES)
            has = booked.get(key, (0, 0))[1]
            line: dict[str, Any] = {"currency": key[0], "month": key[1], "rows": rows}
            line |= {"in_file": made + changed + same + refused, "made": made, "same": same}
            line |= {"refused": refused, "booked": has, "difference": has - made - changed - same}
            lines.append(line)
        return lines
