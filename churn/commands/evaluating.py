"""`utility-crm churn evaluate`"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from churn.commands.app import app
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking

WORKERS = 2
"""Processes of an evaluation, each on one core."""


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
