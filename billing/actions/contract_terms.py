"""What was agreed of a contract: its term, how long before either side says so, until when the price stands.
Nothing here commits."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.tables import Agreement
from utility_crm.customers.care import reason_of
from utility_crm.customers.noting import note_account_change
from utility_crm.customers.tables import Account
from utility_crm.kit.errors import Invalid, NotFound, Refused
from utility_crm.web.words import mark

TERMS = mark("contract")
LONGEST_NOTICE = 730


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """Last days, each None where nothing was agreed. notice_days: before an end."""

    term_on: date | None
    fixed_on: date | None
    guaranteed_on: date | None
    notice_days: int | None


def set_contract_terms(
    session: Session, customer_id: int, agreement_id: int, terms: ContractTerms, *, why: str
) -> bool:
    """As they are from now on; False: they are so already. What was before, and why it changed, stays in the
    audit log.

    Raises NotFound where it is no contract of theirs, Refused of a deemed one, Invalid for a day before it
    begins, more notice than two years, or no reason.
    """
    found = session.scalar(
        select(Agreement)
        .join(Account, Account.id == Agreement.account_id)
        .where(Agreement.id == agreement_id, Account.customer_id == customer_id)
        .with_for_update(of=Agreement)
    )
    if found is None:
        raise NotFound("agreement", mark("There is no such agreement."))
    if found.kind == "deemed":
        raise Refused("deemed", mark("Nobody agreed on a term: the contract is deemed."), "term_on")
    days = {name: day for name, day in asdict(terms).items() if name != "notice_days" and day is not None}
    for name, day in days.items():
        if day < found.starts_on:
            words = mark("The contract begins on %(day)s: this ends before.")
            raise Invalid("period", words, name, day=found.starts_on)
    if terms.notice_days is not None and not 0 <= terms.notice_days <= LONGEST_NOTICE:
        words = mark("At most %(most)s days of notice.")
        raise Invalid("notice_days", words, "notice_days", most=LONGEST_NOTICE)
    before = terms_of(found)
    if before == terms:
        return False
    reason = reason_of(why)
    found.term_ends_before = _after(terms.term_on)
    found.price_fixed_before = _after(terms.fixed_on)
    found.price_guaranteed_before = _after(terms.guaranteed_on)
    found.notice_days = terms.notice_days
    session.flush()
    note_account_change(session, found.account_id, TERMS, asdict(before), asdict(terms) | {"why": reason})
    return True


def terms_of(agreement: Agreement) -> ContractTerms:
    """As they stand."""
    return ContractTerms(
        _last(agreement.term_ends_before), _last(agreement.price_fixed_before),
        _last(agreement.price_guaranteed_before), agreement.notice_days,
    )  # fmt: skip


def _after(last_on: date | None) -> date | None:
    return None if last_on is None else last_on + timedelta(days=1)


def _last(before: date | None) -> date | None:
    return None if before is None else before - timedelta(days=1)
