"""Bills as they were issued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from billing.tables import Agreement, Bill, BillLine, Tariff
from meters.tables import ServicePoint
from utility_crm.customers.tables import Account, Customer
from utility_crm.kit.errors import NotFound
from utility_crm.kit.gathering import listed
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class BillRow:
    """A bill without its lines. open_minor: what is still to be paid of it, with the total's sign."""

    id: int
    number: str
    account_id: int
    starts_on: date
    ends_before: date
    issued_on: date
    due_on: date
    currency: str
    total_minor: int
    open_minor: int
    micro_kwh: int
    estimated_micro_kwh: int
    estimated_readings: int
    status: str
    known_at: datetime

    @property
    def days(self) -> int:
        return (self.ends_before - self.starts_on).days

    @property
    def last_on(self) -> date:
        return self.ends_before - timedelta(days=1)

    @property
    def paid_minor(self) -> int:
        return self.total_minor - self.open_minor

    def state(self, today: date) -> str:
        """paid, open, late or cancelled."""
        if self.status != "issued":
            return self.status
        if self.open_minor <= 0:
            return "paid"
        return "late" if self.due_on < today else "open"


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line. quantity_micro: millionths of `unit`; a tax has its base there and its rate in
    `price_micro`."""

    position: int
    charge: str
    label: str
    starts_on: date
    ends_before: date
    quantity_micro: int
    unit: str
    price_micro: int
    amount_minor: int
    service_point: str | None
    tariff_code: str | None
    tariff: str | None
    labels: Mapping[str, Mapping[str, str]] | None = field(default=None, compare=False)
    """By language, what the tariff's labels are called in it."""

    @property
    def last_on(self) -> date:
        return self.ends_before - timedelta(days=1)


_COLUMNS = (
    Bill.id, Bill.number, Bill.account_id, Bill.starts_on, Bill.ends_before, Bill.issued_on, Bill.due_on,
    Bill.currency, Bill.total_minor, Bill.open_minor, Bill.micro_kwh, Bill.estimated_micro_kwh,
    Bill.estimated_readings, Bill.status, Bill.known_at,
)  # fmt: skip
_LINES = (
    select(
        BillLine.position, BillLine.charge, BillLine.label, BillLine.starts_on, BillLine.ends_before,
        BillLine.quantity_micro, BillLine.unit, BillLine.price_micro, BillLine.amount_minor,
        ServicePoint.code, Tariff.code, Tariff.name, Tariff.document["labels"],
    )
    .outerjoin(Agreement, Agreement.id == BillLine.agreement_id)
    .outerjoin(ServicePoint, ServicePoint.id == Agreement.service_point_id)
    .outerjoin(Tariff, Tariff.id == Agreement.tariff_id)
    .order_by(BillLine.position)
)  # fmt: skip


def bill_named(session: Session, number: str) -> BillRow:
    """A bill by its number. Raises NotFound."""
    row = session.execute(select(*_COLUMNS).where(Bill.number == number)).one_or_none()
    if row is None:
        raise NotFound("bill", mark("There is no bill %(bill)s."), number, bill=number)
    return BillRow(*tuple(row))


def bills_by_id(session: Session, bill_ids: Sequence[int]) -> tuple[BillRow, ...]:
    """Bills by their ids, in the order of these."""
    rows = session.execute(select(*_COLUMNS).where(Bill.id.in_(bill_ids)).order_by(Bill.id))
    return tuple(BillRow(*tuple(row)) for row in rows)


_OF_ACCOUNTS = (
    select(*_COLUMNS)
    .where(Bill.account_id.in_(bindparam("accounts", expanding=True)))
    .order_by(Bill.ends_before.desc(), Bill.id.desc())
    .limit(bindparam("most"))
)


BILLS, MOST_BILLS = 40, 400
"""Bills a page looks at: three years of one account, or fourteen months of each of several."""
OF_CUSTOMER = listed(
    f"""
    select b.id, b.number, b.account_id, b.starts_on, b.ends_before, b.issued_on, b.due_on, b.currency,
           b.total_minor, b.open_minor, b.micro_kwh, b.estimated_micro_kwh, b.estimated_readings, b.status,
           b.known_at
    from bills b join accounts a on a.id = b.account_id
    where a.customer_id = :customer or a.payer_id = :customer
    order by b.ends_before desc, b.id desc
    limit (select least({MOST_BILLS}, greatest({BILLS}, 14 * count(*))) from accounts a
           where a.customer_id = :customer or a.payer_id = :customer)
    """,
    BillRow,
)
"""Issued and cancelled bills of the accounts that `:customer` holds or pays, the newest first."""


def bills_of(session: Session, account_ids: Sequence[int], limit: int | None = None) -> tuple[BillRow, ...]:
    """Issued and cancelled bills of some accounts, the newest first."""
    rows = session.execute(_OF_ACCOUNTS, {"accounts": list(account_ids), "most": limit})
    return tuple(BillRow(*tuple(row)) for row in rows)


def bill_before(session: Session, bill: BillRow) -> BillRow | None:
    """The account's issued bill before this one."""
    statement = (
        select(*_COLUMNS)
        .where(
            Bill.account_id == bill.account_id, Bill.status == "issued", Bill.ends_before <= bill.starts_on
        )
        .order_by(Bill.ends_before.desc())
        .limit(1)
    )
    row = session.execute(statement).one_or_none()
    return None if row is None else BillRow(*tuple(row))


def bill_after(session: Session, bill: BillRow) -> BillRow | None:
    """The account's issued bill after this one."""
    statement = (
        select(*_COLUMNS)
        .where(
            Bill.account_id == bill.account_id, Bill.status == "issued", Bill.starts_on >= bill.ends_before
        )
        .order_by(Bill.starts_on)
        .limit(1)
    )
    row = session.execute(statement).one_or_none()
    return None if row is None else BillRow(*tuple(row))


def lines_of_bill(session: Session, bill_id: int) -> tuple[LineRow, ...]:
    """The lines of a bill, in their order."""
    return tuple(LineRow(*tuple(row)) for row in session.execute(_LINES.where(BillLine.bill_id == bill_id)))


def lines_of_bills(session: Session, bill_ids: Sequence[int]) -> dict[int, tuple[LineRow, ...]]:
    """The lines of several bills, each bill's in their order."""
    found: dict[int, list[LineRow]] = {}
    for row in session.execute(_LINES.add_columns(BillLine.bill_id).where(BillLine.bill_id.in_(bill_ids))):
        *line, bill_id = tuple(row)
        found.setdefault(bill_id, []).append(LineRow(*line))
    return {bill_id: tuple(lines) for bill_id, lines in found.items()}


@dataclass(frozen=True, slots=True)
class BillHolder:
    """Whose bill it is."""

    customer_id: int
    customer: str
    account: str


def holder_of(session: Session, account_id: int) -> BillHolder:
    """The customer who holds an account."""
    row = session.execute(
        select(Customer.id, Customer.name, Account.number)
        .join(Account, Account.customer_id == Customer.id)
        .where(Account.id == account_id)
    ).one()
    return BillHolder(row[0], row[1], row[2])
