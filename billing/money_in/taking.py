"""A bank's file booked: whole or not at all, once; what cannot be matched waits in suspense.

Never commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from hashlib import sha256
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.actions.bulk_payments import Received, take_payments
from billing.actions.direct_debits import return_debits, settle_debits
from billing.actions.issuing import lock_accounts
from billing.actions.payments import reverse_payment
from billing.actions.suspending import suspend
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.money_in.camt053 import read_statement
from billing.money_in.csv_file import read_csv
from billing.money_in.entries import BankEntry, ReadFile
from billing.money_in.matching import Match, match
from billing.money_in.pain002 import ReadReport, read_report
from billing.money_in.words import why_words
from billing.money_in.xml_file import message_of, read_xml
from billing.queries.matching import known_references, underway
from billing.tables import PaymentFile
from utility_crm.kit.errors import Invalid
from utility_crm.web.words import mark

MOST_BYTES = 64 * 2**20
_FILES = 7_302_014
"""The advisory lock of whoever takes a file."""
FATES = ("booked", "repeated", "suspended", "reversed", "ignored")


@dataclass(frozen=True, slots=True)
class TakenFile:
    """What became of a file. again: the same bytes were taken before, and nothing was booked. waiting: what
    went into suspense now, and the code of why (`money_in.words`)."""

    id: int
    name: str
    format: str
    again: bool
    counts: Mapping[str, int]
    waiting: tuple[tuple[BankEntry, str], ...] = ()

    def document(self) -> dict[str, Any]:
        status = "unchanged" if self.again else "partial" if self.counts["suspended"] else "ok"
        return {
            "file": self.name, "format": self.format, "status": status, **self.counts,
            "waiting": [waiting_document(entry, code) for entry, code in self.waiting],
        }  # fmt: skip


def waiting_document(entry: BankEntry, code: str) -> dict[str, str]:
    """An entry in suspense: its place in the file, its reference, amount, and why nobody was credited."""
    return {
        "where": entry.place,
        "reference": entry.bank_reference,
        "amount": amount_text(entry.amount_minor, default_decimals(entry.currency)),
        "currency": entry.currency,
        "code": code,
        "reason": why_words(code, "en"),
    }


@dataclass(slots=True)
class _Sorted:
    """Entries by their fate, before anything is booked."""

    received: list[Received] = field(default_factory=list)
    debits: list[tuple[BankEntry, list[str]]] = field(default_factory=list)
    taken_back: list[BankEntry] = field(default_factory=list)
    waiting: list[tuple[BankEntry, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FATES, 0))


def read_payment_file(content: bytes, columns: Mapping[str, str], currency: str) -> ReadFile | ReadReport:
    """What the file says, its format by its content. Raises Invalid with place and reason."""
    if len(content) > MOST_BYTES:
        raise Invalid("too_large", mark("A file may have %(most)s MB."), "file", most=MOST_BYTES >> 20)
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return read_csv(content, columns, currency)
    root = read_xml(content)
    return read_report(root) if message_of(root).startswith("pain.002") else read_statement(root)


def take_file(
    session: Session,
    name: str,
    content: bytes,
    *,
    now: datetime,
    by: int | None = None,
    columns: Mapping[str, str] | None = None,
    currency: str = "",
) -> TakenFile:
    """Book a bank's file: CSV, camt.053 or pain.002. The same file, or an entry known by its bank reference,
    books nothing twice. Raises Invalid with place and reason; nothing of such a file is kept."""
    digest = sha256(content).hexdigest()
    # One file after another: what one has taken the next one knows.
    session.execute(text("select pg_advisory_xact_lock(:files)"), {"files": _FILES})
    known = session.execute(
        text("select id, format, entries, booked, repeated, suspended, reversed, ignored from payment_files "
             "where sha256 = :digest"), {"digest": digest},
    ).one_or_none()  # fmt: skip
    if known is not None:
        return TakenFile(known.id, name, known.format, True, _nothing(known.entries))
    read = read_payment_file(content, columns or {}, currency)
    if isinstance(read, ReadReport):
        counts = dict.fromkeys(FATES, 0)
        done = return_debits(session, [(one.end_to_end_id, one.code) for one in read.returned], now=now)
        counts |= {"reversed": done.returned, "repeated": done.repeated, "ignored": done.unknown + read.other}
        return TakenFile(
            _keep(session, name, digest, read.format, counts, now, by), name, read.format, False, counts
        )
    sorted_ = _sort(session, read.entries)
    sorted_.counts["ignored"] += read.ignored
    # The file first: what waits in suspense names it.
    file_id = _keep(session, name, digest, read.format, _foreseen(sorted_), now, by)
    counts = _book(session, file_id, sorted_, now)
    session.execute(
        text("update payment_files set booked = :booked, repeated = :repeated, suspended = :suspended, "
             "reversed = :reversed, ignored = :ignored where id = :id"), {"id": file_id, **counts},
    )  # fmt: skip
    return TakenFile(file_id, name, read.format, False, counts, tuple(sorted_.waiting))


def _nothing(entries: int) -> dict[str, int]:
    return dict.fromkeys(FATES, 0) | {"repeated": entries}


def _keep(
    session: Session,
    name: str,
    digest: str,
    form: str,
    counts: Mapping[str, int],
    now: datetime,
    by: int | None,
) -> int:
    made = session.scalar(
        insert(PaymentFile)
        .values(
            name=name, sha256=digest, format=form, received_at=now, received_by=by,
            entries=sum(counts.values()), **counts,
        )
        .returning(PaymentFile.id)
    )  # fmt: skip
    assert isinstance(made, int)
    return made


def _foreseen(found: _Sorted) -> dict[str, int]:
    more = len(found.received) + len(found.debits) + len(found.taken_back) + len(found.waiting)
    return found.counts | {"booked": found.counts["booked"] + more}


def _sort(session: Session, entries: Sequence[BankEntry]) -> _Sorted:
    """What is to be done with each entry, by what is known before the file."""
    known = known_references(session, entries)
    under = underway(session, entries)
    found = _Sorted()
    seen: set[str] = set()
    for entry in entries:
        if entry.bank_reference in known.booked or entry.bank_reference in seen:
            found.counts["repeated"] += 1
            continue
        seen.add(entry.bank_reference)
        if entry.takes_back:
            found.taken_back.append(entry)
        elif entry.amount_minor < 0:
            found.counts["ignored"] += 1
        elif (ids := under.debits_of(entry)) is not None:
            found.debits.append((entry, ids))
        else:
            hit = match(entry, known.names)
            if hit.code:
                found.waiting.append((entry, hit.code))
            else:
                found.received.append(_received(entry, hit))
    return found


def _received(entry: BankEntry, hit: Match) -> Received:
    return Received(
        account_id=hit.account_id,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        reference=f"bank:{entry.bank_reference}",
        received_at=datetime.combine(entry.booked_on, time(), UTC),
        posted_on=entry.booked_on,
        pays=hit.bills,
    )


def _book(session: Session, file_id: int, found: _Sorted, now: datetime) -> dict[str, int]:
    # All accounts at once and in the order of their ids, as bill runs do: nobody waits for one another.
    lock_accounts(session, _accounts(session, found))
    counts = dict(found.counts)
    booked = take_payments(session, found.received)
    counts["booked"] += booked
    counts["repeated"] += len(found.received) - booked
    for entry, ids in found.debits:
        if settle_debits(session, ids, entry.amount_minor, entry.booked_on):
            counts["booked"] += 1
        else:
            found.waiting.append((entry, "batch_differs"))
    for entry in found.taken_back:
        fate = _take_back(session, entry, now)
        if fate:
            counts[fate] += 1
        else:
            found.waiting.append((entry, "unknown_return"))
    suspend(session, file_id, found.waiting)
    counts["suspended"] += len(found.waiting)
    return counts


def _accounts(session: Session, found: _Sorted) -> list[int]:
    """Every account that the file books on."""
    ids = [name for _, names in found.debits for name in names]
    ids += [name for entry in found.taken_back for name in entry.end_to_end_ids]
    of_debits = text("select account_id from direct_debits where end_to_end_id = any(:ids)")
    paid = [
        f"bank:{name}" for entry in found.taken_back for name in (*entry.end_to_end_ids, *entry.structured)
    ]
    of_payments = text("select account_id from payments where reference = any(:references)")
    return sorted(
        {payment.account_id for payment in found.received}
        | set(session.scalars(of_debits, {"ids": ids}))
        | set(session.scalars(of_payments, {"references": paid}))
    )


def _take_back(session: Session, entry: BankEntry, now: datetime) -> str:
    """Reverse the payment that the bank takes back, by the id both have in common: reversed or repeated;
    empty where there is none."""
    code = entry.return_code or "RVSL"
    done = return_debits(session, [(one, code) for one in entry.end_to_end_ids], now=now, on=entry.booked_on)
    if done.paid_back or done.repeated:
        return "reversed" if done.paid_back else "repeated"
    names = [f"bank:{one}" for one in (*entry.end_to_end_ids, *entry.structured)]
    payment_id = session.scalar(
        text("select id from payments where reference = any(:names) and amount_minor = :amount"),
        {"names": names, "amount": -entry.amount_minor},
    )
    if payment_id is None:
        return ""
    at = datetime.combine(entry.booked_on, time(), UTC)
    reverse_payment(
        session,
        payment_id,
        reference=f"bank:{entry.bank_reference}",
        reversed_at=at,
        posted_on=entry.booked_on,
    )
    return "reversed"
