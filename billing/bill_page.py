"""The bill page: one bill, its lines and where they come from, held against the one before, and made again
today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from sqlalchemy.orm import Session

from billing.corrections.queries import CorrectionRow, correction_of_bill
from billing.domain.accounts.tax_summary import TaxSummary, tax_summary
from billing.domain.rating.rate import rate_bill
from billing.domain.reckoning.axis import axis_of, epoch_minute
from billing.domain.tariffs.file import default_decimals
from billing.explaining import Explained, explain_bill, read_both
from billing.queries.bill_parts import BillPart, ReadPart
from billing.queries.bills import (
    BillHolder,
    BillRow,
    LineRow,
    bill_after,
    bill_before,
    bill_named,
    holder_of,
    lines_of_bill,
)
from billing.queries.invoices import InvoiceRow, OpenBefore, invoice_of, open_before
from billing.queries.sources import Source, sources_of
from billing.wording import in_language
from utility_crm.kit.errors import CareError

QUESTIONS = ("charge", "total", "why", "estimated", "price", "paid", "again")


@dataclass(frozen=True, slots=True)
class Again:
    """The bill made again from what is known now."""

    total_minor: int
    micro_kwh: int
    read_since: int


@dataclass(frozen=True, slots=True)
class DayUse:
    """One day of the bill. estimated: how many of its readings were when billed."""

    day: date
    micro_kwh: int
    estimated: int


@dataclass(frozen=True, slots=True)
class BillPage:
    """Everything the page shows. explained is None where there is no earlier bill or it cannot be
    compared."""

    bill: BillRow
    holder: BillHolder
    lines: tuple[LineRow, ...]
    line: LineRow
    before: BillRow | None
    after: BillRow | None
    explained: Explained | None
    refused: CareError | None
    parts: tuple[BillPart, ...]
    days: tuple[DayUse, ...]
    readings: int
    again: Again
    sources: tuple[Source, ...]
    tax: TaxSummary
    invoice: InvoiceRow | None
    open_before: OpenBefore | None
    correction: CorrectionRow | None

    @property
    def main(self) -> LineRow | None:
        """The last days' largest energy line."""
        energy = [line for line in self.lines if line.charge == "energy"]
        return max(energy, key=lambda line: (line.ends_before, line.amount_minor), default=None)

    def base_minor(self, base_micro: int) -> int:
        """A tax's base, millionths of the currency, in minor units: it is a sum of whole ones."""
        return round(Decimal(base_micro).scaleb(default_decimals(self.bill.currency) - 6))

    @property
    def price_since(self) -> date | None:
        """The day from which the prices of the bill's last day hold."""
        if self.main is None or not self.parts:
            return None
        mine = [one for one in self.parts if one.service_point == self.main.service_point]
        part = (mine or list(self.parts))[-1]
        return part.tariff.version_on(self.main.last_on).starts_on


@dataclass(frozen=True, slots=True)
class BareBill:
    """A bill of which no lines are kept, as one that another system made: what can be said of it."""

    bill: BillRow
    holder: BillHolder
    before: BillRow | None
    after: BillRow | None
    invoice: InvoiceRow | None


def bill_page(session: Session, number: str, position: int, language: str) -> BillPage | BareBill:
    """The page of a bill by its number, its charges as they are called in the language; position chooses the
    line that is asked about. Raises NotFound."""
    bill = bill_named(session, number)
    lines = in_language(lines_of_bill(session, bill.id), language)
    before = bill_before(session, bill)
    if not lines:
        holder, after = holder_of(session, bill.account_id), bill_after(session, bill)
        return BareBill(bill, holder, before, after, invoice_of(session, bill.id))
    both = read_both(session, bill, before)
    read = both[-1]
    parts = tuple(item.part for item in read)
    found, refused = _explained(session, bill, before, both)
    return BillPage(
        bill=bill,
        holder=holder_of(session, bill.account_id),
        lines=lines,
        line=_chosen(lines, position),
        before=before,
        after=bill_after(session, bill),
        explained=found,
        refused=refused,
        parts=parts,
        days=_days(read),
        readings=sum(item.side.bill().intervals for item in read),
        again=_again(read, sum(line.amount_minor for line in lines if line.tariff_code is None)),
        sources=sources_of(session, parts, bill.known_at),
        tax=tax_summary(lines),
        invoice=invoice_of(session, bill.id),
        open_before=open_before(session, bill),
        correction=correction_of_bill(session, bill.id),
    )


def _chosen(lines: Sequence[LineRow], position: int) -> LineRow:
    """The line asked about, else the largest."""
    asked = next((line for line in lines if line.position == position), None)
    return asked or max(lines, key=lambda line: (line.charge != "tax", line.amount_minor))


def _explained(
    session: Session, bill: BillRow, before: BillRow | None, both: Sequence[tuple[ReadPart, ...]]
) -> tuple[Explained | None, CareError | None]:
    if before is None:
        return None, None
    try:
        return explain_bill(session, bill, before, days=False, read=both), None
    except CareError as refused:
        return None, refused


def _again(read: Sequence[ReadPart], others_minor: int) -> Again:
    """The same days and prices with the readings as they are known now; lines of no supply stand."""
    bills = [
        rate_bill(item.side.actual(), item.part.tariff, item.part.period, timezone=item.part.timezone)
        for item in read
    ]
    changed = sum(int(np.count_nonzero(_differs(item))) for item in read)
    return Again(
        others_minor + sum(bill.total_minor for bill in bills), sum(bill.micro_kwh for bill in bills), changed
    )


def _differs(item: ReadPart) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    usage, actual = item.side.usage, item.side.actual()
    differs: np.ndarray[tuple[int], np.dtype[np.bool_]] = (usage.micro_kwh != actual.micro_kwh) | (
        usage.estimated & ~actual.estimated
    )
    return differs


def _days(read: Sequence[ReadPart]) -> tuple[DayUse, ...]:
    """kWh by local day, as billed, all supplies together."""
    sums: dict[date, tuple[int, int]] = {}
    for item in read:
        if item.part.tariff.metered_unit != "kWh":
            continue  # cubic metres are stated in the lines
        usage, period = item.side.usage, item.part.period
        axis = axis_of(item.side.zone, usage.interval_minutes, epoch_minute(usage.starts_at), period)
        size = min(axis.size, usage.micro_kwh.size)
        energy, guessed = np.zeros(period.days, dtype=np.int64), np.zeros(period.days, dtype=np.int64)
        np.add.at(energy, axis.day_index[:size], usage.micro_kwh[:size])
        np.add.at(guessed, axis.day_index[:size], usage.estimated[:size])
        for day, micro_kwh, count in zip(period.dates(), energy.tolist(), guessed.tolist(), strict=True):
            known = sums.get(day, (0, 0))
            sums[day] = (known[0] + micro_kwh, known[1] + count)
    return tuple(DayUse(day, *found) for day, found in sorted(sums.items()))
