"""All that billing keeps about one customer beside their bills, read at once: what the small answers, the
strip, the things to say and the timeline are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy.orm import Session

from billing.corrections.queries import OF_ACCOUNTS as CORRECTIONS
from billing.corrections.queries import CorrectionRow
from billing.dunning.lines import OF_ACCOUNTS as DUNNED
from billing.dunning.lines import Line
from billing.life.previews import SUPPLIED, SuppliedHere
from billing.queries.changes import CHANGES, ChangeRow
from billing.queries.dunning import AGREED, DUNNABLE_OF, Agreed, agreed_of
from billing.queries.fixed import FIXED, FixedAmount
from billing.queries.held import HELD_OF, HeldRow, held_row
from billing.queries.money_in import ADJUSTMENTS, PAYMENTS, AdjustmentRow, PaymentRow
from billing.queries.neighbours import DAYS_BACK, FINDINGS, MeterFinding
from billing.queries.what_ifs import KNOWN, KnownSaving, best_first
from utility_crm.kit.gathering import gathered
from utility_crm.kit.settings import settings

_SELECTS = (
    PAYMENTS, ADJUSTMENTS, HELD_OF, CORRECTIONS, DUNNED, CHANGES, SUPPLIED, DUNNABLE_OF, KNOWN, FINDINGS,
    FIXED, *AGREED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InView:
    """Lists are the newest first. held: periods that could not be billed, the oldest first. supplied: what
    runs first. dunnable: by account, how much may be reminded of.

    savings, findings: of the account that is looked at.
    """

    payments: tuple[PaymentRow, ...] = ()
    adjustments: tuple[AdjustmentRow, ...] = ()
    held: tuple[HeldRow, ...] = ()
    corrections: tuple[CorrectionRow, ...] = ()
    dunned: tuple[Line, ...] = ()
    changes: tuple[ChangeRow, ...] = ()
    supplied: tuple[SuppliedHere, ...] = ()
    dunnable: tuple[tuple[int, int], ...] = ()
    savings: tuple[KnownSaving, ...] = ()
    findings: tuple[MeterFinding, ...] = ()
    fixed: tuple[FixedAmount, ...] = ()
    agreed: Agreed = field(default_factory=Agreed)


def customer_in_view(
    session: Session, customer_id: int, account_ids: Sequence[int], looked_at: int | None, today: date
) -> InView:
    """One statement. account_ids: all that the customer holds or pays; looked_at: the account of the bill
    that the page is about."""
    values = {
        "customer": customer_id,
        "accounts": list(account_ids),
        "account": looked_at,
        "today": today,
        "due_by": today - timedelta(days=1),
        "since": today - timedelta(days=DAYS_BACK),
        "zone": settings().timezone,
    }
    (
        payments, adjustments, held, corrections, dunned, changes, supplied, dunnable, savings, findings,
        fixed, *agreed,
    ) = gathered(session, _SELECTS, values)  # fmt: skip
    return InView(
        tuple(PaymentRow(*row) for row in payments),
        tuple(AdjustmentRow(*row) for row in adjustments),
        tuple(held_row(row) for row in held),
        tuple(CorrectionRow(*row) for row in corrections),
        tuple(Line(*row) for row in dunned),
        tuple(ChangeRow(*row) for row in changes),
        tuple(SuppliedHere(*row) for row in supplied),
        tuple((account_id, amount) for account_id, amount in dunnable),
        best_first(savings),
        tuple(MeterFinding(*row) for row in findings),
        tuple(FixedAmount(*row) for row in fixed),
        agreed_of(*agreed),
    )
