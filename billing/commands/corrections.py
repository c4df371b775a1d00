"""`billing corrections`: issued bills that would be others today, and putting them right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from billing.commands.app import app
from billing.corrections.approving import Corrected, approve_corrections
from billing.corrections.finding import find_corrections
from billing.corrections.queries import CorrectionRow, corrections_named, effects_of, open_corrections
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.queries.bills import bill_named
from billing.runs import present_instant
from utility_crm.kit.clock import today_in, utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import NotFound
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings

_MOST = 1_000_000


@app.command()
def corrections(
    bill: Annotated[list[str] | None, typer.Option(help="Only these bills.", metavar="NUMBER")] = None,
    approve: Annotated[
        str | None,
        typer.Option(help="Put them right, for this reason: credit notes and new bills.", metavar="REASON"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say which issued bills would differ today, before and after; with --approve, put them right.

    Exit 1 where a bill that was to be put right waits, or cannot be made again.
    """
    if approve is not None and not approve.strip():
        raise typer.BadParameter("say why the bills are put right", param_hint="--approve")
    if any(not number.strip() for number in bill or ()):
        raise typer.BadParameter("nothing is given", param_hint="--bill")
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        for number in bill or ():
            bill_named(session, number)
        known, now = settings(), utc_now()
        today = known.as_of or today_in(known.timezone)
        known_at = present_instant(session, today)
        law = {"country": known.country, "subdivision": known.subdivision}
        find_corrections(session, known_at=known_at, today=today, now=now, **law)
        rows = _chosen(open_corrections(session, _MOST), bill)
        done, made = None, list[CorrectionRow]()
        if approve is not None:
            ids = [row.id for row in rows if row.state == "proposed"]
            done = approve_corrections(
                session, ids, user_id=None, decision=approve, today=today, now=now, **law
            )
            made += corrections_named(session, ids)
        document = corrections_document(rows, done, made)
        emit(document, as_json, lambda: corrections_text(document))
    if any(row.state == "held" for row in rows) or (done is not None and done.waiting):
        raise typer.Exit(1)


def _chosen(rows: Sequence[CorrectionRow], bills: Sequence[str] | None) -> list[CorrectionRow]:
    """Those asked for. Raises NotFound for a bill that would not differ."""
    if not bills:
        return list(rows)
    found = {row.bill: row for row in rows}
    for number in bills:
        if number not in found:
            raise NotFound("correction", f"Bill {number} would be the same today.", number)
    return [found[number] for number in dict.fromkeys(bills)]


def corrections_document(
    rows: Sequence[CorrectionRow], done: Corrected | None, made: Sequence[CorrectionRow] = ()
) -> dict[str, Any]:
    """Amounts are signed decimal strings. `sums` are of the bills that follow, but for those held; `done` is
    there after --approve, with the documents made. made: the same rows as they stand then."""
    document: dict[str, Any] = {
        "sums": [
            {
                "currency": one.currency,
                "bills": one.bills,
                "accounts": one.accounts,
                "before": _amount(one.before_minor, one.currency),
                "after": _amount(one.after_minor, one.currency),
                "difference": _amount(one.difference_minor, one.currency),
                "not_charged": _amount(one.not_charged_minor, one.currency),
                "pay_more": one.more,
                "pay_less": one.less,
            }
            for one in effects_of(rows)
        ],
        "bills": [_row(row) for row in rows],
    }
    if done is not None:
        approved = [row for row in made if row.state == "approved"]
        document["done"] = {
            "credit_notes": list(done.credit_notes),
            "new_bills": [row.new_bill for row in approved if row.new_bill],
            "waiting": done.waiting,
            "documents": [
                {
                    "bill": row.bill,
                    "credit_note": row.credit_note,
                    "new_bill": row.new_bill,
                    "difference": _amount(row.difference_minor, row.currency),
                    "currency": row.currency,
                }
                for row in approved
            ],
        }
    return document


def _row(row: CorrectionRow) -> dict[str, Any]:
    return {
        "bill": row.bill,
        "account": row.account,
        "starts_on": row.starts_on.isoformat(),
        "ends_before": row.ends_before.isoformat(),
        "cause": row.cause,
        "state": row.state,
        "before": _amount(row.before_minor, row.currency),
        "after": _amount(row.after_minor, row.currency) if row.state == "proposed" else None,
        "difference": _amount(row.difference_minor, row.currency) if row.state == "proposed" else None,
        "not_charged": _amount(row.not_charged_minor, row.currency),
        "credited_already": _amount(row.credited_minor, row.currency),
        "protected_before": row.protected_before.isoformat() if row.protected_before else None,
        "reason": row.reason,
    }


def _amount(minor: int, currency: str) -> str:
    return amount_text(minor, default_decimals(currency))


def corrections_text(document: dict[str, Any]) -> str:
    """For a person at a terminal."""
    lines = [
        f"{row['bill']}  {row['account']}  {row['cause']}: {row['before']} -> {row['after'] or row['reason']}"
        + (f" ({row['credited_already']} credited already)" if row["credited_already"].strip("0.") else "")
        for row in document["bills"]
    ]
    lines += [
        f"{one['currency']}: {one['bills']} bills of {one['accounts']} accounts, {one['before']} -> "
        f"{one['after']}, {one['difference']} in all; {one['pay_more']} pay more, {one['pay_less']} pay less"
        for one in document["sums"]
    ]
    if not lines:
        lines.append("No issued bill would differ.")
    if "done" in document:
        lines += _done_lines(document["done"])
    return "\n".join(lines)


def _done_lines(done: dict[str, Any]) -> list[str]:
    made = [
        f"{one['bill']}: credit note {one['credit_note']}, "
        + (f"new bill {one['new_bill']}" if one["new_bill"] else "no new bill")
        for one in done["documents"]
    ]
    if not made:
        return ["Nothing was put right."]
    lines = [*made, f"{len(done['credit_notes'])} credit notes, {len(done['new_bills'])} new bills"]
    if done["waiting"]:
        lines.append(f"{done['waiting']} wait for what these leave to the next bill; look again")
    return lines
