"""`billing run`, `billing monitors`, and what the gate holds."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from sqlalchemy import select

from billing.actions.holds import keep_held, release_held
from billing.commands.app import app
from billing.commands.options import filled, parse_month
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.queries.held import HeldRow, held_accounts
from billing.queries.monitors import Uncharged, monitors
from billing.runs import BillRun, issue_bills
from utility_crm.auth.tables import User
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import NotFound
from utility_crm.kit.runtime import database
from utility_crm.kit.today import utility_today

holds = typer.Typer(name="holds", help="Accounts that wait before they are billed.", no_args_is_help=True)
app.add_typer(holds)

Account = Annotated[str, typer.Argument(help="The account's number.", metavar="ACCOUNT", callback=filled)]
By = Annotated[str, typer.Option("--by", help="Who decides: a sign-in name.", metavar="LOGIN")]
Reason = Annotated[str, typer.Option("--reason", help="Why.")]


@app.command()
def run(
    period: Annotated[str, typer.Option(help="The month in which the cycles end.", metavar="YYYY-MM")],
    draft: Annotated[
        bool, typer.Option("--draft", help="Say what would be issued and held; issue nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bill every account whose cycle ends in a month, but for what the gate holds. Safe to repeat, to run
    twice at once, and to kill."""
    month = parse_month(period, "--period")
    with speaking(as_json), database() as engine:
        done = issue_bills(engine, str(month), today=utility_today(), now=utc_now(), draft=draft)
        document = run_document(done)
        emit(document, as_json, lambda: run_text(done))
    if done.held:
        raise typer.Exit(1)


@app.command("monitors")
def monitors_(as_json: AsJson = False) -> None:
    """List accounts with supply that was never billed, and cycles that are missing between two bills."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        found = monitors(session, utility_today())
        document = {
            "unbilled": [_uncharged(one) for one in found.unbilled],
            "missing_cycles": [_uncharged(one) for one in found.missing_cycles],
        }
        emit(document, as_json, lambda: monitors_text(document))


@holds.command("list")
def list_(as_json: AsJson = False) -> None:
    """List what waits, the oldest days first."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        found = held_accounts(session)
        document = {"held": [_held(one) for one in found]}
        emit(document, as_json, lambda: "\n".join(_held_text(one) for one in found) or "Nothing waits.")


@holds.command()
def release(account: Account, by: By, reason: Reason, as_json: AsJson = False) -> None:
    """Let the oldest draft of an account through as it stands; the next run bills it."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        held = _oldest(held_accounts(session, account=account), account)
        release_held(session, held.id, _user(session, by), utc_now(), reason)
        document = {"account": account, "starts_on": held.starts_on.isoformat(), "outcome": "released"}
        emit(document, as_json, lambda: f"{account}: released; the next run bills it")


@holds.command()
def keep(account: Account, by: By, reason: Reason, as_json: AsJson = False) -> None:
    """Say why the oldest draft of an account goes on waiting; a release not yet used is taken back."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        held = _oldest(held_accounts(session, account=account), account)
        keep_held(session, held.id, _user(session, by), utc_now(), reason)
        document = {"account": account, "starts_on": held.starts_on.isoformat(), "outcome": "kept"}
        emit(document, as_json, lambda: f"{account}: goes on waiting")


def _oldest(found: tuple[HeldRow, ...], account: str) -> HeldRow:
    if not found:
        raise NotFound("held", f"Nothing of account {account} waits.", account)
    return found[0]


def _user(session: Any, login: str) -> int:
    found = session.scalar(select(User.id).where(User.login == login))
    if found is None:
        raise NotFound("user", f"Nobody signs in as '{login}'. --by takes a sign-in name.", login)
    return int(found)


def run_document(done: BillRun) -> dict[str, Any]:
    """A run as JSON says it; a draft has the same shape. codes: all that the gate found, by name."""
    return {
        "period": str(done.month),
        "draft": done.draft,
        "issued": done.issued,
        "unchanged": done.unchanged,
        "held": [
            {"account": hold.account, "reason": hold.reason, "codes": list(hold.codes or (hold.code,))}
            for hold in done.held
        ],
        "totals": totals_document(done),
    }


def totals_document(done: BillRun) -> dict[str, str]:
    """In whole units of each currency."""
    return {code: amount_text(minor, default_decimals(code)) for code, minor in sorted(done.totals.items())}


def run_text(done: BillRun) -> str:
    """A run for a person at a terminal."""
    verb = "would be issued" if done.draft else "issued"
    totals = ", ".join(f"{code} {total}" for code, total in totals_document(done).items())
    head = f"{done.month}: {done.issued} {verb}, {done.unchanged} unchanged, {len(done.held)} held"
    lines = [f"{head}; {totals}" if totals else head]
    return "\n".join(lines + [f"  {hold.account}: {hold.reason}" for hold in done.held])


def monitors_text(document: dict[str, list[dict[str, Any]]]) -> str:
    """Monitors for a person at a terminal."""
    heads = {"unbilled": "never billed", "missing_cycles": "missing between two bills"}
    return "\n".join(
        line
        for name, words in heads.items()
        for line in (
            f"{len(document[name])} {words}",
            *(f"  {one['account']}: {one['starts_on']} to {one['ends_before']}" for one in document[name]),
        )
    )


def _uncharged(one: Uncharged) -> dict[str, Any]:
    days = {"starts_on": one.starts_on.isoformat(), "ends_before": one.ends_before.isoformat()}
    return {"account": one.account, **days, "days": one.days}


def _held(one: HeldRow) -> dict[str, Any]:
    total = None if one.total_minor is None else amount_text(one.total_minor, default_decimals(one.currency))
    return {
        "account": one.account,
        "starts_on": one.starts_on.isoformat(),
        "ends_before": one.ends_before.isoformat(),
        "codes": list(one.codes),
        "reason": one.reason,
        "total": total,
        "currency": one.currency,
        "releasable": one.releasable,
        "released_by": one.released_by,
    }


def _held_text(one: HeldRow) -> str:
    return f"{one.account}  {one.starts_on} to {one.ends_before}  {', '.join(one.codes)}: {one.reason}"
