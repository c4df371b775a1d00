"""What other systems hear of bills, payments and supply. Nothing here commits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.announcing.telling import Happening, announce_all
from utility_crm.kit.ports import Announced
from utility_crm.web.words import mark

_BILLS = text("""
    select number, account_id, starts_on, ends_before, issued_on, due_on, total_minor, currency
    from bills where id = any(:ids) order by id
""")
_PAYMENTS = text("""
    select p.id, p.account_id, p.received_at, p.amount_minor, p.currency, p.method, p.reference,
           b.reference as reverses
    from payments p left join payments b on b.id = p.reverses_id
    where p.reference = any(:references) order by p.id
""")
_SUPPLY = text("""
    select a.account_id, a.starts_on, a.ends_before, a.end_reason, a.kind, p.code as service_point,
           t.code as tariff
    from agreements a join service_points p on p.id = a.service_point_id join tariffs t on t.id = a.tariff_id
    where a.id = :id
""")
_OF_ACCOUNT = {"customer": "C-100234", "account": "4000123"}
_BILL = {
    **_OF_ACCOUNT, "bill": "2026-11-000042", "starts_on": "2026-10-01", "ends_before": "2026-11-01",
    "issued_on": "2026-11-02", "due_on": "2026-11-16", "total_minor": 8152, "currency": "GBP",
}  # fmt: skip
_PAYMENT = {
    **_OF_ACCOUNT, "payment": 311, "reference": "BANK-77", "amount_minor": 8152, "currency": "GBP",
    "method": "transfer", "received_at": "2026-11-14T09:00:00+00:00",
}  # fmt: skip
_POINT = {
    **_OF_ACCOUNT, "service_point": "SP-1001", "tariff": "STANDARD", "kind": "contract",
    "starts_on": "2026-11-20",
}  # fmt: skip
ANNOUNCED = (
    Announced("bill.issued", mark("A bill was issued"), _BILL),
    Announced("bill.credited", mark("A bill was taken back"), _BILL),
    Announced("payment.posted", mark("A payment was booked"), _PAYMENT),
    Announced(
        "payment.returned", mark("A bank took a payment back"),
        {**_PAYMENT, "amount_minor": -8152, "reverses": "BANK-70"},
    ),
    Announced("supply.begun", mark("A supply was begun"), _POINT),
    Announced(
        "supply.ended", mark("The end of a supply was set"),
        {**_POINT, "ends_before": "2026-12-01", "end_reason": "moved"},
    ),
)  # fmt: skip


def announce_issued(session: Session, bill_ids: Sequence[int], at: datetime | None = None) -> None:
    """Bills that were issued now."""
    announce_all(session, "bill.issued", at, lambda: _bills(session, bill_ids))


def announce_credited(session: Session, bill_ids: Sequence[int]) -> None:
    """Bills that were taken back whole."""
    announce_all(session, "bill.credited", None, lambda: _bills(session, bill_ids))


def announce_paid(session: Session, references: Sequence[str], *, returned: bool = False) -> None:
    """Payments that were booked now, by their references; returned: a bank took one back."""
    if returned:
        announce_all(session, "payment.returned", None, lambda: _payments(session, references))
    else:
        announce_all(session, "payment.posted", None, lambda: _payments(session, references))


def announce_supply(session: Session, agreement_id: int, *, ended: bool = False) -> None:
    """An agreement that was made, or whose end was set."""
    if ended:
        announce_all(session, "supply.ended", None, lambda: _supply(session, agreement_id))
    else:
        announce_all(session, "supply.begun", None, lambda: _supply(session, agreement_id))


def _bills(session: Session, ids: Sequence[int]) -> Iterator[Happening]:
    for row in session.execute(_BILLS, {"ids": list(ids)}):
        yield Happening(
            {
                "bill": row.number,
                **_days(starts_on=row.starts_on, ends_before=row.ends_before),
                **_days(issued_on=row.issued_on, due_on=row.due_on),
                "total_minor": row.total_minor,
                "currency": row.currency,
            },
            account_id=row.account_id,
        )


def _payments(session: Session, references: Sequence[str]) -> Iterator[Happening]:
    for row in session.execute(_PAYMENTS, {"references": list(references)}):
        told = {
            "payment": row.id, "reference": row.reference, "amount_minor": row.amount_minor,
            "currency": row.currency, "method": row.method, "received_at": row.received_at.isoformat(),
        }  # fmt: skip
        yield Happening(
            told | ({"reverses": row.reverses} if row.reverses else {}), account_id=row.account_id
        )


def _supply(session: Session, agreement_id: int) -> Iterator[Happening]:
    row = session.execute(_SUPPLY, {"id": agreement_id}).one()
    told = {"service_point": row.service_point, "tariff": row.tariff, "kind": row.kind}
    told |= _days(starts_on=row.starts_on, ends_before=row.ends_before)
    yield Happening(
        told | ({"end_reason": row.end_reason} if row.end_reason else {}), account_id=row.account_id
    )


def _days(**days: date | None) -> dict[str, str]:
    return {name: day.isoformat() for name, day in days.items() if day is not None}
