"""What a bill is made of, before there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar

import numpy as np

from billing.domain.plans.supply_state import NOTHING_KNOWN, SupplyState
from billing.domain.rating.rated import RatedBatch
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage, UsageMatrix, laid_on
from billing.domain.tariffs.tariff import Tariff
from billing.queries.looking_back import TraceRow, traces_of, with_reckoned
from billing.queries.net_credits import CreditRow
from billing.queries.supplies import Supply
from meters.usage import UsageTable

_Mine = TypeVar("_Mine", "Supply", "Hold")

LineRow = tuple[str, str, date, date, int, str, int, int]
"""charge, label, starts_on, ends_before, quantity_micro, unit, price_micro, amount_minor."""

FILLABLE = ("missing", "not_fillable")
"""A gap can be filled by guessing if somebody answers for it."""
RELEASABLE = (
    *FILLABLE,
    *("estimates", "findings", "jump_up", "jump_down", "zero_use", "negative", "missing_cycle", "too_old"),
)
"""What a draft is held for, which somebody may let through; the other reasons must be put right."""


@dataclass(frozen=True, slots=True)
class Fill:
    """Intervals of one channel that had no reading, and what they were taken for."""

    channel_id: int
    starts_at: tuple[datetime, ...]
    micro_kwh: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RatedSupply:
    """One supply, priced."""

    supply: Supply
    lines: tuple[LineRow, ...]
    total_minor: int
    micro_kwh: int
    estimated_micro_kwh: int
    estimated_readings: int
    fill: Fill | None = None
    interval_minutes: int = 30
    credits: tuple[CreditRow, ...] = ()
    traces: tuple[TraceRow, ...] = ()

    @property
    def missing_minutes(self) -> int:
        """Of readings that were not there, and were filled."""
        return 0 if self.fill is None else len(self.fill.starts_at) * self.interval_minutes


KNOWN_AT = "known_at"


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an account is not billed for these days. See RELEASABLE for what ops may let through.

    codes: every reason, the first one's being `code`. figures: of the draft that waits, empty where none
    could be made; total_minor: its total.
    """

    account_id: int
    account: str
    starts_on: date
    ends_before: date
    code: str
    reason: str
    codes: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    total_minor: int | None = None

    def known(self, known_at: datetime) -> Hold:
        """The same with the instant up to which readings counted beside the figures, where there are any."""
        return (
            replace(self, figures={**self.figures, KNOWN_AT: known_at.isoformat()}) if self.figures else self
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """One account's bill, not issued: rated supplies, and for days the hull of theirs.

    others: lines that belong to no supply, after all of theirs, such as what may not be charged any more.
    too_old_days: of the first days, those used too long ago, whose cost `others` takes back.
    """

    account_id: int
    account: str
    terms_days: int
    currency: str
    starts_on: date
    ends_before: date
    parts: tuple[RatedSupply, ...]
    others: tuple[LineRow, ...] = ()
    too_old_days: int = 0

    @property
    def total_minor(self) -> int:
        return sum(part.total_minor for part in self.parts) + sum(line[7] for line in self.others)

    @property
    def tax_minor(self) -> int:
        return sum(line[7] for line in self.lines if line[0] == "tax")

    @property
    def budget_minor(self) -> int:
        """What a fixed amount carries to a later bill (negative), or an earlier one has carried to this."""
        return sum(line[7] for line in self.others if line[0] == "budget")

    @property
    def lines(self) -> tuple[LineRow, ...]:
        """All of them, in the order of the bill."""
        return (*(line for part in self.parts for line in part.lines), *self.others)


@dataclass(frozen=True, slots=True)
class Placed:
    """A supply with its tariff, zone, days, and the row that holds its readings. export: where the tariff
    reads it. state: what the bill before left. reckoned: months before that no bill told."""

    supply: Supply
    tariff: Tariff
    zone: str
    period: Period
    table: UsageTable
    row: int
    export: Usage | None = None
    state: SupplyState = NOTHING_KNOWN
    reckoned: tuple[TraceRow, ...] = ()

    @property
    def channel_id(self) -> int:
        return self.supply.channel_ids[0]


def hold(supply: Supply, code: str, reason: str) -> Hold:
    """The account of a supply, held for the supply's days."""
    return Hold(supply.account_id, supply.account, supply.starts_on, supply.ends_before, code, reason)


def usage_row(table: UsageTable, row: int) -> Usage:
    """One channel of a table, as the engine takes it."""
    return Usage(
        table.starts_at, table.interval_minutes, table.micro[row], table.missing[row], table.estimated[row]
    )


def matrix_of(group: Sequence[Placed]) -> UsageMatrix:
    """The readings of supplies that share a table; without a copy where they are all of it."""
    table = group[0].table
    rows = [item.row for item in group]
    chosen = slice(None) if rows == list(range(len(table.channel_ids))) else np.array(rows)
    return with_exports(
        UsageMatrix(
            table.starts_at,
            table.interval_minutes,
            table.micro[chosen],
            table.missing[chosen],
            table.estimated[chosen],
        ),
        group,
    )


def with_exports(found: UsageMatrix, group: Sequence[Placed]) -> UsageMatrix:
    """The same with what the supplies gave back; who has no such channel gave nothing."""
    if all(item.export is None for item in group):
        return found
    size = found.micro_kwh.shape[1]
    axis = (found.starts_at, found.interval_minutes)
    rows = []
    for item in group:
        laid = None if item.export is None else laid_on(item.export, *axis, size)
        rows.append(laid or Usage.of(*axis, np.zeros(size, dtype=np.int64)))
    return replace(found, export=UsageMatrix.of(rows))


def _credits(batch: RatedBatch, row: int) -> tuple[CreditRow, ...]:
    left = [(one.code, "credit", one.label, one.hour, int(one.micro_kwh[row])) for one in batch.credits]
    years = [(one.code, "surplus", "", -1, int(one.micro_kwh[row])) for one in batch.surplus]
    return tuple(one for one in (*left, *years) if one[4])


def rated_supplies(
    group: Sequence[Placed], batch: RatedBatch, rows: Iterable[int], fills: Sequence[Fill] | None = None
) -> list[RatedSupply]:
    """Rows of a rated batch as parts of bills; row i of the batch, and of fills, is supply i of the group."""
    columns = [
        (
            (line.kind, line.label, line.starts_on, line.ends_before),
            line.quantity_micro.tolist(),
            (line.unit, line.price_of),
            line.amount_minor.tolist(),
        )
        for line in batch.lines
    ]
    totals, energy = batch.total_minor.tolist(), batch.micro_kwh.tolist()
    guessed, counts = batch.estimated_micro_kwh.tolist(), batch.estimated_count.tolist()
    return [
        RatedSupply(
            group[row].supply,
            tuple(
                (*head, quantity[row], unit, price_of(row), amount[row])
                for line, (head, quantity, (unit, price_of), amount) in zip(batch.lines, columns, strict=True)
                if line.shown(row)
            ),
            totals[row],
            energy[row],
            guessed[row],
            counts[row],
            None if fills is None else fills[row],
            group[row].table.interval_minutes,
            _credits(batch, row),
            with_reckoned(traces_of(batch, row), group[row].reckoned) if group[row].tariff.looks_back else (),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Drafted:
    """What could be made of accounts: bills, and why there is none. asks: of drafts that somebody must answer
    for, the reasons, by account."""

    drafts: tuple[Draft, ...]
    holds: tuple[Hold, ...]
    asks: Mapping[int, tuple[Hold, ...]]


def folded(
    supplies: Iterable[Supply], rated: Iterable[RatedSupply], holds: Iterable[Hold], asks: Iterable[Hold]
) -> Drafted:
    """One bill an account, made of all of its supplies, or one hold that gives every reason.

    holds: what lets no bill be made; asks: what one was made in spite of.
    """
    of_account = _by_account(supplies)
    held, asked, parts = _by_account(holds), _by_account(asks), _rated_by_account(rated)
    drafts: list[Draft] = []
    kept: list[Hold] = []
    for account_id, mine in sorted(of_account.items()):
        first = mine[0]
        starts_on, ends_before = min(s.starts_on for s in mine), max(s.ends_before for s in mine)
        if account_id in held:
            kept.append(joined([*held[account_id], *asked.pop(account_id, [])], starts_on, ends_before))
            continue
        ordered = sorted(parts[account_id], key=lambda p: (p.supply.service_point, p.supply.starts_on))
        drafts.append(
            Draft(
                account_id,
                first.account,
                first.terms_days,
                first.account_currency,
                starts_on,
                ends_before,
                tuple(ordered),
            )
        )
    return Drafted(tuple(drafts), tuple(kept), {account: tuple(found) for account, found in asked.items()})


def joined(reasons: Sequence[Hold], starts_on: date, ends_before: date) -> Hold:
    """One hold of several: what nobody can release stands before what somebody can."""
    ordered = sorted(reasons, key=lambda one: (one.code in RELEASABLE, one.code == "missing"))
    words = " ".join(dict.fromkeys(one.reason for one in ordered))
    codes = tuple(dict.fromkeys(one.code for one in ordered))
    first = ordered[0]
    return Hold(first.account_id, first.account, starts_on, ends_before, first.code, words, codes)


def _by_account(found: Iterable[_Mine]) -> dict[int, list[_Mine]]:
    of_account: dict[int, list[_Mine]] = {}
    for one in found:
        of_account.setdefault(one.account_id, []).append(one)
    return of_account


def _rated_by_account(rated: Iterable[RatedSupply]) -> dict[int, list[RatedSupply]]:
    of_account: dict[int, list[RatedSupply]] = {}
    for part in rated:
        of_account.setdefault(part.supply.account_id, []).append(part)
    return of_account
