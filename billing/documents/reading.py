"""What a bill's paper says, read for many bills at once: the bill as issued, its lines, its supply, its days
and the bills before it. All of it as it was known when the bill was made, so that the paper never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from billing.documents.daily import DayUse, Fill, Site, days_of
from billing.documents.owed import Standing, standings
from billing.domain.charges.late_fee import LateFeeCharge
from billing.domain.errors import NotRateable
from billing.invoices.supplier import SupplierIdentity, supplier_identity
from billing.queries.bills import BillRow, LineRow, bills_by_id, lines_of_bills
from billing.queries.tariffs import tariffs_by_id
from billing.tables import BillFill

PAST = 13
"""Bills shown side by side: this one, and those of a year before it."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """To whom the bill goes, as it was issued. method: how the account pays."""

    name: str
    customer: str
    account: str
    language: str
    address: tuple[str, ...]
    tax_number: str
    method: str


@dataclass(frozen=True, slots=True)
class PastBill:
    """A bill before, or the bill itself, among its neighbours."""

    starts_on: date
    ends_before: date
    total_minor: int
    micro_kwh: int

    @property
    def days(self) -> int:
        return (self.ends_before - self.starts_on).days

    @property
    def last_on(self) -> date:
        return self.ends_before - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BillFacts:
    """Everything that one bill's paper says. readings: intervals billed; past: the newest first, with no gap
    to the bill asked of them; late_fees: what paying late costs by the tariff of its first supply; final:
    supply had ended with it, and gone on nowhere."""

    bill: BillRow
    supplier: SupplierIdentity
    addressee: Addressee
    lines: tuple[LineRow, ...]
    sites: tuple[Site, ...]
    days: tuple[DayUse, ...]
    readings: int
    past: tuple[PastBill, ...]
    standing: Standing
    late_fees: tuple[LateFeeCharge, ...]
    final: bool


_PARTIES = text(
    """
    select b.id, i.addressee, s.identity, c.name, c.number, c.language, a.number, a.payment_method
    from bills b
    join accounts a on a.id = b.account_id
    join customers c on c.id = a.payer_id
    left join invoices i on i.bill_id = b.id
    left join suppliers s on s.id = i.supplier_id
    where b.id = any(:ids)
    """
)
_SITES = text(
    """
    select l.bill_id, g.id, s.code, p.address, p.city, p.postcode, t.name,
           coalesce(t.document ->> 'timezone', p.timezone, 'UTC'), h.id,
           greatest(g.starts_on, b.starts_on), least(g.ends_before, b.ends_before),
           (select array_agg(m.serial order by m.installed_on) from meters m
            where m.service_point_id = s.id and m.installed_on < b.ends_before
              and (m.removed_before is null or m.removed_before > b.starts_on)),
           (select array_agg(o.starts_on order by o.starts_on) from agreements o
            where o.service_point_id = s.id and o.account_id = b.account_id),
           (select array_agg(coalesce(o.ends_before, date '9999-12-31') order by o.starts_on)
            from agreements o where o.service_point_id = s.id and o.account_id = b.account_id), g.tariff_id
    from (select distinct bill_id, agreement_id from bill_lines
          where bill_id = any(:ids) and agreement_id is not null) l
    join bills b on b.id = l.bill_id
    join agreements g on g.id = l.agreement_id
    join tariffs t on t.id = g.tariff_id
    join service_points s on s.id = g.service_point_id
    left join premises p on p.id = s.premise_id
    left join lateral (select id from channels h
                       where h.service_point_id = s.id and h.direction = 'import' and h.unit = 'kWh'
                       order by id limit 1) h on true
    order by l.bill_id, s.code, g.starts_on
    """
)
_FINAL = text(
    """
    select b.id from bills b where b.id = any(:ids)
      and exists (select from agreements g where g.account_id = b.account_id
                  and g.ends_before <= b.ends_before and g.ends_before > b.starts_on)
      and not exists (select from agreements g where g.account_id = b.account_id
                      and g.starts_on <= b.issued_on and coalesce(g.ends_before, 'infinity') > b.ends_before)
    """
)
# Of two bills for the same days the later one counts, if it was there when this one was made.
_PAST = text(
    """
    select b.id, o.starts_on, o.ends_before, o.total_minor, o.micro_kwh
    from bills b
    join lateral (
        select distinct on (o.starts_on) o.starts_on, o.ends_before, o.total_minor, o.micro_kwh
        from bills o
        where o.account_id = b.account_id and o.id < b.id and o.currency = b.currency
          and o.ends_before <= b.starts_on and o.starts_on >= b.starts_on - 400
        order by o.starts_on desc, o.id desc
        limit :most
    ) o on true
    where b.id = any(:ids)
    order by b.id, o.starts_on desc
    """
)


def bill_facts(session: Session, bill_ids: Sequence[int]) -> list[BillFacts]:
    """The facts of some bills, in the order asked for; a constant number of statements however many.

    Ask for bills of one run together: their readings come from one span as known at one instant.
    """
    ids = {"ids": list(bill_ids)}
    bills = {bill.id: bill for bill in bills_by_id(session, bill_ids)}
    lines = lines_of_bills(session, bill_ids)
    parties = {row[0]: row[1:] for row in session.execute(_PARTIES, ids)}
    sites = _sites(session, ids)
    past: dict[int, list[PastBill]] = {}
    for row in session.execute(_PAST, {**ids, "most": PAST - 1}):
        past.setdefault(row[0], []).append(PastBill(*row[1:]))
    fills = _fills(session, bill_ids)
    owed, final = standings(session, bill_ids), set(session.scalars(_FINAL, ids))
    late_fees = _late_fees(session, bills, sites)
    days = days_of(session, [(bills[one], sites.get(one, ()), fills.get(one, ())) for one in bill_ids])
    return [
        BillFacts(
            bills[one],
            _supplier(parties[one]),
            _addressee(parties[one], sites.get(one, ())),
            lines.get(one, ()),
            sites.get(one, ()),
            days[one].days,
            days[one].readings,
            _joined(bills[one], past.get(one, [])),
            owed[one],
            late_fees.get(one, ()),
            one in final,
        )
        for one in bill_ids
    ]


def _late_fees(
    session: Session, bills: dict[int, BillRow], sites: dict[int, tuple[Site, ...]]
) -> dict[int, tuple[LateFeeCharge, ...]]:
    """By the terms in force when each bill was issued, as they are posted (`billing.queries.late_fees`)."""
    tariffs = tariffs_by_id(session, {site.tariff_id for several in sites.values() for site in several})
    found = {}
    for bill_id, several in sites.items():
        try:
            version = tariffs[several[0].tariff_id].version_on(bills[bill_id].issued_on)
        except NotRateable:
            continue
        found[bill_id] = version.late_fees
    return found


def _joined(bill: BillRow, past: Sequence[PastBill]) -> tuple[PastBill, ...]:
    """Those before the bill that follow one another without a gap."""
    found: list[PastBill] = []
    starts_on = bill.starts_on
    for one in past:
        if one.ends_before != starts_on:
            break
        found.append(one)
        starts_on = one.starts_on
    return tuple(found)


def _supplier(row: Sequence[Any]) -> SupplierIdentity:
    return SupplierIdentity.read(row[1]) if row[1] else supplier_identity()


def _addressee(row: Sequence[Any], sites: Sequence[Site]) -> Addressee:
    """As kept with the invoice; where it kept nothing, as it is known now."""
    kept, _, name, customer, language, account, method = row
    kept = kept or {}
    written = kept.get("address") or ""
    address = tuple(line.strip() for line in written.splitlines() if line.strip())
    if len(address) == 1:
        address = tuple(part.strip() for part in address[0].split(",") if part.strip())
    return Addressee(
        name=kept.get("name", name),
        customer=kept.get("customer", customer),
        account=kept.get("account", account),
        language=kept.get("language", language),
        address=address or (sites[0].address if sites else ()),
        tax_number=kept.get("tax_number", ""),
        method=kept.get("method", method),
    )


def _sites(session: Session, ids: dict[str, Any]) -> dict[int, tuple[Site, ...]]:
    found: dict[int, list[Site]] = {}
    for row in session.execute(_SITES, ids):
        bill, agreement, code, address, city, postcode, tariff, zone, channel, first, last, *more = row
        serials, starts, ends, tariff_id = more
        written = tuple(filter(None, (address, " ".join(filter(None, (city, postcode))))))
        held = tuple(zip(starts, ends, strict=True))
        found.setdefault(bill, []).append(
            Site(
                agreement,
                code,
                written,
                tariff,
                zone,
                channel,
                first,
                last,
                tuple(serials or ()),
                held,
                tariff_id,
            )
        )
    return {bill: tuple(sites) for bill, sites in found.items()}


def _fills(session: Session, bill_ids: Sequence[int]) -> dict[int, tuple[Fill, ...]]:
    rows: dict[int, list[Fill]] = {}
    columns = select(BillFill.bill_id, BillFill.channel_id, BillFill.starts_at, BillFill.micro_kwh)
    for bill_id, channel, starts_at, micro in session.execute(
        columns.where(BillFill.bill_id.in_(bill_ids)).order_by(BillFill.bill_id, BillFill.channel_id)
    ):
        pairs: tuple[tuple[datetime, int], ...] = tuple(zip(starts_at, micro, strict=True))
        rows.setdefault(bill_id, []).append(Fill(channel, pairs))
    return {bill: tuple(fills) for bill, fills in rows.items()}
