"""Direct debit: mandates, collections of what is due, what became of each. Safe to repeat; never commits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.actions.adjustments import Reason, charge_fee
from billing.actions.bulk_payments import Received, take_payments
from billing.actions.issuing import lock_accounts
from billing.actions.payments import lock_account, reverse_payment
from billing.domain.tariffs.currencies import currencies
from billing.tables import Bill, Collection, Creditor, DirectDebit, Mandate
from notifications.outbox.new_notice import NewNotice
from notifications.outbox.queueing import queue
from notifications.types.payment_failed import payment_failed
from utility_crm.customers.tables import Account
from utility_crm.kit.errors import Conflict, Invalid, NotFound

_IDENTIFIER = re.compile(r"[A-Za-z0-9+?/:().,'-]{1,35}")
"""What the SEPA rulebooks allow in a mandate's reference or a creditor's identifier."""

_IBAN_LENGTHS = {
    "AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18,
    "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22,
    "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "VA": 22,
}  # fmt: skip
"""Of the countries of SEPA, by the IBAN registry (ISO 13616)."""


UNTOLD = frozenset({"MD07"})
"""Codes of which nobody is written to: MD07, the debtor has died."""


@dataclass(frozen=True, slots=True)
class Made:
    """A message for the bank, and how much it collects."""

    message_id: str
    debits: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Returns:
    """returned: direct debits that are returned now; paid_back of them had been paid. repeated: known as
    returned. unknown: no direct debits of ours."""

    returned: int
    paid_back: int
    repeated: int
    unknown: int


def checked_iban(text_: str) -> str:
    """An IBAN without blanks, its check digits right (ISO 13616: 1 by 97). Raises Invalid."""
    plain = re.sub(r"\s", "", text_).upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", plain):
        words = "it has two letters of a country, two check digits and 11 to 30 letters or digits"
        raise Invalid("iban", f"'{text_}' is no IBAN: {words}.", "iban")
    length = _IBAN_LENGTHS.get(plain[:2], len(plain))
    if len(plain) != length:
        words = f"one of {plain[:2]} has {length} letters and digits, not {len(plain)}"
        raise Invalid("iban", f"'{text_}' is no IBAN: {words}.", "iban")
    if int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 != 1:
        raise Invalid("iban", f"'{text_}' is no IBAN: its check digits are wrong.", "iban")
    return plain


def checked_bic(text_: str) -> str:
    """A BIC (ISO 9362: bank, country, place, and a branch), or nothing. Raises Invalid."""
    plain = text_.strip().upper()
    if plain and not re.fullmatch(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", plain):
        raise Invalid("bic", f"'{text_}' is no BIC; it has 8 or 11 letters and digits.", "bic")
    return plain


def set_creditor(
    session: Session,
    currency: str,
    *,
    name: str,
    iban: str,
    bic: str = "",
    creditor_id: str,
    return_fee_minor: int = 0,
) -> None:
    """Who collects in a currency, from now on. Raises Invalid."""
    if currency not in currencies():
        raise Invalid("currency", f"'{currency}' is no currency of ISO 4217 that is in use.", "currency")
    if not name.strip() or not _IDENTIFIER.fullmatch(creditor_id) or return_fee_minor < 0:
        raise Invalid(
            "creditor",
            "A creditor has a name, an identifier of up to 35 letters, and no fee below 0.",
            "creditor",
        )
    row = {
        "name": name.strip(), "iban": checked_iban(iban), "bic": checked_bic(bic),
        "creditor_id": creditor_id, "return_fee_minor": return_fee_minor,
    }  # fmt: skip
    made = insert(Creditor).values(currency=currency, **row)
    session.execute(made.on_conflict_do_update(index_elements=[Creditor.currency], set_=row))


def add_mandate(
    session: Session, account_id: int, reference: str, *, signed_on: date, name: str, iban: str, bic: str = ""
) -> int:
    """A payer's leave to collect. The same again is the same. Raises NotFound, Invalid, Conflict (another
    mandate runs, or the reference is another's)."""
    lock_account(session, account_id)
    if not _IDENTIFIER.fullmatch(reference) or not name.strip():
        raise Invalid(
            "mandate", "A mandate has a payer's name and a reference of up to 35 letters.", "reference"
        )
    plain = checked_iban(iban)
    known = session.scalar(select(Mandate).where(Mandate.reference == reference))
    if known is not None:
        if (known.account_id, known.iban, known.state) != (account_id, plain, "active"):
            raise Conflict("reference", f"The mandate {reference} is another one.", reference)
        return known.id
    running = session.scalar(
        select(Mandate.reference).where(Mandate.account_id == account_id, Mandate.state == "active")
    )
    if running is not None:
        raise Conflict("mandate", f"The account has the mandate {running}; end it first.", running)
    made = Mandate(
        account_id=account_id, reference=reference, signed_on=signed_on, name=name.strip(), iban=plain,
        bic=checked_bic(bic),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.id


def end_mandate(session: Session, reference: str, ended_on: date) -> None:
    """Nothing more is collected by it. Raises NotFound where none of that name is active."""
    ended = session.scalar(
        update(Mandate)
        .where(Mandate.reference == reference, Mandate.state == "active")
        .values(state="ended", ended_on=ended_on)
        .returning(Mandate.id)
    )
    if ended is None:
        raise NotFound("mandate", f"There is no active mandate {reference}.", reference)


_DUE = text(
    """
    select m.id as mandate_id, b.account_id, b.id as bill_id, a.currency,
           b.open_minor - coalesce(d.amount_minor, 0) as amount,
           (select count(*) from direct_debits x where x.bill_id = b.id) + 1 as attempt,
           exists (select from direct_debits x where x.mandate_id = m.id and x.state <> 'returned') as used
    from mandates m
    join accounts a on a.id = m.account_id
    join creditors c on c.currency = a.currency
    join bills b on b.account_id = m.account_id
    left join disputes d on d.bill_id = b.id and d.state = 'open'
    where m.state = 'active' and m.signed_on <= :collect_on and b.status = 'issued'
      and b.open_minor > coalesce(d.amount_minor, 0) and b.due_on <= :collect_on
      and not exists (select from direct_debits x where x.bill_id = b.id and x.state = 'sent')
      and not exists (select from payment_plans p join plan_bills q on q.plan_id = p.id
                      where p.state = 'running' and q.bill_id = b.id)
    order by a.currency, b.id
    """
)


def collect(session: Session, collect_on: date, now: datetime) -> list[Made]:
    """Messages for all that is due by a day and not under way: one a currency, none where nothing is.

    Again it makes none: what has been sent is under way until it is paid or returned. What is disputed or in
    a plan is not collected.
    """
    session.execute(text("select pg_advisory_xact_lock(7302013)"))
    told = {"collect_on": collect_on}
    # Locked before it is read what they owe, so that no payment comes between.
    lock_accounts(session, sorted({row.account_id for row in session.execute(_DUE, told)}))
    due = session.execute(_DUE, told).all()
    made = []
    for currency in sorted({row.currency for row in due}):
        mine = [row for row in due if row.currency == currency]
        collection = _collection(session, collect_on, currency, now)
        first = set[int]()
        for row in mine:
            sequence = "RCUR" if row.used or row.mandate_id in first else "FRST"
            first.add(row.mandate_id)
            session.add(
                DirectDebit(
                    collection_id=collection.id, mandate_id=row.mandate_id, account_id=row.account_id,
                    bill_id=row.bill_id, amount_minor=row.amount, sequence=sequence,
                    end_to_end_id=f"DD{row.bill_id}-{row.attempt}",
                )
            )  # fmt: skip
        session.flush()
        made.append(Made(collection.message_id, len(mine), sum(row.amount for row in mine)))
    return made


def _collection(session: Session, collect_on: date, currency: str, now: datetime) -> Collection:
    creditor = session.get_one(Creditor, currency)
    name = f"DD{currency}{collect_on:%Y%m%d}-"
    count = session.scalar(
        text("select count(*) from collections where message_id like :name"), {"name": f"{name}%"}
    )
    made = Collection(
        message_id=f"{name}{(count or 0) + 1}", collect_on=collect_on, currency=currency, created_at=now,
        creditor_name=creditor.name, creditor_iban=creditor.iban, creditor_bic=creditor.bic,
        creditor_id=creditor.creditor_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def settle_debits(session: Session, ids: Sequence[str], amount_minor: int, booked_on: date) -> bool:
    """The bank has paid these direct debits, in one sum; False where that is another sum, and nothing is
    booked. What was paid before stays as it is."""
    rows = session.execute(
        text(
            "select d.end_to_end_id, d.account_id, d.amount_minor, d.state, b.number, c.currency "
            "from direct_debits d join bills b on b.id = d.bill_id "
            "join collections c on c.id = d.collection_id "
            "where d.end_to_end_id = any(:ids) order by d.id"
        ),
        {"ids": list(ids)},
    ).all()
    due = [row for row in rows if row.state == "sent"]
    if not due or sum(row.amount_minor for row in due) != amount_minor:
        return False
    at = datetime.combine(booked_on, time(), UTC)
    take_payments(
        session,
        [
            Received(
                row.account_id, row.amount_minor, row.currency, f"dd:{row.end_to_end_id}", at, booked_on,
                "direct_debit", (row.number,),
            )
            for row in due
        ],
    )  # fmt: skip
    session.execute(
        text(
            "update direct_debits d set state = 'paid', payment_id = p.id from payments p "
            "where p.reference = 'dd:' || d.end_to_end_id and d.end_to_end_id = any(:ids)"
        ),
        {"ids": [row.end_to_end_id for row in due]},
    )
    return True


def return_debits(
    session: Session, returns: Sequence[tuple[str, str]], *, now: datetime, on: date | None = None
) -> Returns:
    """Direct debits (their end-to-end ids) that came back, with the bank's reason code: what they paid is
    open again, the creditor's fee, if there is one, is charged, and the payer hears of it. Again it does
    nothing."""
    done = Returns(0, 0, 0, 0)
    posted_on = on or now.date()
    theirs = text("select account_id from direct_debits where end_to_end_id = any(:ids)")
    lock_accounts(session, sorted(set(session.scalars(theirs, {"ids": [name for name, _ in returns]}))))
    for end_to_end_id, code in returns:
        account_id = session.scalar(
            select(DirectDebit.account_id).where(DirectDebit.end_to_end_id == end_to_end_id)
        )
        if account_id is None:
            done = Returns(done.returned, done.paid_back, done.repeated, done.unknown + 1)
            continue
        currency = lock_account(session, account_id)
        debit = session.scalars(
            select(DirectDebit)
            .where(DirectDebit.end_to_end_id == end_to_end_id)
            .execution_options(populate_existing=True)
        ).one()
        if debit.state == "returned":
            done = Returns(done.returned, done.paid_back, done.repeated + 1, done.unknown)
            continue
        paid = debit.payment_id
        if paid is not None:
            at = datetime.combine(posted_on, time(), UTC)
            reverse_payment(
                session, paid, reference=f"dd:{end_to_end_id}:back", reversed_at=at, posted_on=posted_on
            )
        debit.state, debit.reason_code = "returned", code
        session.flush()
        fee = session.scalar(select(Creditor.return_fee_minor).where(Creditor.currency == currency)) or 0
        if fee:
            reason = Reason(f"dd:{end_to_end_id}:fee", f"direct debit returned ({code})", posted_on)
            charge_fee(session, account_id, fee, reason)
        if code not in UNTOLD:
            queue(session, _told(session, debit, currency, code, fee), now)
        done = Returns(done.returned + 1, done.paid_back + (paid is not None), done.repeated, done.unknown)
    return done


def _told(session: Session, debit: DirectDebit, currency: str, code: str, fee_minor: int) -> NewNotice:
    account = session.execute(
        select(Account.payer_id, Account.number).where(Account.id == debit.account_id)
    ).one()
    return payment_failed(
        customer_id=account.payer_id,
        account_id=debit.account_id,
        account=account.number,
        bill=session.scalars(select(Bill.number).where(Bill.id == debit.bill_id)).one(),
        end_to_end_id=debit.end_to_end_id,
        amount_minor=debit.amount_minor,
        currency=currency,
        code=code,
        fee_minor=fee_minor,
    )
