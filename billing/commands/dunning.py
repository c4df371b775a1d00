"""`billing dunning`: the strategies, and what a late account hears next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from billing.commands.app import app
from billing.commands.options import filled
from billing.domain.dunning.deciding import decide
from billing.domain.errors import TariffRefused
from billing.domain.tariffs.json_place import loads
from billing.dunning.importing import import_strategy, refused_file
from billing.dunning.loading import LateAccount, late_accounts, strategies
from billing.dunning.words import REASON_WORDS
from billing.queries.accounts import account_named
from billing.queries.late_fees import Jurisdiction
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings
from utility_crm.kit.today import utility_today

dunning = typer.Typer(name="dunning", help="What late accounts hear next.", no_args_is_help=True)
app.add_typer(dunning)


@dunning.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A strategy (docs/dunning.md).")], as_json: AsJson = False
) -> None:
    """Keep a strategy in place of the one of its code."""
    check_paths([file], as_json)
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        code, outcome = import_strategy(session, _document(file), utc_now(), str(file))
        emit({"strategy": code, "outcome": outcome}, as_json, lambda: f"{code}: {outcome}")


@dunning.command()
def show(as_json: AsJson = False) -> None:
    """Show the strategies that hold today, with their steps and days."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        today = utility_today()
        found = [
            {
                "strategy": one.code,
                "country": one.country,
                "subdivision": one.subdivision,
                "segments": list(one.segments),
                "steps": [
                    {"step": step.step, "after_days": step.after_days, "counts_from": step.counts_from,
                     "source": step.source}
                    for step in version.steps
                ],
                "orders": [order.order for order in version.orders],
            }
            for one in strategies(session)
            if (version := one.on(today)) is not None
        ]  # fmt: skip
        emit({"strategies": found}, as_json, lambda: "\n".join(map(_shown, found)))


@dunning.command()
def preview(
    account: Annotated[
        str | None, typer.Option(help="Only this account's, by its number.", callback=filled)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show of each late account what is next, or why nothing. Posts nothing."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        accounts = [account_named(session, account)] if account else None
        found = late_accounts(session, utility_today(), Jurisdiction.of(settings()), accounts)
        document = [_decided(one) for one in found]
        emit({"accounts": document}, as_json, lambda: "\n".join(map(_line, document)) or "nothing is late")


def _decided(one: LateAccount) -> dict[str, Any]:
    base: dict[str, Any] = {"account": one.number, "debt_minor": one.standing.debt_minor,
                            "currency": one.currency}  # fmt: skip
    if one.version is None or one.strategy is None:
        return base | {"strategy": "", "step": "", "reason": "no_strategy", "due_on": None, "source": ""}
    found = decide(one.version, one.standing, utility_today())
    due_on = found.due_on.isoformat() if found.due_on else None
    return base | {
        "strategy": one.strategy.code, "step": found.coming, "reason": found.reason, "due_on": due_on,
        "source": found.source,
    }  # fmt: skip


def _line(one: dict[str, Any]) -> str:
    reason = one["reason"]
    words = {"due": "due", "no_strategy": "no strategy is for them"}.get(reason) or REASON_WORDS[reason]
    on = f"{' since' if reason == 'due' else ', next on'} {one['due_on']}" if one["due_on"] else ""
    return f"{one['account']:<14} {one['strategy']:<14} {one['step'] or '-':<18} {words}{on}"


def _shown(one: dict[str, Any]) -> str:
    steps = ", ".join(f"{step['step']} {step['after_days']}" for step in one["steps"])
    return f"{one['strategy']:<14} {', '.join(one['segments'])}: {steps}"


def _document(file: Path) -> Any:
    try:
        return loads(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as fault:
        raise Invalid("dunning", f"The dunning file {file} is not UTF-8 text.", str(file)) from fault
    except TariffRefused as fault:
        raise refused_file(fault, str(file)) from fault
