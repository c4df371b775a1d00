"""What a bank's entries may name, loaded for a whole file at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.money_in.entries import BankEntry
from billing.money_in.matching import Known, normal, references_of


@dataclass(frozen=True, slots=True)
class KnownReferences:
    """names: accounts and bills that an entry may name. booked: bank references taken before."""

    names: Mapping[str, Known]
    booked: frozenset[str]


@dataclass(frozen=True, slots=True)
class Underway:
    """Our direct debits: which ids there are, and which belong to a collection's name."""

    ids: frozenset[str]
    batches: Mapping[str, list[str]]

    def debits_of(self, entry: BankEntry) -> list[str] | None:
        """The direct debits that an entry pays; None where it is none of them."""
        mine = [one for one in entry.end_to_end_ids if one in self.ids]
        return mine[:1] or self.batches.get(entry.batch)


_NAMES = text(
    """
    select number, id, currency, '' from accounts where number = any(:names)
    union all select number, account_id, currency, number from bills where number = any(:names)
    union all select i.number, b.account_id, b.currency, b.number
    from invoices i join bills b on b.id = i.bill_id where i.number = any(:names)
    """
)
_BOOKED = text(
    "select substr(reference, 6) from payments where reference = any(:prefixed) "
    "union select bank_reference from suspense_items where bank_reference = any(:plain)"
)
_DEBITS = text("select end_to_end_id from direct_debits where end_to_end_id = any(:ids)")
_BATCHES = text(
    """
    select b.name, d.end_to_end_id
    from unnest(cast(:batches as text[])) as b(name)
    join collections c on b.name in (c.message_id, c.message_id || '-FRST', c.message_id || '-RCUR')
    join direct_debits d on d.collection_id = c.id and d.state <> 'returned'
        and (b.name = c.message_id or b.name = c.message_id || '-' || d.sequence)
    order by d.id
    """
)


def known_references(session: Session, entries: Sequence[BankEntry]) -> KnownReferences:
    """Two statements, whatever the file's length."""
    names: set[str] = set()
    for entry in entries:
        if entry.amount_minor > 0:
            structured, free = references_of(entry)
            names.update(structured, free)
    wanted = sorted(names | {name.lower() for name in names})
    found = {
        normal(number): Known(account_id, currency, bill)
        for number, account_id, currency, bill in session.execute(_NAMES, {"names": wanted})
    }
    plain = [entry.bank_reference for entry in entries]
    booked = session.scalars(_BOOKED, {"plain": plain, "prefixed": [f"bank:{one}" for one in plain]})
    return KnownReferences(found, frozenset(booked))


def underway(session: Session, entries: Sequence[BankEntry]) -> Underway:
    """Two statements."""
    ids = [one for entry in entries for one in entry.end_to_end_ids]
    batches: dict[str, list[str]] = {}
    named = sorted({entry.batch for entry in entries if entry.batch})
    for name, end_to_end_id in session.execute(_BATCHES, {"batches": named}):
        batches.setdefault(name, []).append(end_to_end_id)
    return Underway(frozenset(session.scalars(_DEBITS, {"ids": ids})), batches)
