"""`utility-crm quality ...`: customers kept twice, found, made one, and that taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from utility_crm.auth.audit import Acting, acts
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database
from utility_crm.quality.actions import say_different
from utility_crm.quality.finding import find_duplicates
from utility_crm.quality.merging import merge_customers, undo_merge
from utility_crm.quality.queries import customer_of_number, open_pairs
from utility_crm.web.visit import present

app = typer.Typer(help="Customers kept twice: find, merge, undo.", no_args_is_help=True)
Kept = Annotated[str, typer.Argument(help="the number of the customer that is kept")]
Gone = Annotated[str, typer.Argument(help="the number of the customer that becomes a stub")]


@app.callback()
def quality() -> None:
    """Customers kept twice: find, merge, undo."""


@app.command("duplicates")
def duplicates(
    most: Annotated[int, typer.Option(min=1, help="so many pairs, likeliest first")] = 50,
    as_json: AsJson = False,
) -> None:
    """Look for customers who may be one, and list the open pairs."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        sought = find_duplicates(session, present())
        pairs = open_pairs(session, most)
    document = {
        "looked_at": sought.looked_at,
        "likely": sought.likely,
        "new": sought.new,
        "gone": sought.gone,
        "pairs": [pair.document() for pair in pairs],
    }
    lines = [f"{pair.score:.2f}  {pair.one.number} {pair.one.name} / {pair.other.number} {pair.other.name}"
             for pair in pairs]  # fmt: skip
    emit(document, as_json, lambda: "\n".join([*lines, f"{sought.likely} pairs may be one customer each"]))


@app.command("merge")
def merge(keep: Kept, gone: Gone, as_json: AsJson = False) -> None:
    """Make two customers one: what names the second names the first."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            now = _acting(session, "quality merge")
            kept, other = customer_of_number(session, keep), customer_of_number(session, gone)
            done = merge_customers(session, kept, other, None, now)
        document = {
            "merge": done.id,
            "moved": dict(done.moved),
            "stayed": [{"table": table, "reason": reason} for table, reason in done.stayed],
        }
        rows = sum(done.moved.values())
        emit(document, as_json, lambda: f"merge {done.id}: {rows} rows moved, {len(done.stayed)} stayed")


@app.command("undo")
def undo(
    merge: Annotated[int, typer.Argument(help="the merge, as `merge` numbered it")], as_json: AsJson = False
) -> None:
    """Take a merge back: every row it moved is where it was."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            done = undo_merge(session, merge, None, _acting(session, "quality undo"))
        document = {"merge": done.id, "back": dict(done.back), "vanished": dict(done.vanished)}
        emit(document, as_json, lambda: f"merge {done.id} undone: {sum(done.back.values())} rows put back")


@app.command("different")
def different(keep: Kept, gone: Gone, as_json: AsJson = False) -> None:
    """Say that two customers are two: they are not listed again."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            now = _acting(session, "quality different")
            one, other = customer_of_number(session, keep), customer_of_number(session, gone)
            say_different(session, one, other, None, now)
        emit({"different": [keep, gone]}, as_json, lambda: f"{keep} and {gone} are two customers")


def _acting(session: Session, what: str) -> datetime:
    now = present()
    acts(session, Acting(now, what))
    return now
