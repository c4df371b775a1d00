"""What a whole-base what-if says: who wins, who loses, by how much, and what it does to revenue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.money import Int64Array, amount_text
from billing.domain.tariffs.file import default_decimals
from utility_crm.kit.errors import NotFound
from utility_crm.web.charts import axis
from utility_crm.web.words import mark

QUANTILES = (10, 25, 50, 75, 90)
BINS = 20


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts of a segment, or all. saving_minor of a year at QUANTILES percent of them, the least first.

    winners save, losers pay more; worth: those to whom a change would be advised.
    """

    segment: str
    accounts: int
    winners: int
    losers: int
    worth: int
    own_minor: int
    other_minor: int
    saving_minor: tuple[int, ...]

    @property
    def unchanged(self) -> int:
        return self.accounts - self.winners - self.losers

    @property
    def change_minor(self) -> int:
        """Of what they pay: below zero where they pay less."""
        return self.other_minor - self.own_minor


@dataclass(frozen=True, slots=True)
class Bin:
    """Accounts that save at least from_minor and less than below_minor a year; the outer bins hold the rest
    of their side. Who pays the same is in none: the bin from zero holds those who save something."""

    from_minor: int
    below_minor: int
    accounts: int


@dataclass(frozen=True, slots=True)
class WhatIfReport:
    """A finished what-if. net: without taxes, which is what the supplier earns."""

    id: int
    tariff_code: str
    tariff: str
    segment: str | None
    currency: str
    on_day: date
    finished_at: datetime
    left_out: int
    net_change_minor: int
    whole: Group
    by_segment: tuple[Group, ...]
    histogram: tuple[Bin, ...]

    def document(self) -> dict[str, Any]:
        """The promised document of `billing what-if`."""
        decimals = default_decimals(self.currency)

        def amount(minor: int) -> str:
            return amount_text(minor, decimals)

        def group(one: Group) -> dict[str, Any]:
            return {
                "accounts": one.accounts,
                "winners": one.winners,
                "losers": one.losers,
                "unchanged": one.unchanged,
                "worth_a_change": one.worth,
                "bills_now": amount(one.own_minor),
                "bills_then": amount(one.other_minor),
                "change": amount(one.change_minor),
                "saving_quantiles": {
                    str(percent): amount(minor)
                    for percent, minor in zip(QUANTILES, one.saving_minor, strict=False)
                },
            }

        return {
            "tariff": self.tariff_code,
            "segment": self.segment,
            "currency": self.currency,
            "on": self.on_day.isoformat(),
            "left_out": self.left_out,
            **group(self.whole),
            "revenue_change": amount(self.net_change_minor),
            "by_segment": [{"segment": one.segment, **group(one)} for one in self.by_segment],
            "histogram": [
                {"from": amount(one.from_minor), "below": amount(one.below_minor), "accounts": one.accounts}
                for one in self.histogram
            ],
        }


_RUN = text(
    """
    select w.id, t.code, t.name, w.segment, w.currency, w.on_day, w.finished_at, w.left_out,
           w.other_net_minor - w.own_net_minor
    from what_ifs w join tariffs t on t.id = w.tariff_id
    where w.finished_at is not null
      and (w.id = :id or (cast(:id as bigint) is null and t.code = :tariff
                          and w.segment is not distinct from cast(:segment as text)))
    order by w.finished_at desc, w.id desc limit 1
    """
)
_RESULTS = text(
    "select segment, own_minor, other_minor, verdict = 'switch' from what_if_results where what_if_id = :id"
)


def what_if_report(
    session: Session,
    *,
    what_if: int | None = None,
    tariff: str | None = None,
    segment: str | None = None,
) -> WhatIfReport:
    """One what-if by its id, or the newest of a tariff and segment. Two statements. Raises NotFound."""
    row = session.execute(_RUN, {"id": what_if, "tariff": tariff, "segment": segment}).one_or_none()
    if row is None:
        raise NotFound("what_if", mark("No what-if of this tariff has been run yet."), tariff or str(what_if))
    results = session.execute(_RESULTS, {"id": row[0]}).all()
    segments = np.array([one[0] for one in results], dtype=object)
    own, other = (np.array([one[place] for one in results], dtype=np.int64) for place in (1, 2))
    worth = np.array([one[3] for one in results], dtype=bool)
    everybody = np.ones(len(results), dtype=bool)

    def group(name: str, chosen: Any) -> Group:
        return group_of(name, own[chosen], other[chosen], int(worth[chosen].sum()))

    whole = group("", everybody)
    parts = tuple(group(name, segments == name) for name in sorted(set(segments.tolist())))
    run, code, name, asked, currency, on_day, finished_at, left_out, net_change = row
    saving = own - other
    bins = histogram_of(saving[saving != 0])
    return WhatIfReport(
        *(run, code, name, asked, currency, on_day, finished_at, left_out, int(net_change)),
        whole,
        parts,
        bins,
    )


def group_of(segment: str, own: Int64Array, other: Int64Array, worth: int) -> Group:
    """own, other: int64 (accounts,), minor units of a year."""
    saving = own - other
    quantiles: tuple[int, ...] = ()
    if saving.size:
        found = np.percentile(saving, QUANTILES, method="inverted_cdf")
        quantiles = tuple(int(value) for value in found)
    return Group(
        segment,
        int(saving.size),
        int(np.count_nonzero(saving > 0)),
        int(np.count_nonzero(saving < 0)),
        worth,
        int(own.sum()),
        int(other.sum()),
        quantiles,
    )


def histogram_of(saving_minor: Int64Array) -> tuple[Bin, ...]:
    """About twenty bins of a round width, zero always a border; the outermost twentieths go to the ends."""
    if not saving_minor.size:
        return ()
    low, high = (int(value) for value in np.percentile(saving_minor, (5, 95), method="inverted_cdf"))
    _, step, _ = axis(min(low, 0), max(high, 1), intervals=BINS)
    first, last = min(low, 0) // step, max(0, high // step)
    place = np.clip(saving_minor // step, first, last) - first
    counts = np.bincount(place, minlength=last - first + 1).tolist()
    return tuple(
        Bin((first + number) * step, (first + number + 1) * step, count)
        for number, count in enumerate(counts)
    )


@dataclass(frozen=True, slots=True)
class TariffLine:
    """A tariff with the change of its newest what-if; change_minor None where none has been run."""

    code: str
    name: str
    currency: str
    change_minor: int | None
    finished_at: datetime | None


_LINES = text(
    """
    select t.code, t.name, t.currency, w.other_minor - w.own_minor, w.finished_at
    from tariffs t
    left join lateral (
        select own_minor, other_minor, finished_at from what_ifs
        where tariff_id = t.id and finished_at is not null
          and segment is not distinct from cast(:segment as text)
        order by finished_at desc limit 1
    ) w on true
    order by t.code
    """
)


def tariff_lines(session: Session, segment: str | None) -> list[TariffLine]:
    """Every tariff, by code; one statement."""
    return [TariffLine(*row) for row in session.execute(_LINES, {"segment": segment})]


_MOST_WIN = text(
    """
    select t.code from tariffs t
    join lateral (
        select id from what_ifs
        where tariff_id = t.id and finished_at is not null
          and segment is not distinct from cast(:segment as text)
        order by finished_at desc limit 1
    ) w on true
    join what_if_results r on r.what_if_id = w.id and r.other_minor < r.own_minor
    group by t.code order by count(*) desc, sum(r.own_minor - r.other_minor) desc, t.code limit 1
    """
)


def most_would_win(session: Session, segment: str | None) -> str:
    """The tariff on which most accounts would pay less, by the newest results; "" where nobody would."""
    return session.scalar(_MOST_WIN, {"segment": segment}) or ""


@dataclass(frozen=True, slots=True)
class RunningWhatIf:
    """A run that is under way, or was killed."""

    tariff_code: str
    segment: str | None
    done: int
    due: int
    started_at: datetime


_RUNNING = text(
    """
    select t.code, w.segment, w.done, w.due, w.started_at
    from what_ifs w join tariffs t on t.id = w.tariff_id
    where w.finished_at is null and w.started_at > cast(:since as timestamptz)
    order by w.started_at desc limit 1
    """
)


def running_what_if(session: Session, since: datetime) -> RunningWhatIf | None:
    """The newest unfinished one that began after an instant."""
    row = session.execute(_RUNNING, {"since": since}).one_or_none()
    return None if row is None else RunningWhatIf(*row)


_ROWS = text(
    """
    select a.number as account, c.number as customer, r.segment, r.own_minor, r.other_minor,
           r.own_minor - r.other_minor as saving_minor, r.low_minor, r.coverage_ppm, r.verdict
    from what_if_results r
    join accounts a on a.id = r.account_id
    join customers c on c.id = r.customer_id
    where r.what_if_id = :id order by saving_minor desc, a.number
    """
)


def rows_of(session: Session, what_if: int) -> list[Mapping[str, Any]]:
    """Every account of a what-if, who saves most first, for the export."""
    return [dict(row._mapping) for row in session.execute(_ROWS, {"id": what_if})]
