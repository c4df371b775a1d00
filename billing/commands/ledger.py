"""`billing check-ledger`."""

from __future__ import annotations

import typer

from billing.commands.app import app
from billing.queries.ledger import LedgerCheck, check_ledger
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database


@app.command("check-ledger")
def check(as_json: AsJson = False) -> None:
    """Hold every kept balance and open amount against the ledger; exit 1 where something differs."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        done = check_ledger(session)
        document = {
            "accounts": done.accounts,
            "entries": done.entries,
            "allocations": done.allocations,
            "differences": [
                {"kind": one.kind, "what": one.what, "kept": one.kept_minor, "found": one.found_minor}
                for one in done.differences
            ],
        }
        emit(document, as_json, lambda: check_text(done))
    if done.differences:
        raise typer.Exit(1)


def check_text(done: LedgerCheck) -> str:
    """A check for a person at a terminal; amounts in minor units."""
    counted = f"{done.accounts:,} balances, {done.entries:,} entries, {done.allocations:,} allocations"
    if not done.differences:
        return f"{counted}: all agree"
    rows = [f"  {d.kind} {d.what}: kept {d.kept_minor:,}, found {d.found_minor:,}" for d in done.differences]
    return "\n".join([f"{counted}: {len(done.differences)} differ", *rows])
