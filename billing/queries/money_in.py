"""Payments, and what was charged and paid in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.gathering import listed


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """Money received; negative when given back. reverses_id: the payment that the bank took back by it."""

    id: int
    account_id: int
    received_at: datetime
    amount_minor: int
    currency: str
    method: str
    reference: str
    reverses_id: int | None = None


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """A credit, fee, write-off, deposit or transfer; positive is owed. open_minor: what is still to be paid
    of it, or has paid nothing yet; fee_of: the number of the bill whose lateness a late fee is for."""

    id: int
    account_id: int
    kind: str
    amount_minor: int
    currency: str
    posted_on: date
    made_at: datetime
    reason: str
    open_minor: int
    fee_of: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """All that was ever charged and paid on some accounts, and what was credited, charged as a fee and so on
    (adjusted_minor: positive is owed), minor units. Charged − paid + adjusted is the balance."""

    charged_minor: int
    paid_minor: int
    adjusted_minor: int


PAYMENTS = listed(
    "select id, account_id, received_at, amount_minor, currency, method, reference, reverses_id "
    "from payments where account_id = any(:accounts) order by received_at desc, id desc limit 100",
    PaymentRow,
)
ADJUSTMENTS = listed(
    "select a.id, a.account_id, a.kind, a.amount_minor, a.currency, a.posted_on, a.made_at, a.reason, "
    "       a.open_minor, b.number "
    "from adjustments a "
    "left join late_fees f on f.adjustment_id = a.id left join bills b on b.id = f.bill_id "
    "where a.account_id = any(:accounts) order by a.posted_on desc, a.id desc limit 50",
    AdjustmentRow,
)
"""Of `:accounts`, the newest first: as many as a page looks at."""
_TOTALS = text(
    "select (select coalesce(sum(total_minor), 0) from bills "
    "        where account_id = any(:accounts)), "
    "       (select coalesce(sum(amount_minor), 0) from payments where account_id = any(:accounts)), "
    "       (select coalesce(sum(amount_minor), 0) from adjustments where account_id = any(:accounts))"
)


def payments_of(session: Session, account_ids: Sequence[int]) -> tuple[PaymentRow, ...]:
    """The newest first, at most a hundred."""
    rows = session.execute(text(PAYMENTS.sql), {"accounts": list(account_ids)})
    return tuple(PaymentRow(*row) for row in rows)


def totals_of(session: Session, account_ids: Sequence[int]) -> Totals:
    """Sums over every bill, payment and adjustment, however old."""
    charged, paid, adjusted = session.execute(_TOTALS, {"accounts": list(account_ids)}).one()
    return Totals(int(charged), int(paid), int(adjusted))


def reference_known(session: Session, reference: str) -> bool:
    """Whether money is booked under that reference: what comes again under it is booked no more."""
    found = session.scalar(
        text("select exists (select 1 from payments where reference = :reference)"), {"reference": reference}
    )
    return bool(found)
