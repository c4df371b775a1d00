"""`utility-crm churn ...`"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from churn.queries import PAGE_ROWS, Leaver, ModelCard, Narrowed, leavers, model_card
from churn.words import Words
from utility_crm.kit.clock import today_in, utc_now
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Refused
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings

app = typer.Typer(name="churn", help="Who may leave, and why.", no_args_is_help=True)

WORKERS = 2
"""Processes of an evaluation, each on one core."""


@app.callback()
def churn() -> None:
    """Who may leave, and why."""


@app.command()
def fit(
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="the date; today by default")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fit the model on what is known on a date, test it on a later time, and score everybody."""
    from churn.actions import fit_and_score  # frames and models, for this command alone

    knobs = settings()
    now = utc_now()
    day = as_of.date() if as_of else knobs.as_of or today_in(knobs.timezone, now)
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            done = fit_and_score(session, day, now, again=True)
        document = {
            "status": done.status,
            "as_of": done.as_of.isoformat(),
            "customers": done.customers,
            "figures": dict(done.figures),
        }
        emit(document, as_json, lambda: _fit_words(document))
        if done.status != "scored":
            raise typer.Exit(1)


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option("--data", help="the table: CSV, or a workbook", metavar="FILE")],
    target: Annotated[str, typer.Option("--target", help="its column that says who left", metavar="COLUMN")],
    positive: Annotated[
        str | None, typer.Option("--positive", help="the target's value that means leaving", metavar="VALUE")
    ] = None,
    id: Annotated[
        str | None, typer.Option("--id", help="the column that names customers", metavar="COLUMN")
    ] = None,
    time: Annotated[
        str | None,
        typer.Option("--time", help="the rows' time: learn earlier, test later", metavar="COLUMN"),
    ] = None,
    gap_days: Annotated[
        float, typer.Option("--gap-days", min=0, help="with --time: left free before what is tested")
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """How well leaving can be told on a table of your own: figures of rows that no model had seen."""
    if gap_days and time is None:
        raise typer.BadParameter("it goes with --time", param_hint="--gap-days")
    check_paths([data], as_json)
    from churn.learning.evaluation import evaluate_file  # frames and models, for this command alone
    from churn.learning.labelled import Asked
    from churn.learning.words import evaluation_text

    with speaking(as_json), bars() as bar:
        document = evaluate_file(
            data, Asked(target, positive, id, time), gap=gap_days, workers=WORKERS, progress=bar
        )
    emit(document, as_json, lambda: evaluation_text(document))


@contextmanager
def bars() -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """Makes bars on standard error while the block lasts; on what is no terminal, nothing."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as shown:

        def bar(words: str) -> Callable[[int, int], None]:
            task = shown.add_task(words, total=None)
            return lambda done, due: shown.update(task, completed=done, total=due)

        yield bar


@app.command("list")
def list_(
    rows: Annotated[
        int, typer.Option("--rows", min=1, help="how many, the highest chance first")
    ] = PAGE_ROWS,
    segment: Annotated[str, typer.Option("--segment", help="household, small_business or industry")] = "",
    area: Annotated[str, typer.Option("--area", help="code of a network area")] = "",
    as_json: AsJson = False,
) -> None:
    """Who may leave, the highest chance first, with their reasons."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        card = model_card(session)
        if card is None or card.status != "scored":
            raise Refused("not_scored", "Nobody has been scored yet: run `utility-crm churn fit`.")
        found = leavers(session, Narrowed(segment, area), rows=rows)
        document = {
            "as_of": card.as_of.isoformat(),
            "usual": card.usual,
            "customers": [_customer_document(one) for one in found],
        }
        emit(document, as_json, lambda: _list_words(found, card))


def _customer_document(one: Leaver) -> dict[str, Any]:
    return {
        "rank": one.rank,
        "customer": one.number,
        "name": one.name,
        "segment": one.segment,
        "area": one.area,
        "tariff": one.tariff,
        "score": one.score,
        "reasons": [
            {"reason": reason.group, "points": reason.points, "figures": dict(reason.figures)}
            for reason in one.reasons
        ],
    }


def _fit_words(document: dict[str, Any]) -> str:
    lines = [f"{document['status']}: {document['customers']} customers as of {document['as_of']}"]
    test = document["figures"].get("test")
    if test and test["figures"]:
        found = test["figures"]
        lines.append(
            f"tested on {test['date']}: {test['leavers']} of {test['customers']} left; "
            f"AUC {found['auc']:.3f} ({found['auc_low']:.3f} to {found['auc_high']:.3f}), "
            f"lift {found['lift']:.2f}, Brier {found['brier']:.4f} (usual {found['brier_usual']:.4f}), "
            f"said {found['predicted']:.1%}, happened {found['observed']:.1%}"
        )
    elif test:
        lines.append(f"tested on {test['date']}: {test['leavers']} left, too few to say")
    return "\n".join(lines)


def _list_words(found: list[Leaver], card: ModelCard) -> str:
    words = Words("en")
    lines = [f"as of {card.as_of}, usual {card.usual:.1%}"]
    for one in found:
        why = "; ".join(f"{said.text} {said.points}" for said in words.reasons(one.reasons, card.as_of))
        lines.append(f"{one.rank:>5}  {one.score:>6.1%}  {one.number}  {one.name}  {why}")
    return "\n".join(lines)
