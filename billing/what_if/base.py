"""The whole base on another tariff: read in chunks, re-rated over a year, added up by account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy.orm import Session

from billing.domain.money import Int64Array
from billing.domain.rating.refused import refused_rows
from billing.domain.rating.stay import MONTHS, Judgement, judged_many
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import UsageMatrix
from billing.domain.tariffs.tariff import Tariff
from billing.what_if.eligible import alike
from billing.what_if.reading import readings_of
from billing.what_if.rerating import Costs, rerated
from billing.what_if.supplies import BaseSupply, year_of
from utility_crm.kit.memory import at_rest

CHUNK = 250
"""Supplies read at once: a year of their half-hours is 35 MB."""
LEAST_COVERAGE_PPM = 750_000
"""With fewer of a year's readings it cannot be told what a supply would pay."""
Progress = Callable[[int, int], None]
Opens = Callable[[], AbstractContextManager[Session]]
"""Opens a unit of work."""


@dataclass(frozen=True, slots=True)
class BaseAccount:
    """One account over a year, on its own tariffs and on the other; see WhatIfResult."""

    account_id: int
    customer_id: int
    segment: str
    own_minor: int
    other_minor: int
    own_net_minor: int
    other_net_minor: int
    coverage_ppm: int
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class BaseWhatIf:
    """accounts: in the order of the supplies. left_out: accounts of which a supply could not be told."""

    accounts: tuple[BaseAccount, ...]
    left_out: int


class Sums:
    """What is known of every account so far, a row each; int64."""

    def __init__(self, supplies: Sequence[BaseSupply]) -> None:
        self.first = {one.account_id: one for one in reversed(supplies)}
        self.ids = list(dict.fromkeys(one.account_id for one in supplies))
        self.row_of = {account: row for row, account in enumerate(self.ids)}
        self.waiting = np.array([0] * len(self.ids), dtype=np.int64)
        for account, count in Counter(one.account_id for one in supplies).items():
            self.waiting[self.row_of[account]] = count
        self.own, self.other = (np.zeros((len(self.ids), MONTHS), dtype=np.int64) for _ in range(2))
        self.own_net, self.other_net = (np.zeros(len(self.ids), dtype=np.int64) for _ in range(2))
        self.coverage = np.full(len(self.ids), 1_000_000, dtype=np.int64)

    def add(
        self, supplies: Sequence[BaseSupply], usage: UsageMatrix, own: Tariff, other: Tariff, today: date
    ) -> None:
        """Supplies on one tariff, clock and cycle. Who cannot be priced or is hardly read is left waiting,
        and so is who gives energy back where a tariff looks at it, and everybody where one charges reactive
        energy, or power measured of it: only kWh taken are read."""
        if own.reads_reactive or other.reads_reactive:
            return
        one = supplies[0]
        if not alike(own, other, one.timezone) or own.currency != one.currency:
            return
        priced, now, then = _priced(usage, own, other, year_of(one.cycle_day, today), one.timezone)
        if now is None or then is None:
            return
        supplies = [supplies[row] for row in priced]
        told = now.coverage_ppm >= LEAST_COVERAGE_PPM
        if own.reads_export or other.reads_export:
            told &= np.array([not each.gives_back for each in supplies])
        known = np.flatnonzero(told)
        rows = np.array([self.row_of[each.account_id] for each in supplies], dtype=np.int64)[known]
        np.add.at(self.own, rows, now.minor[known])
        np.add.at(self.other, rows, then.minor[known])
        np.add.at(self.own_net, rows, now.net_minor[known].sum(axis=1))
        np.add.at(self.other_net, rows, then.net_minor[known].sum(axis=1))
        np.minimum.at(self.coverage, rows, now.coverage_ppm[known])
        np.subtract.at(self.waiting, rows, 1)

    def told(self, candidates: int) -> BaseWhatIf:
        """The accounts of which nothing waits."""
        whole = np.flatnonzero(self.waiting == 0)
        own_minor: Int64Array = self.own[whole].sum(axis=1)
        judgements = judged_many(self.own[whole] - self.other[whole], own_minor, candidates)
        accounts = []
        for row, own, judgement in zip(whole.tolist(), own_minor.tolist(), judgements, strict=True):
            supply = self.first[self.ids[row]]
            accounts.append(
                BaseAccount(
                    supply.account_id,
                    supply.customer_id,
                    supply.segment,
                    own,
                    own - judgement.saving_minor,
                    int(self.own_net[row]),
                    int(self.other_net[row]),
                    int(self.coverage[row]),
                    judgement,
                )
            )
        return BaseWhatIf(tuple(accounts), len(self.ids) - whole.size)


_Priced = tuple[Sequence[int], Costs | None, Costs | None]


def _priced(
    usage: UsageMatrix, own: Tariff, other: Tariff, months: Sequence[Period], timezone: str
) -> _Priced:
    """The rows that both tariffs can price, and what they cost on each; None where nobody can be."""
    every = range(usage.micro_kwh.shape[0])
    made: dict[tuple[int, ...], tuple[Costs, Costs]] = {}

    def attempt(rows: Sequence[int]) -> None:
        some = usage if len(rows) == len(every) else usage.rows(rows)
        now = rerated(some, own, months, timezone)
        made.clear()
        made[tuple(rows)] = now, now if own is other else rerated(some, other, months, timezone)

    refused = refused_rows(every, attempt)
    rest = tuple(row for row in every if row not in refused)
    if not rest:
        return (), None, None
    if rest not in made:
        attempt(rest)
    return rest, *made[rest]


@dataclass(frozen=True, slots=True)
class Other:
    """A tariff to hold the base to. supplies: whom it is for; tariffs: by id, those that they are on;
    candidates: of how many tariffs it is one, for the doubt in the judgement."""

    tariff: Tariff
    supplies: Sequence[BaseSupply]
    tariffs: Mapping[int, Tariff]
    candidates: int = 1


@at_rest()
def base_what_ifs(
    opens: Opens, others: Sequence[Other], *, today: date, progress: Progress | None = None
) -> list[BaseWhatIf]:
    """Re-rate the supplies on each of the others, in chunks, each read once in a unit of work of its own
    (`opens`): reading takes most of the time. progress is told (supplies done, of how many) after each chunk.
    """
    every = list({one.channel_id: one for other in others for one in other.supplies}.values())
    told = [(other, Sums(other.supplies), {one.channel_id for one in other.supplies}) for other in others]
    for start in range(0, len(every), CHUNK):
        with opens() as session:
            for group, usage in readings_of(session, every[start : start + CHUNK], today):
                for other, sums, channels in told:
                    rows = [row for row, one in enumerate(group) if one.channel_id in channels]
                    if rows:
                        mine = usage if len(rows) == len(group) else usage.rows(rows)
                        own = other.tariffs[group[0].tariff_id]
                        sums.add([group[row] for row in rows], mine, own, other.tariff, today)
        if progress is not None:
            progress(min(start + CHUNK, len(every)), len(every))
    return [sums.told(other.candidates) for other, sums, _ in told]
