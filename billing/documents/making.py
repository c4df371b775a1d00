"""The documents of a run into a folder: repeatable, and killed anywhere it goes on where it stopped.

A file that is there is whole: it was written beside and renamed. Bills never change, so it is not made again.
Two threads set pages while a third reads the next bills: the typesetter does not hold Python's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from billing.cycles import Month
from billing.documents.credited import credit_facts, credit_paper
from billing.documents.gathered import gathered_facts, gathered_paper
from billing.documents.reading import BillFacts, bill_facts
from billing.documents.saying import paper_of
from billing.documents.typesetting import pdf_of
from billing.queries.bills import bill_named
from billing.tables import Bill, Invoice
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Refused

CHUNK = 100
"""Bills read at a time: a month of their half-hours, twice, is 2.5 MB."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a run's documents. unchanged: they were there."""

    made: int
    unchanged: int
    folder: Path


def document_of(session: Session, number: str, language: str = "") -> bytes:
    """A bill, a credit note or a consolidated invoice as PDF/A-2b, in the customer's language or in another
    that we speak. Raises NotFound."""
    series = session.scalar(select(Invoice.series).where(Invoice.number == number))
    if series == "credit_note":
        return pdf_of(credit_paper(credit_facts(session, number), language))
    if series == "invoice":
        return pdf_of(gathered_paper(gathered_facts(session, number), language))
    (facts,) = bill_facts(session, [bill_named(session, number).id])
    return pdf_of(paper_of(facts, language))


def file_name(number: str) -> str:
    """Of a bill's document."""
    return f"{number}.pdf"


def bills_of_period(session: Session, period: str) -> list[tuple[int, str]]:
    """(id, number) of the bills numbered for a month (YYYY-MM), those of the same days together. Raises
    Invalid for a period that is no month."""
    month = Month.read(period)
    rows = session.execute(
        select(Bill.id, Bill.number)
        .join(Invoice, Invoice.bill_id == Bill.id)
        .where(Invoice.series == "bill", Invoice.period == str(month))
        .order_by(Bill.starts_on, Bill.ends_before, Bill.id)
    )
    return [(row[0], row[1]) for row in rows]


def make_documents(
    engine: Engine,
    bills: Sequence[tuple[int, str]],
    folder: Path,
    *,
    language: str = "",
    threads: int | None = None,
    progress: Progress | None = None,
) -> Made:
    """Write a document for each bill (id, number) into `folder`, made where it is not there.

    progress is told (done, of how many) now and then. Raises Refused where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = {entry.name for entry in os.scandir(folder)}
    except OSError as fault:
        raise Refused("folder", f"The folder cannot be written: {fault.strerror}.", str(folder)) from fault
    wanted = [(bill_id, number) for bill_id, number in bills if file_name(number) not in there]
    done = unchanged = len(bills) - len(wanted)
    chunks = [wanted[first : first + CHUNK] for first in range(0, len(wanted), CHUNK)]
    with (
        ThreadPoolExecutor(1, "read") as reader,
        ThreadPoolExecutor(threads or os.cpu_count() or 1, "set") as setters,
    ):
        reading = [reader.submit(_read, engine, chunks[0])] if chunks else []
        for place in range(len(chunks)):
            facts = reading.pop().result()
            if place + 1 < len(chunks):
                reading.append(reader.submit(_read, engine, chunks[place + 1]))
            for _ in setters.map(lambda one: _write(one, folder, language), facts):
                done += 1
                if progress is not None:
                    progress(done, len(bills))
    return Made(len(wanted), unchanged, folder)


def _read(engine: Engine, chunk: Sequence[tuple[int, str]]) -> list[BillFacts]:
    with unit_of_work(engine) as session:
        return bill_facts(session, [bill_id for bill_id, _ in chunk])


def _write(facts: BillFacts, folder: Path, language: str) -> None:
    made = pdf_of(paper_of(facts, language))
    path = folder / file_name(facts.bill.number)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(made)
        draft.replace(path)
    except OSError as fault:
        draft.unlink(missing_ok=True)
        raise Refused("folder", f"A document cannot be written: {fault.strerror}.", str(path)) from fault
