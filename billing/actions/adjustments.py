"""Credits, fees, write-offs, deposits and transfers: what changes a balance and is neither bill nor payment.

Each is booked once a reference: the same again changes nothing, another under its name is a Conflict. None of
them is ever changed; what puts one right is another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.actions.allocating import Item, allocate, release, settle
from billing.actions.judging import judge_agreed
from billing.actions.payments import lock_account
from billing.tables import AccountBalance, Adjustment, Bill, LateFee, LedgerEntry
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, under which reference, on which day, by whom (a user's id)."""

    reference: str
    words: str
    posted_on: date
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Adjusted:
    """`repeated`: it was known, and nothing was booked again."""

    id: int
    repeated: bool


def credit(
    session: Session,
    account_id: int,
    amount_minor: int,
    reason: Reason,
    *,
    tax_minor: int = 0,
    bill_id: int | None = None,
    judged: bool = True,
) -> Adjusted:
    """Take back so much of what was charged, `tax_minor` of it tax (both of one sign; negative charges more,
    as the credit note of a bill in the customer's favour does).

    With `bill_id` it pays that bill first; payments that had paid it are free for the rest, and wait for the
    next bill. Not `judged`: the caller judges plans when all that they go by is written. Raises NotFound,
    Invalid, Conflict.
    """
    if abs(tax_minor) > abs(amount_minor) or tax_minor * amount_minor < 0:
        raise Invalid("tax", "The tax of a credit is a part of it.", "tax")
    moves = [("revenue", tax_minor - amount_minor), ("tax", -tax_minor)]
    return _adjust(session, account_id, "credit", -amount_minor, moves, reason, bill_id, judged=judged)


def charge_fee(
    session: Session, account_id: int, amount_minor: int, reason: Reason, *, bill_id: int | None = None
) -> Adjusted:
    """A fee, for a reminder or a payment returned; bill_id: the bill it is about. Raises NotFound, Invalid,
    Conflict."""
    _positive(amount_minor, mark("A fee needs an amount above nothing."))
    return _adjust(session, account_id, "fee", amount_minor, [("fees", amount_minor)], reason, bill_id)


def waive_fee(session: Session, fee_id: int, reason: Reason, *, amount_minor: int | None = None) -> Adjusted:
    """Credit a fee, or so much of it: that is open no more, and what had paid it pays something else. Raises
    NotFound, Conflict; Refused for more of a late fee than is left of it."""
    fee = session.execute(
        select(Adjustment.account_id, Adjustment.amount_minor).where(
            Adjustment.id == fee_id, Adjustment.kind == "fee"
        )
    ).one_or_none()
    if fee is None:
        raise NotFound("fee", mark("There is no such fee."))
    amount = fee.amount_minor if amount_minor is None else amount_minor
    if _known(session, reason.reference) is None:
        _note_reversal(session, fee_id, amount)
    moves = [("fees", -amount)]
    return _adjust(session, fee.account_id, "credit", -amount, moves, reason, pays=Item("adjustment", fee_id))


def _note_reversal(session: Session, fee_id: int, amount_minor: int) -> None:
    """A late fee knows how much of it was taken back."""
    late = session.scalar(select(LateFee).where(LateFee.adjustment_id == fee_id).with_for_update())
    if late is None:
        return
    if not 0 < amount_minor <= late.amount_minor - late.reversed_minor:
        raise Refused("waived", mark("No more can be taken back than is left of this late fee."), "amount")
    late.reversed_minor += amount_minor
    session.flush()


def write_off(
    session: Session, account_id: int, amount_minor: int, reason: Reason, *, bill_id: int | None = None
) -> Adjusted:
    """Give up so much of what is owed. Raises NotFound, Invalid, Conflict; Refused where less is owed."""
    _positive(amount_minor, mark("A write-off needs an amount above nothing."))
    lock_account(session, account_id)
    owed = (
        session.scalar(select(AccountBalance.balance_minor).where(AccountBalance.account_id == account_id))
        or 0
    )
    if amount_minor > owed and _known(session, reason.reference) is None:
        raise Refused("not_owed", mark("No more can be written off than is owed."), "amount")
    return _adjust(
        session, account_id, "write_off", -amount_minor, [("bad_debt", -amount_minor)], reason, bill_id
    )


def ask_deposit(session: Session, account_id: int, amount_minor: int, reason: Reason) -> Adjusted:
    """Ask for a deposit: it is owed as a bill is, and stays ours to return. Raises NotFound, Invalid."""
    _positive(amount_minor, mark("A deposit needs an amount above nothing."))
    return _adjust(session, account_id, "deposit", amount_minor, [("deposits", amount_minor)], reason)


def return_deposit(session: Session, account_id: int, amount_minor: int, reason: Reason) -> Adjusted:
    """Return a deposit to the account: it pays what is open, the rest can be refunded. Raises NotFound,
    Invalid; Refused beyond what was asked for and not returned."""
    _positive(amount_minor, mark("A deposit needs an amount above nothing."))
    lock_account(session, account_id)
    rows = session.scalars(
        select(Adjustment.amount_minor).where(
            Adjustment.account_id == account_id, Adjustment.kind == "deposit"
        )
    )
    if amount_minor > sum(rows) and _known(session, reason.reference) is None:
        raise Refused("no_deposit", mark("There is no deposit of so much."), "amount")
    return _adjust(session, account_id, "deposit", -amount_minor, [("deposits", -amount_minor)], reason)


def transfer(
    session: Session, from_account_id: int, to_account_id: int, amount_minor: int, reason: Reason
) -> tuple[Adjusted, Adjusted]:
    """Move so much in the customer's favour from one account to another of the same currency.

    Raises NotFound, Invalid, Conflict; Refused where less is held on the first.
    """
    _positive(amount_minor, mark("A transfer needs an amount above nothing."))
    if from_account_id == to_account_id:
        raise Invalid("transfer", mark("A transfer needs two accounts."), "account")
    both = sorted((from_account_id, to_account_id))
    currencies = {lock_account(session, account_id) for account_id in both}
    if len(currencies) > 1:
        raise Refused("currency", mark("The accounts are in two currencies."), "account")
    held = -(
        session.scalar(
            select(AccountBalance.balance_minor).where(AccountBalance.account_id == from_account_id)
        )
        or 0
    )
    known = _known(session, f"{reason.reference}:from")
    if known is None and amount_minor > held:
        raise Refused("not_held", mark("No more can be moved than is held for the account."), "amount")
    sides = []
    for account_id, amount, end in (
        (from_account_id, amount_minor, "from"),
        (to_account_id, -amount_minor, "to"),
    ):
        side = Reason(f"{reason.reference}:{end}", reason.words, reason.posted_on, reason.by)
        sides.append(_adjust(session, account_id, "transfer", amount, [("transfers", amount)], side))
    return sides[0], sides[1]


def _positive(amount_minor: int, words: str) -> None:
    if amount_minor <= 0:
        raise Invalid("amount", words, "amount")


def reference_booked(session: Session, reference: str) -> bool:
    """Is something booked under it? The same again changes nothing."""
    return _known(session, reference) is not None


def _known(session: Session, reference: str) -> int | None:
    return session.scalar(select(Adjustment.id).where(Adjustment.reference == reference))


def _adjust(
    session: Session,
    account_id: int,
    kind: str,
    amount_minor: int,
    moves: list[tuple[str, int]],
    reason: Reason,
    bill_id: int | None = None,
    pays: Item | None = None,
    *,
    judged: bool = True,
) -> Adjusted:
    """Book it: each move is (ledger account, its part, positive where the customer owes more). What pays may
    keep a plan: it is judged at once."""
    if not amount_minor or not reason.reference.strip() or not reason.words.strip():
        raise Invalid("adjustment", mark("It needs an amount, a reason and a reference."), "reason")
    currency = lock_account(session, account_id)
    if bill_id is not None:
        theirs = session.scalar(select(Bill.account_id).where(Bill.id == bill_id))
        if theirs != account_id:
            raise NotFound("bill", mark("This account has no such bill."))
    made = session.scalar(
        insert(Adjustment)
        .values(
            account_id=account_id, kind=kind, amount_minor=amount_minor, open_minor=amount_minor,
            currency=currency, posted_on=reason.posted_on, reference=reason.reference, reason=reason.words,
            bill_id=bill_id, made_by=reason.by,
        )
        .on_conflict_do_nothing(index_elements=[Adjustment.reference])
        .returning(Adjustment.id)
    )  # fmt: skip
    if made is None:
        return _repeated(session, account_id, kind, amount_minor, reason.reference)
    for other, amount in moves:
        if amount:
            debit, credited = ("receivable", other) if amount > 0 else (other, "receivable")
            session.add(
                LedgerEntry(
                    account_id=account_id, posted_on=reason.posted_on, debit=debit, credit=credited,
                    amount_minor=abs(amount), currency=currency, adjustment_id=made,
                )
            )  # fmt: skip
    session.flush()
    if pays is None and bill_id is not None and amount_minor < 0:
        pays = Item("bill", bill_id)
    if pays is not None:
        source = Item("adjustment", made)
        _pay_first(session, account_id, source, pays, -amount_minor, instead=kind == "credit")
    settle(session, [account_id])
    if judged and amount_minor < 0:
        judge_agreed(session, reason.posted_on, [account_id])
    return Adjusted(made, False)


def _pay_first(
    session: Session, account_id: int, source: Item, sink: Item, amount_minor: int, *, instead: bool
) -> None:
    """Let it pay what it is about; a credit does so in place of the money that has paid it so far."""
    table, whole = (Bill, Bill.total_minor) if sink.kind == "bill" else (Adjustment, Adjustment.amount_minor)
    total, still_open = session.execute(select(whole, table.open_minor).where(table.id == sink.id)).one()
    amount = min(amount_minor, total if instead else still_open)
    if amount <= 0:
        return
    if amount > still_open:
        release(session, account_id, sink=sink, amount_minor=amount - still_open)
    allocate(session, account_id, source, sink, amount)


def _repeated(session: Session, account_id: int, kind: str, amount_minor: int, reference: str) -> Adjusted:
    row = session.execute(
        select(Adjustment.id, Adjustment.account_id, Adjustment.kind, Adjustment.amount_minor).where(
            Adjustment.reference == reference
        )
    ).one()
    if (row.account_id, row.kind, row.amount_minor) != (account_id, kind, amount_minor):
        raise Conflict(
            "reference",
            mark("The reference %(reference)s belongs to something else."),
            reference,
            reference=reference,
        )
    return Adjusted(row.id, True)
