"""Taking a tariff file in. What has been billed stays priced as it was: a change may only reach days to
come."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from sqlalchemy import Text, cast, func, select, text
from sqlalchemy.orm import Session

from billing.domain.errors import TariffRefused, as_sentence
from billing.domain.tariffs.eligibility import ANYBODY
from billing.domain.tariffs.file import default_decimals
from billing.domain.tariffs.interchange import own_form
from billing.domain.tariffs.tariff import Tariff as RatedTariff
from billing.queries.tariffs import parsed
from billing.tables import Agreement, Bill, BillLine, Tariff, TariffHistory
from utility_crm.kit.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True)
class TariffImport:
    """What became of a tariff file."""

    id: int
    code: str
    outcome: Literal["added", "changed", "unchanged"]
    notes: tuple[str, ...] = ()


def import_tariff(
    session: Session, document: Any, *, correct: bool = False, file_name: str = ""
) -> TariffImport:
    """Store a tariff from its parsed JSON (docs/tariffs.md), or replace the one of the same code. Another
    format's is stored as a tariff file of ours; `notes` say how it was understood.

    correct: it may change what issued bills were priced by. They stay as they are, made again from what it
    said before, and show up as bills that would differ (`billing.corrections`).
    Raises Invalid, with the place in the file, for a document that cannot be taken, or has other decimals
    than its currency's accounts; Conflict where it would change what an issued bill was priced by. The same
    content again changes nothing.
    """
    try:
        found = own_form(document)
        document, tariff = found.document, found.tariff
    except TariffRefused as fault:
        raise refused_file(fault, file_name) from fault
    kept = default_decimals(tariff.currency)
    if tariff.decimals != kept:
        words = (
            f"accounts in {tariff.currency} are kept with {kept} decimals; a tariff with {tariff.decimals} "
            "can be quoted, not billed"
        )
        raise refused_file(TariffRefused("decimals", words), file_name)
    statement = (
        select(Tariff.id, cast(Tariff.document, Text)).where(Tariff.code == tariff.code).with_for_update()
    )
    known = session.execute(statement).one_or_none()
    if known is None:
        made = Tariff(code=tariff.code, name=tariff.name, currency=tariff.currency, document=document)
        session.add(made)
        session.flush()
        return TariffImport(made.id, tariff.code, "added", found.notes)
    if json.loads(known[1]) == document:
        return TariffImport(known[0], tariff.code, "unchanged", found.notes)
    _keep_the_past(session, known[0], known[1], tariff, correct=correct)
    row = session.get_one(Tariff, known[0], populate_existing=True)
    row.name, row.currency, row.document, row.updated_at = tariff.name, tariff.currency, document, func.now()
    session.flush()
    return TariffImport(row.id, tariff.code, "changed", found.notes)


def refused_file(fault: TariffRefused, file_name: str = "") -> Invalid:
    """The refusal with the file's name and the place in it."""
    named = f"The tariff file {file_name}" if file_name else "The tariff file"
    words = f"{named} cannot be taken: {as_sentence(str(fault), False)}"
    return Invalid("tariff", words, fault.place or file_name or None)


def first_difference(before: RatedTariff, after: RatedTariff) -> date | None:
    """The first day that the two price differently; None where they never do. A name is not a price, nor is
    whom a tariff is for."""
    one, other = (replace(each, name="", versions=(), eligibility=ANYBODY) for each in (before, after))
    if one != other:
        return min(before.versions[0].starts_on, after.versions[0].starts_on)
    for was, now in zip(before.versions, after.versions, strict=False):
        if was != now:
            return min(was.starts_on, now.starts_on)
    longer = max(before.versions, after.versions, key=len)
    same = min(len(before.versions), len(after.versions))
    return longer[same].starts_on if len(longer) > same else None


def _keep_the_past(
    session: Session, tariff_id: int, stored: str, after: RatedTariff, *, correct: bool
) -> None:
    """What issued bills were priced by: refused, or kept beside the tariff.

    The tariff is locked here for change, and by whoever issues bills against it: all bills made from what it
    said have numbers of the sequence that were given out by now.
    """
    before = parsed(stored)
    changes_on = first_difference(before, after)
    if changes_on is None:
        return
    billed_before = session.scalar(
        select(func.max(BillLine.ends_before))
        .join(Agreement, Agreement.id == BillLine.agreement_id)
        .join(Bill, Bill.id == BillLine.bill_id)
        .where(Agreement.tariff_id == tariff_id, Bill.status == "issued")
    )
    if billed_before is None or billed_before <= changes_on:
        return
    if not correct:
        raise Conflict(
            "tariff_billed",
            f"Tariff {before.code} has been billed for days before {billed_before}; this file changes it "
            f"from {changes_on}. Give the new prices a version that starts on {billed_before} or later.",
            before.code,
        )
    last = text("select coalesce(pg_sequence_last_value(pg_get_serial_sequence('bills', 'id')), 0)")
    session.add(
        TariffHistory(
            tariff_id=tariff_id,
            document=json.loads(stored),
            changes_on=changes_on,
            last_bill_id=session.scalar(last),
        )
    )
